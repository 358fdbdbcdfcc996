import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { ROLES } from "../../lambda/names.ts";
import { defineColumn } from "../../local/tables/ddl.ts";
import { type Answer, refusal } from "../support/aws-json.ts";
import { connected } from "../support/roles.ts";
import type { EventSource } from "./event-source.ts";
import { addedColumn } from "./pipelines.ts";
import type { Postgres } from "./postgres.ts";
import type { ChaosQueue } from "./queue.ts";
import type { Random } from "./random.ts";

/** What faults are injected into. */
export interface World {
  readonly postgres: Postgres;
  readonly queue: ChaosQueue;
  readonly source: EventSource;
  /** Replaces the answers of KMS; undefined restores them. */
  readonly kms: { answer: Answer | undefined };
  /** The keys of logins that are sent next. */
  readonly upcoming: () => { date: string; id: string }[];
}

export interface Fault {
  readonly name: string;
  /** How often it stands in the bag that faults are drawn from. */
  readonly weight: number;
  /** How long it lasts: at least and at most. */
  readonly seconds: readonly [number, number];
  /** @returns what heals it */
  readonly inject: (world: World, random: Random) => Promise<Heal> | Heal;
}

type Heal = undefined | (() => Promise<unknown> | unknown);

const SESSIONS = `FROM pg_stat_activity WHERE usename = '${ROLES.ingest}'`;
const TERMINATE = `SELECT pg_terminate_backend(pid) ${SESSIONS}`;

