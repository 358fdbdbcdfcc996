import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { ROLES } from "../../lambda/names.ts";
import { defineColumn } from "../../local/tables/ddl.ts";
import { type Answer, refusal } from "../support/aws-json.ts";
import { connected } from "../support/roles.ts";
import type { EventSource } from "./event-source.ts";
import { addedColumn } from "./pipelines.ts";
import type { Postgres } from "./postgres.ts";
import type { FaultyProxy } from "./proxy.ts";
import type { ChaosQueue } from "./queue.ts";
import type { Random } from "./random.ts";

/** What faults are injected into. */
export interface World {
  readonly postgres: Postgres;
  readonly queue: ChaosQueue;
  readonly source: EventSource;
  /** Answers the function's calls of KMS. */
  readonly kms: { answer: Answer };
  /** The keys of logins that are sent next. */
  readonly listUpcoming: () => { date: string; id: string }[];
}

/** Injects a fault. @returns a function that heals it, if it lasts; that returns false if the fault met nothing */
type Inject = (world: World, random: Random) => unknown;

export interface Fault {
  readonly name: string;
  /** How often it stands in the bag that faults are drawn from. */
  readonly weight: number;
  /** How long it lasts, at least and at most. */
  readonly seconds: readonly [number, number];
  readonly inject: Inject;
}

const fault = (name: string, weight: number, seconds: readonly [number, number], inject: Inject): Fault => ({
  ...{ name, weight, seconds, inject },
});

/** Sets a member of an object. @returns a function that sets it back */
function change<T, K extends keyof T>(target: T, key: K, value: T[K]) {
  const before = target[key];
  target[key] = value;
  return () => {
    target[key] = before;
  };
}

/** Arms a proxy, which disarms itself when the fault happens. @returns a function that heals it, and returns whether it happened */
function arm<K extends "cut" | "onCommit">(proxy: FaultyProxy, key: K, value: FaultyProxy[K]) {
  const disarm = change(proxy, key, value);
  return () => {
    const happened = proxy[key] === undefined;
    disarm();
    return happened;
  };
}

/** Opens a session that a fault keeps. Postgres may end it meanwhile. @returns a function that ends it */
async function keepSession(config: pg.ClientConfig, statement = ""): Promise<() => Promise<void>> {
  const client = new pg.Client(config);
  client.on("error", () => {});
  await client.connect();
  await client.query(statement).catch(() => {});
  return () => client.end();
}

const TERMINATE = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${ROLES.ingest}'`;
/** Advisory locks stand in the same table of shared memory as all others, until it is full. */
const ALL_LOCKS = "SELECT pg_advisory_lock(i) FROM generate_series(1, 1000000) AS i";
/** Stands in for a full disk: the SQLSTATE is real, the disk has room. */
const FULL_DISK = `
  CREATE FUNCTION fill_disk() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF random() < 0.2 THEN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER fill_disk BEFORE INSERT ON user_logins FOR EACH ROW EXECUTE FUNCTION fill_disk();
  CREATE TRIGGER fill_disk BEFORE INSERT ON payments FOR EACH ROW EXECUTE FUNCTION fill_disk();`;

