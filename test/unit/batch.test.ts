import { describe, expect, test } from "@jest/globals";
import type { SQSRecord } from "aws-lambda";
import fc from "fast-check";
import { Deadline } from "../../lambda/deadline.ts";
import { ingestBatch } from "../../lambda/ingest/batch.ts";
import type { Tokenizer } from "../../lambda/masking/tokens.ts";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { toQueue } from "../../lambda/pipelines/queue.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { DUPLICATE, type Outcome, reject, STORED, UNSETTLED } from "../../lambda/rows/outcome.ts";
import type { RowBatch } from "../../lambda/rows/row-store.ts";
import { Reports } from "../support/container.ts";
import { idOf, logins } from "../support/fixture.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { login, record } from "../support/records.ts";

const BY_EVENT: Pipeline = { ...userLogins, once: "event-id" };
const asText: Tokenizer = () => ({ token: "t", asText: true });

/** A message of an event. Messages of one event and one date share a row. */
const eventRecord = (event: string, create_date = "2026-03-01") => record(login({ create_date }), { attributes: { "event-id": event } });

/** Runs a batch on a store without a database. */
async function ingest(records: readonly SQSRecord[], { store = new MemoryStore(), pipeline = BY_EVENT, tokenize = asText } = {}) {
  const reporter = new Reports();
  const response = await ingestBatch(
    records,
    { queue: toQueue(pipeline), lanes: new Map([[pipeline, { tokenize, store }]]), reporter },
    new Deadline(10_000),
  );
  const failed = response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  const keys = store.rows.map(({ key }) => `${key.id} ${key.date}`);
  return { store, reporter, failed, keys, outcomes: reporter.last.outcomes.map(({ outcome }) => outcome) };
}

describe("the rows of a batch", () => {
  test("come in one order, by id and then by date, for any order of its messages", async () => {
    const messages = ["a", "b", "c", "d"].flatMap((event) =>
      ["2026-03-02", "2026-03-01", "2026-02-28"].map((date) => eventRecord(event, date)),
    );
    const { keys: expected } = await ingest(messages);
    expect(expected).toEqual(expected.toSorted());
    expect(new Set(expected).size).toBe(messages.length);
    const shuffled = fc.shuffledSubarray(messages, { minLength: messages.length });
    await fc.assert(fc.asyncProperty(shuffled, async (records) => expect((await ingest(records)).keys).toEqual(expected)));
  });

  test("occur once each, even if their messages occur several times", async () => {
    const records = [
      ...logins(30),
      ...logins(30, () => ({ create_date: "2026-03-02" })),
      ...logins(5),
      record("{", { messageId: idOf(31) }),
    ];
    const { keys } = await ingest(records, { pipeline: userLogins });
    expect(new Set(keys).size).toBe(60);
    expect(keys).toHaveLength(60);
  });

  test("are parsed and masked only when they are drawn", async () => {
    let masked = 0;
    const counting: Tokenizer = ({ identifier }) => {
      if (identifier === "ip") masked++;
      return null;
    };
    const drawn: number[] = [];
    class Drawing extends MemoryStore {
      override storeRows(batch: RowBatch, deadline: Deadline) {
        const rows = batch.fresh[Symbol.iterator]();
        drawn.push(masked);
        for (let i = 0; i < 4; i++) rows.next();
        drawn.push(masked);
        return super.storeRows({ fresh: [], repeated: [] }, deadline);
      }
    }
    const { failed } = await ingest(logins(10), { pipeline: userLogins, tokenize: counting, store: new Drawing() });
    expect(drawn).toEqual([0, 4]);
    // Rows that the store did not draw are not done.
    expect(failed).toHaveLength(10);
  });

  test("count the values that were masked as text, once per row", async () => {
    const { reporter } = await ingest([...logins(3), ...logins(3)], { pipeline: userLogins });
    expect(reporter.last.maskedAsText).toBe(3 * 2);
  });
});

describe("each record of a batch", () => {
  test("has its own outcome, in any order and combination", async () => {
    const kinds = fc.constantFrom("stored", "duplicate", "refused", "forgotten", "unsettled", "bad");
    await fc.assert(
      fc.asyncProperty(fc.array(kinds, { maxLength: 20 }), async (wanted) => {
        const given: Record<string, Outcome | undefined> = {
          stored: STORED,
          duplicate: DUPLICATE,
          unsettled: UNSETTLED,
          refused: reject("refused_by_database", "locale", "22001"),
        };
        const records = wanted.map((kind, i) =>
          record(kind === "bad" ? "{" : login({ user_id: kind }), { messageId: `${(i * 7) % 20}-${i}` }),
        );
        const store = new MemoryStore({ settle: (row) => given[row.cells()[0] ?? ""] });
        const { outcomes } = await ingest(records, { pipeline: userLogins, store });
        const names: Record<string, string> = { refused: "rejected", bad: "rejected", forgotten: "unsettled" };
        expect(outcomes).toEqual(wanted.map((kind) => names[kind] ?? kind));
      }),
    );
  });

  test("is delivered again if the store returns no outcome for its row", async () => {
    const store = new MemoryStore({ settle: ({ key }) => (key.id === idOf(1) ? undefined : STORED) });
    expect((await ingest(logins(3), { pipeline: userLogins, store })).failed).toEqual([idOf(1)]);
  });
});

describe("messages that share a row", () => {
  const batch = [eventRecord("e"), eventRecord("f"), eventRecord("e")];
  const outcomesAfter = async (outcome: Outcome) => {
    const store = new MemoryStore({ settle: ({ key }) => (key.id === "e" ? outcome : STORED) });
    const { outcomes, reporter } = await ingest(batch, { store });
    return { outcomes, rejected: reporter.last.rejected };
  };

  test.each([UNSETTLED, DUPLICATE])("all have its outcome if it is $kind", async (outcome) => {
    expect((await outcomesAfter(outcome)).outcomes).toEqual([outcome.kind, "stored", outcome.kind]);
  });

  test("are reported as stored once if it is stored", async () => {
    expect((await outcomesAfter(STORED)).outcomes).toEqual(["stored", "stored", "duplicate"]);
  });

  test("are all rejected if it is refused, each under its own id", async () => {
    const refusal = reject("refused_by_database", "locale", "22001");
    const { outcomes, rejected } = await outcomesAfter(refusal);
    expect(outcomes).toEqual(["rejected", "stored", "rejected"]);
    expect(rejected).toEqual([batch[0], batch[2]].map((one) => ({ ...refusal, messageId: one?.messageId, receiveCount: 1 })));
  });
});

describe("the rows that were probably stored before", () => {
  test("are those of messages that were delivered before, also if they share their id with a first delivery", async () => {
    const again = record(login(), { messageId: idOf(1), receiveCount: 2 });
    const { store, failed } = await ingest([...logins(4), again], { pipeline: userLogins });
    expect(store.repeated.map(({ key, positions }) => ({ id: key.id, positions }))).toEqual([{ id: idOf(1), positions: [1, 4] }]);
    expect(store.rows).toHaveLength(4);
    expect(failed).toEqual([]);
  });

  test("are all rows if the pipeline stores each event-id once, because producers repeat events", async () => {
    const { store } = await ingest(logins(2));
    expect(store.repeated).toHaveLength(2);
  });
});
