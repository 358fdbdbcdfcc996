import { expect, test } from "@jest/globals";
import { date, definePipeline, text } from "../../lambda/pipelines/pipeline.ts";
import { shareQueue } from "../../lambda/pipelines/queue.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { readPostgres } from "../../local/status/services.ts";
import { createTable } from "../../local/tables/ddl.ts";
import { logins, useFixture } from "../support/fixture.ts";
import { record } from "../support/records.ts";

const fixture = useFixture();

const notes = definePipeline({
  name: "notes",
  table: "notes",
  when: { type: "note" },
  columns: { note: text({ max: 5 }), day: date({ otherwise: "sent" }) },
});
const queue = shareQueue("events", [notes, { ...userLogins, when: [{ path: ["user_id"], values: ["u"] }] }]);

test("the state of a shared queue has the rows, rejections and unknown fields of each of its pipelines, and its own rejections", async () => {
  await fixture.sql(createTable(notes));
  const lambda = fixture.container(fixture.database.config, { queue });
  const bodies = [
    ...["a", "b", "c"].map((note) => ({ type: "note", note, phone: "canary" })),
    { type: "note", note: "too long" },
    { type: "other" },
    { type: "another" },
  ];
  await lambda.invoke([...logins(2, () => ({ user_id: "u" })), ...bodies.map((body) => record(body))]);
  const { config } = fixture.database;
  const target = { config, label: "", place: "", isEmbedded: false, isLoopback: true, lost: new AbortController().signal };
  const report = await readPostgres({ ...target, [Symbol.asyncDispose]: async () => {} }, queue);
  expect(report).toEqual({
    rows: [{ value: { table: "notes", count: 3, isMore: false } }, { value: { table: "user_logins", count: 2, isMore: false } }],
    rejected: { value: { "notes too_long": 1, "events no_pipeline": 2 } },
    unknownFields: { value: expect.objectContaining({ isShared: true, lookBack: 14 * 86_400_000 }) },
  });
  expect(report.unknownFields).toMatchObject({ value: { fields: [{ pipeline: "notes", field: "phone", messages: 3 }] } });
});
