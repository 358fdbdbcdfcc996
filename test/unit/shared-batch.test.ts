import { describe, expect, test } from "@jest/globals";
import type { SQSRecord } from "aws-lambda";
import fc from "fast-check";
import * as errors from "../../lambda/errors.ts";
import { createHandler } from "../../lambda/ingest/handler.ts";
import { importMasterKey } from "../../lambda/masking/keys.ts";
import { date, definePipeline, exact, masked, type Pipeline, text } from "../../lambda/pipelines/pipeline.ts";
import { shareQueue, skip } from "../../lambda/pipelines/queue.ts";
import type { RowStore } from "../../lambda/rows/row-store.ts";
import { createTelemetry } from "../../lambda/telemetry.ts";
import { createContext } from "../../local/emulators/sqs-event.ts";
import { Reports, TEST_SECRET } from "../support/container.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { record } from "../support/records.ts";
import { usePrinted } from "../support/telemetry.ts";

const declare = (name: string) =>
  definePipeline({
    ...{ name, table: name, when: { type: name } },
    columns: {
      id: text({ max: 8, required: true }),
      token: masked({ from: "device", as: exact("device_id") }),
      day: date({ otherwise: "sent" }),
    },
  });
const [orders, clicks] = [declare("orders"), declare("clicks")];
const queue = shareQueue("events", [orders, clicks, skip({ type: "ping" })]);

const message = (messageId: string, type: unknown, fields: object = { id: "1" }) => record({ type, ...fields }, { messageId });
const batch = () => [
  message("o-1", "orders"),
  message("c-1", "clicks"),
  message("o-2", "orders"),
  message("p-1", "ping"),
  message("x-1", "other"),
];

/** A container with a store for each pipeline. */
function start(stores: Partial<Record<string, RowStore>> = {}, reporter = new Reports(), now: () => number = Date.now) {
  const used: Record<string, RowStore> = { orders: new MemoryStore(), clicks: new MemoryStore(), ...stores };
  const openStore = ({ name }: Pipeline) => used[name] as RowStore;
  const masking = { mode: "hmac" as const, masterKey: importMasterKey(TEST_SECRET) };
  const handler = createHandler(() => ({ queue, masking, openStore, reporter, now }));
  const ingest = async (records: readonly SQSRecord[]) =>
    (await handler({ Records: [...records] }, createContext(20_000))).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  return { ingest, reporter, stores: used as Record<string, MemoryStore> };
}

/** A store of which one step fails while `broken` is true. */
function breakable(step: "check" | "storeRows", error = errors.databaseRefused("55P03")) {
  const state = { broken: true };
  const onStep = (name: string) => {
    if (name === step && state.broken) throw error;
  };
  return { store: new MemoryStore({ onStep }), state };
}
const mismatch = errors.tableMismatch("orders", "orders", ["it does not exist"]);

describe("a batch of a shared queue", () => {
  test("is stored by table; what belongs to none is rejected, or skipped and done", async () => {
    const { ingest, reporter, stores } = start();
    expect(await ingest(batch())).toEqual(["x-1"]);
    expect(stores.orders?.rows.map(({ key }) => key.id)).toEqual(["o-1", "o-2"]);
    expect(stores.clicks?.rows.map(({ key }) => key.id)).toEqual(["c-1"]);
    expect(reporter.batches.map(({ pipeline, outcomes }) => [pipeline, outcomes.map(({ outcome }) => outcome)])).toEqual([
      ["orders", ["stored", "stored"]],
      ["clicks", ["stored"]],
      ["events", ["skipped", "rejected"]],
    ]);
    expect(reporter.last.rejected).toMatchObject([{ messageId: "x-1", code: "no_pipeline", field: null }]);
  });

  test("has the same token for the same device in both tables", async () => {
    const { ingest, stores } = start();
    await ingest([message("o-1", "orders", { id: "1", device: "d" }), message("c-1", "clicks", { id: "1", device: "d" })]);
    const [order, click] = [stores.orders?.rows[0]?.cells()[1], stores.clicks?.rows[0]?.cells()[1]];
    expect(order).toMatch(/^v1\./);
    expect(click).toBe(order);
  });

  test("reports rejections and unknown fields under the pipeline of their messages", async () => {
    const { ingest, reporter } = start();
    const odd = [1, 2].map((i) => message(`c-${i}`, "clicks", { id: "1", colour: i }));
    expect(await ingest([message("o-1", "orders", {}), ...odd, record("{", { messageId: "b-1" })])).toEqual(["o-1", "b-1"]);
    const found = reporter.batches.map(({ pipeline, rejected, unknownFields }) => [
      pipeline,
      rejected.map(({ code }) => code),
      unknownFields.names,
    ]);
    expect(found).toEqual([
      ["orders", ["missing_field"], []],
      ["clicks", [], ["colour"]],
      ["events", ["not_json"], []],
    ]);
  });

  test("returns exactly the messages that are not done, in any mixture", async () => {
    const kinds = fc.array(fc.constantFrom("orders", "clicks", "ping", "other", "bad", "invalid"), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(kinds, fc.constantFrom(undefined, "orders", "clicks"), async (kinds, failing) => {
        const records = kinds.map((kind, i) => {
          if (kind === "bad") return record("{", { messageId: `m-${i}` });
          return kind === "invalid" ? message(`m-${i}`, "orders", {}) : message(`m-${i}`, kind);
        });
        const { ingest } = start(failing && { [failing]: breakable("storeRows").store });
        const belongsTo = (kind: string) => (kind === "invalid" ? "orders" : kind);
        const isFailed = (kind: string) => ["other", "bad", "invalid"].includes(kind) || belongsTo(kind) === failing;
        const shares = new Set(kinds.map(belongsTo).filter((kind) => kind === "orders" || kind === "clicks"));
        const failed = await ingest(records).catch(() => "all");
        const expected = kinds.flatMap((kind, i) => (isFailed(kind) ? [`m-${i}`] : []));
        if (failing && shares.size === 1 && shares.has(failing)) expect(failed).toBe("all");
        else expect([...failed].sort()).toEqual(expected.sort());
      }),
    );
  });
});

