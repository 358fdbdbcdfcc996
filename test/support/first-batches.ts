import { expect } from "@jest/globals";
import type { Container } from "./container.ts";
import type { TestDatabase } from "./database.ts";
import { idOf, idsBut, logins } from "./fixture.ts";

/** Takes each path of a batch into an empty table: rows are copied, bad ones are rejected, duplicates are found, with and without COPY. */
export async function expectFirstBatches(lambda: Container, database: TestDatabase): Promise<void> {
  const batch = logins(100, (i) => (i === 7 ? { user_id: null } : {}));
  for (const _delivery of [1, 2]) expect(await lambda.failures(batch)).toEqual([idOf(7)]);
  expect(await lambda.failures(logins(2, () => ({}), { receiveCount: 2 }))).toEqual([]);
  expect(lambda.reports.last.outcomes.map(({ outcome }) => outcome)).toEqual(["duplicate", "duplicate"]);
  const rows = await database.rows("SELECT message_id AS id FROM user_logins ORDER BY 1");
  expect(rows.map(({ id }) => id)).toEqual(idsBut(100, 7));
  expect(await database.rows("SELECT code, field, deliveries::int FROM rejected_messages")).toEqual([
    { code: "missing_field", field: "user_id", deliveries: 2 },
  ]);
  await database.client.query("ALTER TABLE user_logins ADD CONSTRAINT good CHECK (locale <> 'bad')");
  expect(await lambda.failures(logins(110, (i) => (i > 107 ? { locale: "bad" } : {})).slice(100))).toEqual([108, 109].map(idOf));
  expect(await database.rows("SELECT count(*)::int FROM user_logins")).toEqual([{ count: 107 }]);
  await database.client.query("ALTER TABLE user_logins DROP CONSTRAINT good");
}
