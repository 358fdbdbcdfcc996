import { expect, test } from "@jest/globals";
import { date, definePipeline, exact, masked, text } from "../../lambda/pipelines/pipeline.ts";
import { shareQueue } from "../../lambda/pipelines/queue.ts";
import { createTable } from "../../local/tables/ddl.ts";
import { useFixture } from "../support/fixture.ts";
import { record } from "../support/records.ts";

const fixture = useFixture();

const declare = (name: string) =>
  definePipeline({
    ...{ name, table: name, when: { type: name } },
    columns: { id: text({ max: 8 }), token: masked({ from: "device", as: exact("device_id") }), day: date({ otherwise: "sent" }) },
  });
const [orders, clicks] = [declare("orders"), declare("clicks")];
const queue = shareQueue("events", [orders, clicks]);

/** Messages of both types in turn; the even ones are orders. */
const messages = () =>
  Array.from({ length: 8 }, (_, i) =>
    record({ type: i % 2 === 0 ? "orders" : "clicks", id: `${i}`, device: "d" }, { messageId: `m-${i}` }),
  );
const EVEN = ["m-0", "m-2", "m-4", "m-6"];
const ODD = ["m-1", "m-3", "m-5", "m-7"];
const ids = async (table: string) =>
  (await fixture.database.rows<{ message_id: string }>(`SELECT message_id FROM ${table} ORDER BY 1`)).map(({ message_id }) => message_id);

test("a table that is locked holds up only its own messages, which are stored later", async () => {
  for (const pipeline of [orders, clicks]) await fixture.sql(createTable(pipeline));
  const lambda = fixture.container(undefined, { queue });
  await lambda.invoke([]);
  await fixture.sql("BEGIN; LOCK TABLE orders");
  const { batchItemFailures } = await lambda.invoke(messages(), 4);
  expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(EVEN);
  expect(lambda.reports.failures).toMatchObject([{ code: "out_of_time" }]);
  expect(await ids("clicks")).toEqual(ODD);
  // The session that was given up may still store its rows when it gets the lock; the redelivery then finds them.
  await fixture.sql("ROLLBACK");
  expect(await lambda.failures(messages())).toEqual([]);
  expect([await ids("orders"), await ids("clicks")]).toEqual([EVEN, ODD]);
});

test("a table that is missing at the start holds up only its own messages, until it is there", async () => {
  await fixture.sql(createTable(clicks));
  const lambda = fixture.container(undefined, { queue });
  expect(await lambda.failures(messages())).toEqual(EVEN);
  expect(lambda.reports.failures).toMatchObject([{ code: "table_mismatch", message: expect.stringContaining("Table orders") }]);
  await fixture.sql(createTable(orders));
  expect(await lambda.failures(messages())).toEqual([]);
  expect([await ids("orders"), await ids("clicks")]).toEqual([EVEN, ODD]);
});

test("a table that vanishes later holds up only its own messages", async () => {
  for (const pipeline of [orders, clicks]) await fixture.sql(createTable(pipeline));
  const lambda = fixture.container(undefined, { queue });
  await lambda.invoke([]);
  await fixture.sql("DROP TABLE clicks");
  expect(await lambda.failures(messages())).toEqual(ODD);
  expect(lambda.reports.failures).toMatchObject([{ code: "database_refused", sqlstate: "42P01" }]);
  expect(await ids("orders")).toEqual(EVEN);
});

test("two tables on one queue can be joined on the masked device", async () => {
  for (const pipeline of [orders, clicks]) await fixture.sql(createTable(pipeline));
  expect(await fixture.container(undefined, { queue }).failures(messages())).toEqual([]);
  expect(await fixture.database.rows("SELECT count(*)::int FROM orders JOIN clicks USING (token)")).toEqual([{ count: 16 }]);
});

test("rejections and unknown fields are written under their pipeline, those of no pipeline under the queue", async () => {
  for (const pipeline of [orders, clicks]) await fixture.sql(createTable(pipeline));
  const odd = [1, 2].map((i) => record({ type: "clicks", id: "1", colour: i }));
  await fixture.container(undefined, { queue }).invoke([record({ type: "orders", id: 5 }), ...odd, record({ type: "ping" })]);
  expect(await fixture.database.rows("SELECT pipeline, code, field FROM rejections ORDER BY id")).toEqual([
    { pipeline: "orders", code: "wrong_type", field: "id" },
    { pipeline: "events", code: "no_pipeline", field: null },
  ]);
  expect(await fixture.database.rows("SELECT pipeline, field, messages FROM unknown_fields")).toEqual([
    { pipeline: "clicks", field: "colour", messages: 2 },
  ]);
});
