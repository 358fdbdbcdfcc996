import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { readReceiveCount } from "../../lambda/ingest/event.ts";
import type { Handler } from "../../local/emulators/event-source.ts";
import type { Container } from "../support/container.ts";
import { useFixture } from "../support/fixture.ts";
import { createQueue, type TestQueue } from "../support/queue.ts";
import { login } from "../support/records.ts";

/** Of the embedded queue, whose messages come back after a second. */
const MAX_RECEIVE_COUNT = 3;

const fixture = useFixture();
let queue: TestQueue;
beforeEach(async () => {
  queue = await createQueue();
});
afterEach(() => queue.stop());

/** The database comes back when a message is delivered for the n-th time: (n - 1) x V after its first delivery. */
function awayUntil(delivery: number, lambda: Container = fixture.lambda): Handler {
  fixture.proxy.refuse();
  return ({ Records }) => {
    if (Records.some((record) => readReceiveCount(record) === delivery)) fixture.proxy.accept();
    return lambda.invoke(Records, 0.3);
  };
}

const send = (count: number) => queue.send(...Array.from({ length: count }, () => JSON.stringify(login())));

test("an outage of (maxReceiveCount - 1) x V sends no valid message to the dead-letter queue", async () => {
  const ids = await send(3);
  await queue.drain(awayUntil(MAX_RECEIVE_COUNT));
  expect(await queue.deadLetters()).toEqual([]);
  expect(await fixture.stored()).toEqual(ids.sort());
});

test("a longer outage sends valid messages to the dead-letter queue", async () => {
  const ids = await send(3);
  await queue.drain(awayUntil(MAX_RECEIVE_COUNT + 1));
  expect((await queue.deadLetters()).sort()).toEqual(ids.sort());
  expect(await fixture.stored()).toEqual([]);
});

test("the backlog of an outage drains over no more connections than there are containers", async () => {
  const ids = await send(400);
  const containers = Array.from({ length: 4 }, () => fixture.container(fixture.proxy.config));
  const drained = queue.drain(containers.map((lambda) => awayUntil(2, lambda))).then(() => true);
  const counts: number[] = [];
  do {
    const [row] = await fixture.database.rows<{ n: number }>(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'lambda'",
    );
    counts.push(row?.n ?? 0);
  } while (!(await Promise.race([drained, new Promise<false>((resolve) => setTimeout(resolve, 5, false))])));
  expect(await fixture.stored()).toEqual(ids.sort());
  expect(Math.max(...counts)).toBeGreaterThan(0);
  expect(Math.max(...counts)).toBeLessThanOrEqual(containers.length);
});
