import { afterAll, beforeAll, beforeEach, expect } from "@jest/globals";
import pg from "pg";
import { IngestError } from "../../lambda/errors.ts";
import { type Container, container } from "./container.ts";
import { createDatabase } from "./database.ts";
import { type Batch, type Body, batchOf, REFUSE, REFUSED } from "./deliveries.ts";
import { type Side, Wire } from "./wire.ts";

/** A container on a wire of its own, connected. */
export interface Connection {
  readonly wire: Wire;
  readonly lambda: Container;
  /** Whether it can connect again: without a password it gives up at once, while a refused connection is tried for seconds. */
  hasPassword: boolean;
}

/** Connections that lead into one table, empty before each test: they are busy side by side, for much of a cut is a pause. */
export interface Connections {
  /** One of them. */
  readonly one: Connection;
  /** Does the work for each number from 0 to the last, each connection one at a time. @throws the first failure, with its number */
  upTo(last: number, work: (connection: Connection, n: number) => Promise<void>): Promise<void>;
  /** What a batch of these bodies comes to where nothing disturbs it: the bytes of each side, the rows. */
  undisturbed(bodies: readonly Body[], receiveCount?: number): Promise<{ bytes: Record<Side, number>; rows: Cells[] }>;
  /** The batch's rows in the table, in key order. */
  rowsOf(batch: Batch): Promise<Cells[]>;
  /** The ids of the batch that are in the table, in key order. */
  storedOf(batch: Batch): Promise<string[]>;
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
    // The database is dropped while the pool's connections are still ending.
    pool.on("error", () => {});
    const connections = await Promise.all(Array.from({ length: count }, async () => connected(await Wire.to(database.config))));
    ends.push(
      ...connections.flatMap(({ lambda, wire }) => [() => lambda.close(), () => wire.close()]),
      () => pool.end(),
      () => database.drop(),
    );
    await pool.query(`${REFUSE}; CREATE INDEX ON user_logins (message_id)`);
    made.one = connections[0] as Connection;
    made.upTo = (last, work) => shared(connections, last, work);
    made.rowsOf = async ({ ids }) => (await pool.query<Cells>(ROWS, [ids])).rows;
    made.storedOf = async ({ ids }) => (await pool.query<{ id: string }>(STORED, [ids])).rows.map(({ id }) => id);
    made.undisturbed = async (bodies, receiveCount = 1) => {
      const { wire, lambda } = made.one;
      const batch = batchOf(bodies);
      wire.follow({});
      await lambda.invoke(batch.delivered(receiveCount));
      const bytes = { ...wire.passed };
      const rows = await made.rowsOf(batch);
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

async function connected(wire: Wire): Promise<Connection> {
  const password = async () => {
    if (!connection.hasPassword) throw new IngestError("login_unavailable", "No password.");
    return String(wire.config.password);
  };
  const connection = { wire, lambda: container({ ...wire.config, password }), hasPassword: true };
  await connection.lambda.invoke([]);
  return connection;
}

async function shared(
  connections: readonly Connection[],
  last: number,
  work: (connection: Connection, n: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const failures: Error[] = [];
  const drain = async (connection: Connection) => {
    for (let n = next++; n <= last && failures.length === 0; n = next++) {
      await work(connection, n).catch((cause: Error) => failures.push(new Error(`number ${n} of ${last}: ${cause.message}`, { cause })));
    }
  };
  await Promise.all(connections.map(drain));
  if (failures[0]) throw failures[0];
}
