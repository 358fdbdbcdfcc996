import { describe, expect, test } from "@jest/globals";
import { type Batch, type Body, batchOf, LOGINS, REFUSED } from "../support/deliveries.ts";
import { type Lane, useLanes } from "../support/lanes.ts";
import type { Cut, Side } from "../support/wire.ts";

const lanes = useLanes(16);

type Place = Omit<Cut, "manner">;

/** Delivers the batch while its connection is cut. @returns the message ids that are reported as failed */
async function failuresUnder(place: Place, { lambda, wire }: Lane, batch: Batch): Promise<string[]> {
  wire.follow({ cut: { ...place, manner: "at once" } });
  const failures = await lambda.failures(batch.delivered(1));
  await wire.cutMade();
  return failures;
}

/**
 * Delivers the batch while its connection is cut and cannot be made again, and then once more.
 * @returns whether the first delivery was answered; else it was thrown, for that connection and nothing else
 */
async function surviveCut(place: Place, lane: Lane, batch: Batch, receiveCount: number): Promise<boolean> {
  const { lambda, wire } = lane;
  lane.hasPassword = false;
  wire.follow({ cut: { ...place, manner: "when answered" } });
  const answer = await lambda.failures(batch.delivered(receiveCount)).catch((error: unknown) => {
    expect(error).toMatchObject({ name: "IngestError", code: "login_unavailable" });
  });
  const done = answer ? batch.ids.filter((id) => !answer.includes(id)) : [];
  expect(await lanes.storedOf(batch)).toEqual(expect.arrayContaining(done));
  await wire.cutMade();
  lane.hasPassword = true;
  expect(await lambda.failures(batch.delivered(receiveCount + 1))).toEqual(batch.refused);
  return answer !== undefined;
}

describe.each<Side>(["client", "server"])("a connection that is cut after any byte from the %s while a batch is copied", (from) => {
  test("costs a try: the invocation stores each row once on a new one, and a redelivery changes nothing", async () => {
    const { bytes, rows } = await lanes.undisturbed(LOGINS);
    await lanes.upTo(bytes[from], async (lane, after) => {
      const batch = batchOf(LOGINS);
      expect(await failuresUnder({ from, after }, lane, batch)).toEqual([]);
      expect(await lanes.rowsOf(batch)).toEqual(rows);
      expect(await lane.lambda.failures(batch.delivered(2))).toEqual([]);
      expect(await lanes.rowsOf(batch)).toEqual(rows);
    });
  });

  test("and cannot be made again fails the invocation unless all was said, and after the redelivery each row stands once", async () => {
    const { bytes, rows } = await lanes.undisturbed(LOGINS);
    const answered: number[] = [];
    await lanes.upTo(bytes[from], async (lane, after) => {
      const batch = batchOf(LOGINS);
      if (await surviveCut({ from, after }, lane, batch, 1)) answered.push(after);
      expect(await lanes.rowsOf(batch)).toEqual(rows);
    });
    expect([bytes[from]]).toEqual(expect.arrayContaining(answered));
  });
});

describe("a connection that is cut after any byte from the server, and cannot be made again,", () => {
  test.each<[string, number, readonly Body[]]>([
    ["while a redelivered batch is inserted", 2, LOGINS],
    ["while a refused row is looked for", 1, LOGINS.with(1, REFUSED)],
  ])("%s leaves what is reported as done, and after the next delivery each row once", async (_when, receiveCount, bodies) => {
    const { bytes, rows } = await lanes.undisturbed(bodies, receiveCount);
    await lanes.upTo(bytes.server, async (lane, after) => {
      const batch = batchOf(bodies);
      await surviveCut({ from: "server", after }, lane, batch, receiveCount);
      expect(await lanes.rowsOf(batch)).toEqual(rows);
    });
  });
});

test("a connection that is cut anywhere in a batch of many chunks costs a try, and each row stands once", async () => {
  const bodies = Array.from({ length: 2_000 }, (_, i) => LOGINS[i % LOGINS.length] as Body);
  const { bytes, rows } = await lanes.undisturbed(bodies);
  const places = 24;
  await lanes.upTo(places, async (lane, place) => {
    const batch = batchOf(bodies);
    const after = Math.floor((bytes.client * place) / places);
    expect(await failuresUnder({ from: "client", after }, lane, batch)).toEqual([]);
    expect(await lanes.rowsOf(batch)).toEqual(rows);
  });
});