/** Faults of the server, one at a time. */
export const SERVER_FAULTS: readonly Fault[] = [
  fault("Postgres killed and started again", 1, [0, 1], async ({ postgres }) => {
    await postgres.stop("SIGKILL");
    return () => postgres.restart();
  }),
  fault("Postgres stopped for longer than the function's time", 1, [5, 6], async ({ postgres }) => {
    await postgres.stop("SIGINT");
    return () => postgres.restart();
  }),
  fault("failover to the synchronous standby", 1, [0, 0], ({ postgres }) => postgres.failOver()),
  fault("sessions terminated", 2, [0, 0], ({ postgres }) => postgres.sql(TERMINATE)),
  fault("connections used up", 1, [1, 4], async ({ postgres }) => {
    const config = { ...postgres.config, user: ROLES.ingest, password: "" };
    const ends: (() => Promise<void>)[] = [];
    await postgres.sql(TERMINATE);
    for (let isFull = false; !isFull; ) {
      const end = await keepSession(config).catch(() => undefined);
      if (end) ends.push(end);
      else isFull = true;
    }
    return () => Promise.all(ends.map((end) => end()));
  }),
  fault("table locked", 1, [1, 6], ({ postgres }, random) =>
    keepSession(postgres.config, `BEGIN; LOCK TABLE ${random.pick(["user_logins", "payments", "rejections"])}`),
  ),
  fault("read-only", 1, [1, 4], async ({ postgres }) => {
    await postgres.set("default_transaction_read_only", "on");
    return () => postgres.set("default_transaction_read_only", null);
  }),
  fault("out of disk (raised by a trigger)", 1, [1, 4], async ({ postgres }) => {
    await postgres.sql(FULL_DISK);
    return () => postgres.sql("DROP FUNCTION fill_disk CASCADE");
  }),
  fault("out of shared memory", 1, [1, 4], ({ postgres }) => keepSession(postgres.config, ALL_LOCKS)),
  fault("deadlock bait", 2, [0, 0], async ({ postgres, listUpcoming }) => {
    const keys = listUpcoming().sort((a, b) => (a.id < b.id ? 1 : -1));
    const middle = keys.length >> 1;
    const insert = (part: typeof keys) =>
      `INSERT INTO user_logins (create_date, message_id) VALUES ${part.map(({ date, id }) => `('${date}', '${id}')`)} ON CONFLICT DO NOTHING`;
    await connected(postgres.config, async (session) => {
      // The function's sessions look for a deadlock first, and the bait gives up soon.
      await session.query("SET deadlock_timeout = '10s'; SET lock_timeout = '2s'");
      await session.query(`BEGIN; ${insert(keys.slice(0, middle))}`);
      await wait(700);
      await session.query(insert(keys.slice(middle))).catch(() => {});
    });
  }),
];

/** What a deployment does: columns that old code does not know, then new containers, one after the other. */
export const DEPLOYMENT = fault("deployment: migration, then new containers", 1, [0, 0], async ({ postgres, source }) => {
  await postgres.sql(`ALTER TABLE payments ADD COLUMN ${defineColumn(addedColumn)}`);
  await postgres.sql("ALTER TABLE user_logins ALTER COLUMN locale TYPE varchar(64), ADD COLUMN later text");
  for (const container of source.containers) {
    await wait(500);
    container.version = "2";
    await container.kill();
  }
});

/** Faults around one container or the queue. They go on beside those of the server. */
export const EDGE_FAULTS: readonly Fault[] = [
  fault("connection cut at a random byte from the function", 2, [1, 2], ({ source }, random) =>
    arm(random.pick(source.containers).proxy, "cut", { from: "client", bytes: random.below(3000) }),
  ),
  fault("connection cut at a random byte from Postgres", 2, [1, 2], ({ source }, random) =>
    arm(random.pick(source.containers).proxy, "cut", { from: "server", bytes: random.below(300) }),
  ),
  fault("connection cut between commit and answer", 2, [0.5, 1], ({ source }, random) =>
    arm(random.pick(source.containers).proxy, "onCommit", () => {}),
  ),
  fault("function killed between commit and answer", 2, [0.5, 1], ({ source }, random) => {
    const container = random.pick(source.containers);
    return arm(container.proxy, "onCommit", () => void container.kill());
  }),
  fault("connection delayed", 1, [1, 4], ({ source }, random) =>
    change(random.pick(source.containers).proxy, "delay", random.between(50, 500)),
  ),
  fault("connection half-open", 1, [3, 8], ({ source }, random) => random.pick(source.containers).proxy.hold()),
  fault("function run into its time limit", 1, [0, 1], ({ source }, random) => random.pick(source.containers).freeze()),
  fault("batch run twice at once", 2, [0.5, 2], ({ source }) => change(source.modes, "runsTwice", true)),
  fault("batch out of order", 1, [0.5, 2], ({ source }) => change(source.modes, "reverses", true)),
  fault("messages delivered again much later", 2, [0, 1], ({ source }, random) => source.deliverAgain(random)),
  fault("receive without a response", 1, [0.3, 1], ({ queue }) => change(queue.faults, "losesReceives", true)),
  fault("delete that fails", 2, [0.3, 1], ({ queue }) => change(queue.faults, "failsDeletes", true)),
  fault(
    "KMS throttled at a cold start",
    1,
    [1, 3],
    startCold(() => refusal("ThrottlingException")),
  ),
  fault(
    "KMS denied at a cold start",
    1,
    [0.5, 2],
    startCold(() => refusal("AccessDeniedException")),
  ),
  fault(
    "KMS slow at a cold start",
    1,
    [1, 3],
    startCold(() => "hang"),
  ),
];

function startCold(answer: Answer): Inject {
  return async ({ kms, source }, random) => {
    await random.pick(source.containers).kill();
    return change(kms, "answer", answer);
  };
}
