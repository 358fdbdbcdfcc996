import { describe, expect, test } from "@jest/globals";
import type { SQSRecord } from "aws-lambda";
import fc from "fast-check";
import { BatchRows } from "../../lambda/ingest/rows.ts";
import type { Tokenizer } from "../../lambda/masking/tokens.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import type { Verdict } from "../../lambda/postgres/isolate.ts";
import { idOf, logins } from "../support/fixture.ts";
import { login, record } from "../support/records.ts";

const BY_EVENT = { ...userLogins, once: "event-id" as const };
const asText: Tokenizer = () => ({ token: "t", asText: true });
const rowsOf = (records: readonly SQSRecord[], tokenize = asText) => new BatchRows(records, BY_EVENT, tokenize);

/** A message of an event; messages of one event and one date have one row. */
const ofEvent = (event: string, create_date = "2026-03-01") => record(login({ create_date }), { attributes: { "event-id": event } });

describe("the rows of a batch", () => {
  test("come in one order, whatever order its messages come in", () => {
    const messages = ["a", "b", "c", "d"].flatMap((event) =>
      ["2026-03-02", "2026-03-01", "2026-02-28"].map((date) => ofEvent(event, date)),
    );
    const keys = (records: readonly SQSRecord[]) =>
      rowsOf(records)
        .all()
        .map(({ key }) => key);
    const expected = keys(messages);
    expect(new Set(expected.map(({ date, id }) => `${date} ${id}`)).size).toBe(messages.length);
    const shuffled = fc.shuffledSubarray(messages, { minLength: messages.length });
    fc.assert(fc.property(shuffled, (records) => expect(keys(records)).toEqual(expected)));
  });

  test("are the same in pieces of any size, each once", () => {
    const records = [
      ...logins(30),
      ...logins(30, () => ({ create_date: "2026-03-02" })),
      ...logins(5),
      record("{", { messageId: idOf(31) }),
    ];
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), (size) => {
        const rows = rowsOf(records);
        const pieces: string[] = [];
        let start = 0;
        for (; !rows.endBefore(start); start += size)
          pieces.push(...rows.slice(start, start + size).map(({ key }) => `${key.id} ${key.date}`));
        expect(pieces).toEqual(rows.all().map(({ key }) => `${key.id} ${key.date}`));
        expect(new Set(pieces).size).toBe(60);
      }),
    );
  });

  test("are masked when they are asked for, and not before", () => {
    let masked = 0;
    const counting: Tokenizer = ({ identifier }) => {
      if (identifier === "ip") masked++;
      return null;
    };
    const rows = rowsOf(logins(10), counting);
    for (const end of [1, 1, 4]) rows.slice(0, end);
    expect(masked).toBe(4);
    rows.all();
    expect(masked).toBe(10);
  });

  test("count what was masked as text, once for each row", () => {
    const rows = rowsOf([...logins(3), ...logins(3)]);
    rows.all();
    expect(rows.counts.maskedAsText).toBe(3 * 2);
  });
});

describe("messages that have one row", () => {
  const batch = [ofEvent("e"), ofEvent("f"), ofEvent("e")];
  const outcomesAfter = (verdict: Verdict) => {
    const rows = rowsOf(batch);
    rows.all();
    return rows.outcomes([verdict, { kind: "stored" }]);
  };

  test.each(["unsettled", "duplicate"] as const)("are all %s where it is: none that comes back is called done", (kind) => {
    expect(outcomesAfter({ kind })).toEqual([{ kind }, { kind: "stored" }, { kind }]);
  });

  test("are stored once where it is stored", () => {
    expect(outcomesAfter({ kind: "stored" }).map(({ kind }) => kind)).toEqual(["stored", "stored", "duplicate"]);
  });

  test("are all rejected where it is refused, each as itself", () => {
    const refusal = { kind: "rejection", code: "refused_by_database", field: "locale", sqlstate: "22001" };
    expect(outcomesAfter({ kind: "refused", column: "locale", sqlstate: "22001" })).toEqual([
      { ...refusal, index: 0 },
      { kind: "stored" },
      { ...refusal, index: 2 },
    ]);
  });
});
