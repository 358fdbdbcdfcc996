import { beforeEach, describe, expect, test } from "@jest/globals";
import { date, definePipeline, ip, masked, text } from "../../lambda/pipelines/pipeline.ts";
import type { Container } from "../support/container.ts";
import { idOf, useFixture } from "../support/fixture.ts";
import { login, record } from "../support/records.ts";

const byEvent = definePipeline({
  name: "logins-by-event",
  table: "user_logins",
  once: "event-id",
  columns: {
    user_id: text({ max: 128, required: true }),
    masked_ip: masked({ from: "ip", as: ip }),
    create_date: date({ otherwise: "sent" }),
  },
});

const fixture = useFixture();
let lambda: Container;

beforeEach(() => {
  lambda = fixture.container(fixture.database.config, { pipeline: byEvent });
});

const DATED = { create_date: "2026-03-05" };
const event = (id: string, body = DATED, more: Record<string, string> = {}) =>
  record(login(body), { attributes: { "event-id": id, ...more } });
const undated = (more: Record<string, string>) => record(login(), { messageId: idOf(1), attributes: { "event-id": "e-1", ...more } });
const keys = () => fixture.database.rows("SELECT create_date::text AS date, message_id AS id FROM user_logins ORDER BY 1, 2");

describe("a pipeline that stores each event-id once", () => {
  test("stores two messages of one event as one row, in one batch and in two", async () => {
    expect(await lambda.failures([event("order:1.a_B-9"), event("order:1.a_B-9")])).toEqual([]);
    expect(await lambda.failures([event("order:1.a_B-9"), event("other")])).toEqual([]);
    expect(await keys()).toEqual(["order:1.a_B-9", "other"].map((id) => ({ date: "2026-03-05", id })));
  });

  test.each(["", "a b", "ä", "x".repeat(129), "line\nbreak", "a/b"])("rejects %j as bad_event_id", async (id) => {
    const bad = event(id);
    expect(await lambda.failures([bad, event("good")])).toEqual([bad.messageId]);
    expect(await fixture.rejected()).toMatchObject([{ code: "bad_event_id", field: "event-id" }]);
    expect(await keys()).toEqual([{ date: "2026-03-05", id: "good" }]);
  });

  test("accepts an event-id of 128 characters", async () => {
    expect(await lambda.failures([event("x".repeat(128))])).toEqual([]);
  });

  test("uses the date of the event-time attribute if the body has none", async () => {
    expect(await lambda.failures([undated({ "event-time": "2026-02-28T23:30:00-02:00" })])).toEqual([]);
    expect(await keys()).toEqual([{ date: "2026-03-01", id: "e-1" }]);
  });

  test("prefers the body's date to the event-time", async () => {
    await lambda.invoke([event("e-1", DATED, { "event-time": "2020-01-01" })]);
    expect(await keys()).toEqual([{ date: "2026-03-05", id: "e-1" }]);
  });

  test.each([
    ["no date at all", {}, "missing_field", "create_date"],
    ["a sent time alone", { "masqueue-sent": "1767225600000" }, "missing_field", "create_date"],
    ["an impossible event-time", { "event-time": "2026-02-30" }, "bad_date", "event-time"],
  ])("rejects an event with %s, because a delivery's date would make a retry a second row", async (_what, attributes, code, field) => {
    expect(await lambda.failures([undated(attributes)])).toEqual([idOf(1)]);
    expect(await fixture.rejected()).toEqual([{ message_id: idOf(1), code, field, sqlstate: null }]);
    expect(await keys()).toEqual([]);
  });

  test("uses the message id if there is no event-id", async () => {
    expect(await lambda.failures([record(login(), { messageId: idOf(3) })])).toEqual([]);
    expect(await keys()).toEqual([{ date: "2026-03-01", id: idOf(3) }]);
  });

  test("prefers an event-id to the id that a redrive attaches", async () => {
    await lambda.invoke([event("e-1", DATED, { "masqueue-id": "0f8fad5b-d9cb-469f-a165-70867728950e" })]);
    expect(await keys()).toEqual([{ date: "2026-03-05", id: "e-1" }]);
  });
});