/** Opens a superuser's session that a fault keeps. Postgres may end it meanwhile. */
async function openSession(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** Locks that fill Postgres's table of locks, which all sessions share. */
const ALL_LOCKS = "SELECT pg_advisory_lock(i) FROM generate_series(1, 1000000) AS i";

/** Stands in for a full disk: the SQLSTATE is real, the disk is not. */
const FULL_DISK = `
  CREATE FUNCTION fill_disk() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF random() < 0.2 THEN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER fill_disk BEFORE INSERT ON user_logins FOR EACH ROW EXECUTE FUNCTION fill_disk();
  CREATE TRIGGER fill_disk BEFORE INSERT ON payments FOR EACH ROW EXECUTE FUNCTION fill_disk();`;

/** Faults of the server: one at a time, since each needs the server that the one before left. */
export const SERVER_FAULTS: readonly Fault[] = [
  {
    name: "Postgres killed and started again",
    ...{ weight: 1, seconds: [0, 1] },
    async inject({ postgres }) {
      await postgres.stop("SIGKILL");
      return () => postgres.restart();
    },
  },
  {
    name: "Postgres stopped for longer than the function's time",
    ...{ weight: 1, seconds: [5, 6] },
    async inject({ postgres }) {
      await postgres.stop("SIGINT");
      return () => postgres.restart();
    },
  },
  {
    name: "failover to the standby",
    ...{ weight: 1, seconds: [0, 0] },
    async inject({ postgres }) {
      await postgres.failOver();
      return undefined;
    },
  },
  {
    name: "sessions terminated",
    ...{ weight: 2, seconds: [0, 0] },
    async inject({ postgres }) {
      await postgres.sql(TERMINATE);
      return undefined;
    },
  },
  {
    name: "connections used up",
    ...{ weight: 1, seconds: [1, 4] },
    async inject({ postgres }) {
      const config = { ...postgres.config, user: ROLES.ingest, password: "" };
      const sessions: pg.Client[] = [];
      await postgres.sql(TERMINATE);
      for (let isFull = false; !isFull; ) {
        const session = await openSession(config).catch(() => undefined);
        if (session) sessions.push(session);
        isFull = !session;
      }
      return () => Promise.all(sessions.map((session) => session.end()));
    },
  },
  {
    name: "table locked",
    ...{ weight: 1, seconds: [1, 6] },
    async inject({ postgres }, random) {
      const session = await openSession(postgres.config);
      await session.query(`BEGIN; LOCK TABLE ${random.pick(["user_logins", "payments", "rejections"])}`);
      return () => session.end();
    },
  },
  {
    name: "read-only",
    ...{ weight: 1, seconds: [1, 4] },
    async inject({ postgres }) {
      await postgres.set("default_transaction_read_only", "on");
      return () => postgres.set("default_transaction_read_only", null);
    },
  },
  {
    name: "out of disk (raised by a trigger)",
    ...{ weight: 1, seconds: [1, 4] },
    async inject({ postgres }) {
      await postgres.sql(FULL_DISK);
      return () => postgres.sql("DROP FUNCTION fill_disk CASCADE");
    },
  },
  {
    name: "out of shared memory",
    ...{ weight: 1, seconds: [1, 4] },
    async inject({ postgres }) {
      const session = await openSession(postgres.config);
      await session.query(ALL_LOCKS).catch(() => {});
      return () => session.end();
    },
  },
  {
    name: "deadlock bait",
    ...{ weight: 2, seconds: [0, 0] },
    async inject({ postgres, upcoming }) {
      const keys = upcoming().sort((a, b) => (a.id < b.id ? 1 : -1));
      const middle = keys.length >> 1;
      const insert = (part: typeof keys) => `INSERT INTO user_logins (create_date, message_id) VALUES
        ${part.map(({ date, id }) => `('${date}', '${id}')`).join(", ")} ON CONFLICT DO NOTHING`;
      await connected(postgres.config, async (session) => {
        // The function's sessions find the deadlock first.
        await session.query("SET deadlock_timeout = '10s'");
        await session.query(`BEGIN; ${insert(keys.slice(0, middle))}`);
        await wait(700);
        await session.query(insert(keys.slice(middle)));
        await session.query("ROLLBACK");
      });
      return undefined;
    },
  },
];

/** What a deployment does: columns that old code does not know, then new containers, one after the other. */
export const DEPLOYMENT: Fault = {
  name: "deployment: migration, then new containers",
  ...{ weight: 0, seconds: [0, 0] },
  async inject({ postgres, source }) {
    await postgres.sql(`ALTER TABLE payments ADD COLUMN ${defineColumn(addedColumn)}`);
    await postgres.sql("ALTER TABLE user_logins ALTER COLUMN locale TYPE varchar(64), ADD COLUMN later text");
    for (const container of source.containers) {
      await wait(500);
      container.version = "2";
      await container.kill();
    }
    return undefined;
  },
};

/** Faults around one container or the queue: they go on beside those of the server. */
export const EDGE_FAULTS: readonly Fault[] = [
  {
    name: "connection cut at a random byte from the function",
    ...{ weight: 2, seconds: [0.5, 1] },
    inject({ source }, random) {
      random.pick(source.containers).proxy.cut = { from: "client", bytes: random.below(3_000) };
      return undefined;
    },
  },
  {
    name: "connection cut at a random byte from Postgres",
    ...{ weight: 2, seconds: [0.5, 1] },
    inject({ source }, random) {
      random.pick(source.containers).proxy.cut = { from: "server", bytes: random.below(300) };
      return undefined;
    },
  },
  {
    name: "connection cut between commit and answer",
    ...{ weight: 2, seconds: [0.5, 1] },
    inject: ({ source }, random) => source.onCommit(random.pick(source.containers), () => {}),
  },
  {
    name: "function killed between commit and answer",
    ...{ weight: 2, seconds: [0.5, 1] },
    inject({ source }, random) {
      const container = random.pick(source.containers);
      return source.onCommit(container, () => void container.kill());
    },
  },
  {
    name: "connection delayed",
    ...{ weight: 1, seconds: [1, 4] },
    inject({ source }, random) {
      const { proxy } = random.pick(source.containers);
      proxy.delay = random.between(50, 500);
      return () => {
        proxy.delay = 0;
      };
    },
  },
  {
    name: "connection half-open",
    ...{ weight: 1, seconds: [3, 8] },
    inject: ({ source }, random) => random.pick(source.containers).proxy.hold(),
  },
  {
    name: "function run into its time limit",
    ...{ weight: 1, seconds: [0, 1] },
    async inject({ source }, random) {
      await random.pick(source.containers).freeze();
      return undefined;
    },
  },
  { name: "batch run twice at once", ...{ weight: 2, seconds: [0.5, 2] }, inject: ({ source }) => source.set("runsTwice") },
  { name: "batch out of order", ...{ weight: 1, seconds: [0.5, 2] }, inject: ({ source }) => source.set("reverses") },
  {
    name: "messages delivered again much later",
    ...{ weight: 2, seconds: [0, 1] },
    async inject({ source }, random) {
      await source.deliverAgain(random);
      return undefined;
    },
  },
  { name: "receive without a response", ...{ weight: 1, seconds: [0.3, 1] }, inject: ({ queue }) => queue.set("losesReceives") },
  { name: "delete that fails", ...{ weight: 2, seconds: [0.3, 1] }, inject: ({ queue }) => queue.set("failsDeletes") },
  {
    name: "KMS throttled at a cold start",
    ...{ weight: 1, seconds: [1, 3] },
    inject: coldStart(() => refusal("ThrottlingException")),
  },
  {
    name: "KMS denied at a cold start",
    ...{ weight: 1, seconds: [0.5, 2] },
    inject: coldStart(() => refusal("AccessDeniedException")),
  },
  { name: "KMS silent at a cold start", ...{ weight: 1, seconds: [1, 3] }, inject: coldStart(() => "hang") },
];

function coldStart(answer: Answer): Fault["inject"] {
  return async ({ kms, source }, random) => {
    kms.answer = answer;
    await random.pick(source.containers).kill();
    return () => {
      kms.answer = undefined;
    };
  };
}
