import { describe, expect, test } from "@jest/globals";
import { type Connection, useConnections } from "../support/connections.ts";
import { type Body, createBatch, LOGINS, REFUSED } from "../support/deliveries.ts";
import type { Plan, Side } from "../support/wire.ts";

const connections = useConnections(4);

/** Delivers a batch under the plan, and expects that only its refused messages fail and that the table has the other rows. */
async function deliver({ wire, lambda }: Connection, bodies: readonly Body[], plan: Plan, rows: readonly unknown[]): Promise<void> {
  const batch = createBatch(bodies);
  wire.follow(plan);
  expect(await lambda.failures(batch.delivered(1))).toEqual(batch.refused);
  expect(await connections.findRows(batch)).toEqual(rows);
}

const ALL_STORED = LOGINS;
const ONE_REFUSED = LOGINS.with(1, REFUSED);

describe("the bytes of a batch", () => {
  test.each([
    ["that is stored", ALL_STORED],
    ["with a refused row", ONE_REFUSED],
  ])("%s may each arrive alone, in both directions", async (_which, bodies) => {
    const { rows } = await connections.deliverUndisturbed(bodies);
    await deliver(connections.one, bodies, { pieces: "bytes" }, rows);
  });

  test.each<[string, Side, readonly Body[]]>([
    ["that is stored", "client", ALL_STORED],
    ["that is stored", "server", ALL_STORED],
    ["with a refused row", "server", ONE_REFUSED],
  ])("%s may arrive from the %s in two pieces, split anywhere", async (_which, from, bodies) => {
    const { bytes, rows } = await connections.deliverUndisturbed(bodies);
    await connections.runUpTo(bytes[from], (connection, first) => deliver(connection, bodies, { pieces: { from, first } }, rows));
  });
});

describe("a batch of many chunks whose first row is refused", () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => LOGINS[i % LOGINS.length] as Body);
  /** Bytes of Postgres's answer to COPY before it has seen a row: CopyInResponse for eight columns. */
  const COPY_IN_RESPONSE = 24;

  test("while most rows are still in transit is stored except for that row", async () => {
    const bodies = many(700);
    const { bytes, rows } = await connections.deliverUndisturbed(bodies);
    const first = Math.floor(bytes.client / 2);
    await deliver(
      connections.one,
      bodies.with(0, REFUSED),
      { pieces: { from: "client", first, answer: COPY_IN_RESPONSE + 1 } },
      rows.slice(1),
    );
  });

  test("while most rows are still to be masked is stored except for that row", async () => {
    const bodies = many(5_000);
    const { rows } = await connections.deliverUndisturbed(bodies.slice(1));
    await deliver(connections.one, bodies.with(0, REFUSED), {}, rows);
  });
});
