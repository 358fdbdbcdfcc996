import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ClientConfig } from "pg";
import { importMasterKey } from "../../lambda/masking/keys.ts";
import { date, definePipeline, meta, numeric, text } from "../../lambda/pipelines/pipeline.ts";
import { type Queue, shareQueue, skip, toQueue } from "../../lambda/pipelines/queue.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { FileProgress } from "../../local/load/file-progress.ts";
import { createLineContainer } from "../../local/load/line-container.ts";
import { toLineId, toValueId } from "../../local/load/line-ids.ts";
import { loadFile } from "../../local/load/load-file.ts";
import { toLoadQueue } from "../../local/load/load-queue.ts";
import { LoadTotals } from "../../local/load/load-totals.ts";
import { TEST_SECRET } from "../support/container.ts";
import { useFixture } from "../support/fixture.ts";
import { login } from "../support/records.ts";

const fixture = useFixture();
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "masqueue-load-"));
  await fixture.sql(
    'CREATE TABLE orders (order_id text, total numeric, sent_at timestamptz, ordered_on date, message_id text COLLATE "C", UNIQUE (ordered_on, message_id))',
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

const columns = {
  order_id: text({ max: 64 }),
  total: numeric({ precision: 30, scale: 2 }),
  sent_at: meta("sent"),
  ordered_on: date({ from: "at", notAfter: "+1 day", otherwise: "sent" }),
};
const orders = definePipeline({ name: "orders", table: "orders", when: { type: "order" }, once: "event-id", columns });
const logins = { ...userLogins, when: [{ path: ["type"], values: ["login"] }] };
const events = shareQueue("events", [orders, logins, skip({ type: "ping" })]);

/** Today, or some days later. */
const day = (later: number) => new Date(Date.now() + later * 86_400_000).toISOString().slice(0, 10);
const DATED = { type: "order", at: "2024-03-01" };

interface Options {
  readonly queue?: Queue;
  readonly id?: string[];
  readonly sent?: number;
  readonly config?: ClientConfig;
  /** Whether what an earlier load has noted is forgotten. */
  readonly anew?: true;
}

/** Loads these lines as the command does, as file `a.jsonl`. */
async function load(lines: readonly unknown[], options: Options = {}) {
  const { queue = events, id, sent, config = fixture.database.config, anew } = options;
  const path = join(folder, "a.jsonl");
  writeFileSync(path, lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join(""));
  if (anew) for (const file of readdirSync(folder)) if (file !== "a.jsonl") rmSync(join(folder, file));
  const progress = new FileProgress(folder, [], `${path}.rejected.jsonl`);
  const totals = new LoadTotals();
  const loadQueue = toLoadQueue(queue);
  const masking = { mode: "hmac", masterKey: importMasterKey(TEST_SECRET) } as const;
  const containers = [0, 1].map(() => createLineContainer(loadQueue, { config }, masking, totals));
  try {
    for (const container of containers) await container.check();
    const how = { containers, progress, signal: new AbortController().signal };
    await loadFile(path, { name: "a.jsonl", queue: loadQueue, id, sent }, how);
    return { isDone: progress.isDone, counts: totals.counts, rejections: totals.rejections, line: progress.line };
  } finally {
    for (const container of containers) await container[Symbol.asyncDispose]();
  }
}

const rows = () => fixture.database.rows("SELECT order_id, ordered_on::text AS day, message_id AS id FROM orders ORDER BY order_id");
const rejectedLines = () =>
  readFileSync(join(folder, "a.jsonl.rejected.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("lines of several types", () => {
  test("go to the tables of their pipelines, and those of no pipeline are rejected or skipped", async () => {
    const lines = [
      { ...DATED, order_id: "o" },
      { ...login({ create_date: "2024-03-01" }), type: "login" },
      { type: "ping" },
      { type: "x" },
      DATED,
    ];
    const { counts } = await load(lines);
    expect(counts).toMatchObject({ stored: 3, skipped: 1, rejected: 1 });
    expect(rejectedLines()).toEqual([{ line: 4, code: "no_pipeline", body: '{"type":"x"}' }]);
    expect(await rows()).toHaveLength(2);
    expect(await fixture.stored()).toEqual([toLineId("a.jsonl", 2)]);
  });

  test("of which a table refuses all end the load, and the next load stores only the missing ones", async () => {
    const lines = [
      { ...DATED, order_id: "o" },
      { ...login({ create_date: "2024-03-01" }), type: "login" },
    ];
    await fixture.sql("CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'x' USING ERRCODE = '42501'; END $$");
    await fixture.sql("CREATE TRIGGER fail BEFORE INSERT ON user_logins FOR EACH ROW EXECUTE FUNCTION fail()");
    await expect(load(lines)).rejects.toMatchObject({ code: "database_refused", sqlstate: "42501" });
    expect(await rows()).toHaveLength(1);
    await fixture.sql("DROP TRIGGER fail ON user_logins");
    expect((await load(lines)).counts).toMatchObject({ stored: 1, duplicate: 1, rejected: 0 });
  });
});

describe("the id of a row", () => {
  const one = toQueue(definePipeline({ name: "orders", table: "orders", columns }));

  test("is made from the value of the named field, with all its digits, as text or number", async () => {
    const bodies = [
      '{"order_id":"a","at":"2024-03-01","n":{"id":12345678901234567890}}',
      '{"order_id":"b","at":"2024-03-01","n":{"id":"12345678901234567891"}}',
    ];
    await load(bodies, { queue: one, id: ["n", "id"] });
    const id = (value: string) => toValueId("orders", value);
    expect(await rows()).toEqual([
      { order_id: "a", day: "2024-03-01", id: id("12345678901234567890") },
      { order_id: "b", day: "2024-03-01", id: id("12345678901234567891") },
    ]);
  });

  test("is the same whether the line is loaded under its pipeline or the queue that it shares", async () => {
    const line = { ...DATED, order_id: "o", n: 1 };
    expect((await load([line], { id: ["n"] })).counts).toMatchObject({ stored: 1 });
    expect((await load([line], { id: ["n"], queue: toQueue(orders), anew: true })).counts).toMatchObject({ stored: 0, duplicate: 1 });
  });

  test.each([
    [{ at: "2024-03-01" }, "missing_field"],
    [{ at: "2024-03-01", n: null }, "missing_field"],
    [{ at: "2024-03-01", n: "" }, "missing_field"],
    [{ at: "2024-03-01", n: { id: 1 } }, "wrong_type"],
    [{ at: "2024-03-01", n: true }, "wrong_type"],
  ])("cannot be made of %j", async (body, code) => {
    expect(await load([body], { queue: one, id: ["n"] })).toMatchObject({ rejections: [{ code, field: "n", lines: 1 }], isDone: true });
  });

  test("may stand in several lines of a batch: the first is stored, and a rejected one is that which is bad", async () => {
    const lines = [
      { n: 1, at: "never" },
      { n: 1, at: "2024-03-01", order_id: "x" },
      { n: 1, at: "2024-03-01", order_id: "y" },
    ];
    expect((await load(lines, { queue: one, id: ["n"] })).counts).toMatchObject({ stored: 1, duplicate: 1, rejected: 1 });
    expect(rejectedLines()).toMatchObject([{ line: 1, code: "bad_date", field: "at" }]);
    expect(await rows()).toMatchObject([{ order_id: "x" }]);
  });
});

describe("the date of a row", () => {
  const bridged = toQueue(definePipeline({ name: "orders", table: "orders", unwrap: "eventbridge", columns }));
  const envelope = { "detail-type": "order", source: "shop", time: "2023-05-01T10:00:00Z", detail: { order_id: "e" } };

  test("may be that of the envelope, in which archives keep events", async () => {
    await load([envelope], { queue: bridged });
    expect(await rows()).toMatchObject([{ order_id: "e", day: "2023-05-01" }]);
    expect(await fixture.database.rows("SELECT sent_at FROM orders")).toEqual([{ sent_at: new Date("2023-05-01T10:00:00Z") }]);
  });

  test("is limited from --sent, else from today", async () => {
    const lines = [day(1), day(3), "2020-01-02", "2020-01-03"].map((at) => ({ type: "order", at, order_id: at }));
    await load(lines);
    expect((await rows()).map(({ day }) => day)).toEqual(["2020-01-02", "2020-01-03", lines[0]?.at]);
    await fixture.sql("DELETE FROM orders");
    await load(lines, { anew: true, sent: Date.UTC(2020, 0, 1) });
    expect((await rows()).map(({ day }) => day)).toEqual(["2020-01-02"]);
  });

  test("is limited from the envelope's time, and from today for a line without an envelope", async () => {
    const late = { ...envelope, detail: { order_id: "late", at: day(0) } };
    await load([envelope, late, { order_id: "f", at: day(0) }, { order_id: "g", at: day(3) }], { queue: bridged });
    expect((await rows()).map((row) => row.order_id)).toEqual(["e", "f"]);
    expect(rejectedLines()).toMatchObject([2, 4].map((line) => ({ line, code: "bad_date", field: "at" })));
  });

  test("is missing if neither the body nor --sent states it", async () => {
    expect(await load([{ type: "order" }])).toMatchObject({ rejections: [{ code: "missing_field", field: "at", lines: 1 }] });
    expect(await fixture.rejected()).toEqual([{ message_id: toLineId("a.jsonl", 1), code: "missing_field", field: "at", sqlstate: null }]);
  });
});

describe("a large file", () => {
  const lines = Array.from({ length: 5_500 }, (_, i) => ({ ...DATED, order_id: String(i).padStart(4, "0") }));

  test("is copied, although its messages could be retries", async () => {
    await load(lines, { config: fixture.proxy.config });
    const words = fixture.proxy.takeStatements();
    expect(words.slice(words.indexOf("COPY"))).toEqual(Array.from({ length: 6 }, () => "COPY"));
  });

  test("is inserted after a batch whose lines were stored already", async () => {
    await load(lines, { config: fixture.proxy.config, anew: true });
    fixture.proxy.takeStatements();
    const { counts } = await load(lines, { config: fixture.proxy.config, anew: true });
    expect(counts).toMatchObject({ stored: 0, duplicate: 5_500 });
    // Each of the two containers tries COPY with its first batch, and again without the row that the error names.
    expect(fixture.proxy.takeStatements().filter((word) => word === "COPY").length).toBeLessThanOrEqual(4);
  });

  test("whose load lost the database goes on after the lines that it had noted", async () => {
    const config = fixture.proxy.config;
    fixture.proxy.cutAt("client", "4321", { thenRefuse: true });
    await expect(load(lines, { config })).rejects.toMatchObject({ code: "database_unavailable" });
    const seen = (await rows()).length;
    expect(seen).toBeGreaterThanOrEqual(3_000);
    fixture.proxy.accept();
    const { counts, isDone } = await load(lines, { config });
    expect(isDone).toBe(true);
    expect(counts.stored).toBe(5_500 - seen);
    expect(await rows()).toHaveLength(5_500);
  });
});
