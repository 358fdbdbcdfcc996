import { describe, expect, test } from "@jest/globals";
import { createHandler } from "../../lambda/ingest/handler.ts";
import { importMasterKey } from "../../lambda/masking/keys.ts";
import { toQueue } from "../../lambda/pipelines/queue.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { createContext } from "../../local/emulators/sqs-event.ts";
import { Reports, TEST_SECRET } from "../support/container.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { login, record, SENT } from "../support/records.ts";

const masking = { mode: "hmac" as const, masterKey: importMasterKey(TEST_SECRET) };

describe("the time of an invocation", () => {
  test.each([
    [20_000, 19_000],
    [10_000, 9_000],
    [3_000, 2_700],
  ])("of %i ms leaves %i for the work: the rest is reserved for the report and the response", async (time, left) => {
    const remaining: number[] = [];
    const store = new MemoryStore({ onStep: (_step, deadline) => remaining.push(deadline.remaining) });
    const handler = createHandler(() => ({
      queue: toQueue(userLogins),
      masking,
      openStore: () => store,
      reporter: new Reports(),
      now: () => SENT,
    }));
    await handler({ Records: [record(), record("{")] }, { ...createContext(time), getRemainingTimeInMillis: () => time });
    // check, storeRows, appendFindings
    expect(remaining).toEqual([left, left, left]);
  });
});

describe("the times in a report", () => {
  /** Runs a batch by a clock: its start, its commit, and the end of writing its rejections, in milliseconds after `SENT`. */
  async function reportTimes(records: ReturnType<typeof record>[], began: number, committed: number, done = committed) {
    let clock = SENT + began;
    const store = new MemoryStore({
      onStep: (step) => {
        if (step === "storeRows") clock = SENT + committed;
        if (step === "appendFindings") clock = SENT + done;
      },
    });
    const reporter = new Reports();
    await createHandler(() => ({ queue: toQueue(userLogins), masking, openStore: () => store, reporter, now: () => clock }))(
      { Records: records },
      createContext(20_000),
    );
    const { commitLag, batchTime } = reporter.last;
    return { commitLag, batchTime };
  }

  test("are the lag until the commit, and the batch's time until the last statement", async () => {
    const records = [record(login(), { sent: SENT - 500 }), record(), record("{", { sent: SENT - 9_000 })];
    expect(await reportTimes(records, 1_000, 1_007, 1_010)).toEqual({ commitLag: 1_507, batchTime: 10 });
  });

  test("include no lag if nothing is stored", async () => {
    expect(await reportTimes([record("{")], 1_000, 1_000, 1_004)).toEqual({ commitLag: undefined, batchTime: 4 });
  });

  test("include the lag since the first sending, even if a message is redelivered", async () => {
    const message = record();
    expect(await reportTimes([message], 1_000, 1_007)).toEqual({ commitLag: 1_007, batchTime: 7 });
    expect(await reportTimes([message], 31_000, 31_003)).toEqual({ commitLag: 31_003, batchTime: 3 });
  });
});
