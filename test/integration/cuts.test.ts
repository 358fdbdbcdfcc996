import { describe, expect, test } from "@jest/globals";
import { type Connection, useConnections } from "../support/connections.ts";
import { type Batch, type Body, createBatch, LOGINS, REFUSED } from "../support/deliveries.ts";
import type { Cut, Side } from "../support/wire.ts";

const connections = useConnections(16);

type Place = Omit<Cut, "manner">;

/** Delivers the batch while its connection is cut. @returns the message ids that are reported as failed */
async function deliverUnderCut(place: Place, { lambda, wire }: Connection, batch: Batch): Promise<string[]> {
  wire.follow({ cut: { ...place, manner: "at once" } });
  const failures = await lambda.failures(batch.delivered(1));
  await wire.cutMade();
  return failures;
}

/**
 * Delivers the batch while its connection is cut and cannot be restored, and then once more.
 * @returns whether the first delivery was answered; otherwise it failed, and only because of the connection
 */
async function surviveCut(place: Place, connection: Connection, batch: Batch, receiveCount: number): Promise<boolean> {
  const { lambda, wire } = connection;
  connection.hasPassword = false;
  wire.follow({ cut: { ...place, manner: "when answered" } });
  const answer = await lambda.failures(batch.delivered(receiveCount)).catch((error: unknown) => {
    expect(error).toMatchObject({ name: "IngestError", code: "login_unavailable" });
  });
  const done = answer ? batch.ids.filter((id) => !answer.includes(id)) : [];
  expect(await connections.findStored(batch)).toEqual(expect.arrayContaining(done));
  await wire.cutMade();
  connection.hasPassword = true;
  expect(await lambda.failures(batch.delivered(receiveCount + 1))).toEqual(batch.refused);
  return answer !== undefined;
}

describe.each<Side>(["client", "server"])("a connection that is cut after any byte from the %s while a batch is copied", (from) => {
  test("costs one try: the invocation stores each row once on a new connection, and a redelivery changes nothing", async () => {
    const { bytes, rows } = await connections.deliverUndisturbed(LOGINS);
    await connections.runUpTo(bytes[from], async (connection, after) => {
      const batch = createBatch(LOGINS);
      expect(await deliverUnderCut({ from, after }, connection, batch)).toEqual([]);
      expect(await connections.findRows(batch)).toEqual(rows);
      expect(await connection.lambda.failures(batch.delivered(2))).toEqual([]);
      expect(await connections.findRows(batch)).toEqual(rows);
    });
  });

  test("and cannot be restored fails the invocation unless the last byte arrived, and the redelivery stores each row once", async () => {
    const { bytes, rows } = await connections.deliverUndisturbed(LOGINS);
    const answered: number[] = [];
    await connections.runUpTo(bytes[from], async (connection, after) => {
      const batch = createBatch(LOGINS);
      if (await surviveCut({ from, after }, connection, batch, 1)) answered.push(after);
      expect(await connections.findRows(batch)).toEqual(rows);
    });
    expect([bytes[from]]).toEqual(expect.arrayContaining(answered));
  });
});

describe("a connection that is cut after any byte from the server, and cannot be restored,", () => {
  test.each<[string, number, readonly Body[]]>([
    ["while a redelivered batch is inserted", 2, LOGINS],
    ["while the rows around a refused one are copied again", 1, LOGINS.with(1, REFUSED)],
    ["while refused rows are searched for", 1, LOGINS.with(1, REFUSED).with(2, REFUSED)],
  ])("%s keeps the rows that are reported as done, and the next delivery stores each row once", async (_when, receiveCount, bodies) => {
    const { bytes, rows } = await connections.deliverUndisturbed(bodies, receiveCount);
    await connections.runUpTo(bytes.server, async (connection, after) => {
      const batch = createBatch(bodies);
      await surviveCut({ from: "server", after }, connection, batch, receiveCount);
      expect(await connections.findRows(batch)).toEqual(rows);
    });
  });
});

test("a connection that is cut anywhere in a batch of many chunks costs one try, and each row is stored once", async () => {
  const bodies = Array.from({ length: 2_000 }, (_, i) => LOGINS[i % LOGINS.length] as Body);
  const { bytes, rows } = await connections.deliverUndisturbed(bodies);
  const places = 24;
  await connections.runUpTo(places, async (connection, place) => {
    const batch = createBatch(bodies);
    const after = Math.floor((bytes.client * place) / places);
    expect(await deliverUnderCut({ from: "client", after }, connection, batch)).toEqual([]);
    expect(await connections.findRows(batch)).toEqual(rows);
  });
});
