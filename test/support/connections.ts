import { afterAll, beforeAll, beforeEach, expect } from "@jest/globals";
import pg from "pg";
import { IngestError } from "../../lambda/errors.ts";
import { type Container, container } from "./container.ts";
import { createDatabase } from "./database.ts";
import { type Batch, type Body, createBatch, REFUSE, REFUSED } from "./deliveries.ts";
import { type Side, Wire } from "./wire.ts";

/** A connected container with its own wire. */
export interface Connection {
  readonly wire: Wire;
  readonly lambda: Container;
  /** Whether it can connect again: without a password it gives up at once, but a refused connection is retried for seconds. */
  hasPassword: boolean;
}

/** Connections to one table, which is empty before each test. They work in parallel, because a cut is mostly waiting. */
export interface Connections {
  /** One of them. */
  readonly one: Connection;
  /** Runs the work for each number from 0 to `last`, one at a time on each connection. @throws the first failure, with its number */
  runUpTo(last: number, work: (connection: Connection, n: number) => Promise<void>): Promise<void>;
  /** Delivers a batch of these bodies without a cut. @returns the bytes of each side, and the rows */
  deliverUndisturbed(bodies: readonly Body[], receiveCount?: number): Promise<{ bytes: Record<Side, number>; rows: Cells[] }>;
  /** Reads the batch's rows from the table, in key order. */
  findRows(batch: Batch): Promise<Cells[]>;
  /** Reads the ids of the batch that are in the table, in key order. */
  findStored(batch: Batch): Promise<string[]>;
}

type Cells = Record<string, string | null>;

/** Registers the hooks that set {@link Connections} up for a file. */
export function useConnections(count: number): Connections {
  const made = {} as { -readonly [Name in keyof Connections]: Connections[Name] };
  const ends: (() => Promise<unknown>)[] = [];
  let pool: pg.Pool;
  beforeAll(async () => {
    const database = await createDatabase();
    pool = new pg.Pool({ ...database.config, max: count });
    // The database is dropped while the pool's connections are still closing.
    pool.on("error", () => {});
    const connections = await Promise.all(Array.from({ length: count }, async () => connect(await Wire.to(database.config))));
    ends.push(
      ...connections.flatMap(({ lambda, wire }) => [() => lambda.close(), () => wire.close()]),
      () => pool.end(),
      () => database.drop(),
    );
    await pool.query(`${REFUSE}; CREATE INDEX ON user_logins (message_id)`);
    made.one = connections[0] as Connection;
    made.runUpTo = (last, work) => shareWork(connections, last, work);
    made.findRows = async ({ ids }) => (await pool.query<Cells>(ROWS, [ids])).rows;
    made.findStored = async ({ ids }) => (await pool.query<{ id: string }>(STORED, [ids])).rows.map(({ id }) => id);
    made.deliverUndisturbed = async (bodies, receiveCount = 1) => {
      const { wire, lambda } = made.one;
      const batch = createBatch(bodies);
      wire.follow({});
      await lambda.invoke(batch.delivered(receiveCount));
      const bytes = { ...wire.passed };
      const rows = await made.findRows(batch);
      expect(rows.map(({ user_id }) => user_id)).toEqual(bodies.filter((body) => body !== REFUSED).map(({ user_id }) => user_id));
      return { bytes, rows };
    };
  });
  beforeEach(() => pool.query("TRUNCATE user_logins, rejections"));
  afterAll(async () => {
    for (const end of ends) await end();
  });
  return made;
}

const ROWS = `SELECT user_id, device_type, masked_ip, masked_device_id, locale, app_version, create_date::text
              FROM user_logins WHERE message_id = ANY ($1) ORDER BY message_id`;
const STORED = "SELECT message_id AS id FROM user_logins WHERE message_id = ANY ($1) ORDER BY message_id";

async function connect(wire: Wire): Promise<Connection> {
  const password = async () => {
    if (!connection.hasPassword) throw new IngestError("login_unavailable", "No password.");
    return String(wire.config.password);
  };
  const connection = { wire, lambda: container({ ...wire.config, password }), hasPassword: true };
  await connection.lambda.invoke([]);
  return connection;
}

async function shareWork(
  connections: readonly Connection[],
  last: number,
  work: (connection: Connection, n: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const failures: Error[] = [];
  const takeNumbers = async (connection: Connection) => {
    for (let n = next++; n <= last && failures.length === 0; n = next++) {
      await work(connection, n).catch((cause: Error) => failures.push(new Error(`number ${n} of ${last}: ${cause.message}`, { cause })));
    }
  };
  await Promise.all(connections.map(takeNumbers));
  if (failures[0]) throw failures[0];
}