describe("a table that fails among two", () => {
  test.each(["orders", "clicks"])("has its messages delivered again, and the others are done: %s", async (name) => {
    const { store, state } = breakable("storeRows");
    const { ingest, reporter } = start({ [name]: store });
    const own = name === "orders" ? ["o-1", "o-2"] : ["c-1"];
    expect((await ingest(batch())).sort()).toEqual([...own, "x-1"].sort());
    expect(reporter.failures.map(({ code, sqlstate }) => [code, sqlstate])).toEqual([["database_refused", "55P03"]]);
    state.broken = false;
    expect(await ingest(batch())).toEqual(["x-1"]);
  });

  test("reports no finding of its messages, because they are delivered again", async () => {
    const { ingest, reporter } = start({ orders: breakable("storeRows").store });
    const odd = [1, 2].map((i) => message(`o-${i}`, "orders", { id: "1", colour: i }));
    await ingest([...odd, message("o-3", "orders", {}), message("c-1", "clicks")]);
    expect(reporter.batches[0]).toMatchObject({ pipeline: "orders", rejected: [], unknownFields: { count: 0, names: [] } });
    expect(reporter.batches[0]?.outcomes.map(({ outcome }) => outcome)).toEqual(["unsettled", "unsettled", "unsettled"]);
  });

  test("leaves time for the other, and the last one has all the time that is left", async () => {
    const left: number[] = [];
    const timed = () => new MemoryStore({ onStep: (step, deadline) => step === "storeRows" && left.push(deadline.remaining) });
    const { ingest } = start({ orders: timed(), clicks: timed() }, new Reports(), () => 0);
    await ingest(batch());
    const [first = 0, second = 0] = left;
    expect(first).toBeCloseTo(second / 2, -2);
  });

  test("fails the batch if the other fails, too; the log has each failure once", async () => {
    const { ingest, reporter } = start({
      orders: breakable("storeRows").store,
      clicks: breakable("storeRows", errors.databaseLate()).store,
    });
    await expect(ingest(batch())).rejects.toMatchObject({ code: "out_of_time" });
    expect(reporter.failures.map(({ code }) => code)).toEqual(["database_refused", "out_of_time"]);
  });

  test("fails the batch if it has only its messages", async () => {
    const { ingest } = start({ orders: breakable("storeRows").store });
    await expect(ingest([message("o-1", "orders")])).rejects.toMatchObject({ sqlstate: "55P03" });
  });
});

describe("a table that does not fit, at the start", () => {
  test("fails alone, and is checked again with each batch until it fits", async () => {
    const { store, state } = breakable("check", mismatch);
    const { ingest, reporter } = start({ orders: store });
    expect((await ingest(batch())).sort()).toEqual(["o-1", "o-2", "x-1"]);
    expect(reporter.failures).toEqual([mismatch]);
    state.broken = false;
    expect(await ingest(batch())).toEqual(["x-1"]);
  });

  test("fails the health check", async () => {
    const { ingest } = start({ clicks: breakable("check", mismatch).store });
    await expect(ingest([])).rejects.toMatchObject({ code: "table_mismatch" });
  });

  test("fails the batch if no table fits, even if it has no message for a table", async () => {
    const { ingest } = start({ orders: breakable("check", mismatch).store, clicks: breakable("check", mismatch).store });
    await expect(ingest([message("p-1", "ping")])).rejects.toMatchObject({ code: "table_mismatch" });
  });
});

describe("the log of a shared queue", () => {
  const printed = usePrinted();

  test("names the pipeline of a failed table, and counts metrics by pipeline", async () => {
    const { ingest } = start({ orders: breakable("storeRows").store }, createTelemetry("events") as Reports);
    await ingest(batch());
    expect(printed.lines()).toContainEqual(expect.objectContaining({ message: "batch failed", pipeline: "orders", sqlstate: "55P03" }));
    const dimensions = printed.metrics().map(({ dimensions }) => dimensions);
    for (const pipeline of ["orders", "clicks", "events"]) expect(dimensions).toContainEqual({ service: "events", pipeline });
  });
});
