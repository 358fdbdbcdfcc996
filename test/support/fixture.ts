import { afterEach, beforeEach } from "@jest/globals";
import type { SQSRecord } from "aws-lambda";
import { type Container, container } from "./container.ts";
import { createDatabase, type TestDatabase } from "./database.ts";
import { PostgresProxy } from "./postgres-proxy.ts";
import { login, type RecordOptions, record } from "./records.ts";

interface Rejected {
  message_id: string;
  code: string;
  field: string | null;
  sqlstate: string | null;
}

/** The environment of a handler's test, created before each test and removed after it. */
export interface Fixture {
  readonly database: TestDatabase;
  /** Between `lambda` and the server. */
  readonly proxy: PostgresProxy;
  /** A container with the deployed pipeline, started at its first invocation. */
  readonly lambda: Container;
  /** Another container on the same database. */
  container(...args: Partial<Parameters<typeof container>>): Container;
  sql(statement: string): Promise<void>;
  /** The message ids in `user_logins`, in order. */
  stored(): Promise<string[]>;
  /** The rows of `rejections`, in order. */
  rejected(): Promise<Rejected[]>;
}

/** Registers the hooks that set a {@link Fixture} up for each test of a file. */
export function useFixture(options: { migrated?: boolean } = {}): Fixture {
  const fixture = {} as { -readonly [Name in keyof Fixture]: Fixture[Name] };
  let containers: Container[];
  beforeEach(async () => {
    const database = await createDatabase(options);
    fixture.database = database;
    fixture.proxy = await PostgresProxy.to(database.config);
    containers = [];
    fixture.container = (config = database.config, options) => {
      const made = container({ ...config, application_name: "lambda" }, options);
      containers.push(made);
      return made;
    };
    fixture.lambda = fixture.container(fixture.proxy.config);
    fixture.sql = async (statement) => void (await database.client.query(statement));
    fixture.stored = async () => (await database.rows<{ message_id: string }>(STORED)).map(({ message_id }) => message_id);
    fixture.rejected = () => database.rows<Rejected & Record<string, unknown>>(REJECTED);
  });
  afterEach(async () => {
    for (const { close } of containers) await close();
    await fixture.proxy.close();
    await fixture.database.drop();
  });
  return fixture;
}

const STORED = "SELECT message_id FROM user_logins ORDER BY message_id";
const REJECTED = "SELECT message_id, code, field, sqlstate FROM rejections ORDER BY id";

/** The i-th message id; they sort as their numbers do. */
export function idOf(i: number): string {
  return `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`;
}

/** Logins with the ids 0 to n-1, so in key order. @param fields the special fields of the i-th */
export function logins(
  count: number,
  fields: (i: number) => Record<string, unknown> = () => ({}),
  options: RecordOptions = {},
): SQSRecord[] {
  return Array.from({ length: count }, (_, i) => record(login(fields(i)), { messageId: idOf(i), ...options }));
}

/** The ids 0 to n-1 except those named. */
export function idsBut(count: number, ...without: number[]): string[] {
  return Array.from({ length: count }, (_, i) => i)
    .filter((i) => !without.includes(i))
    .map(idOf);
}
