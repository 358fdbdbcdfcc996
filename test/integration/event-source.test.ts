import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { SQSEvent } from "aws-lambda";
import { createQueue, type TestQueue } from "../support/queue.ts";

let queue: TestQueue;
beforeEach(async () => {
  queue = await createQueue();
});
afterEach(() => queue.stop());

const bodies = (event: SQSEvent) => event.Records.map(({ body }) => body);
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `"${i}"`);
const failing = (event: SQSEvent, isBad: (body: string) => boolean) => ({
  batchItemFailures: event.Records.filter(({ body }) => isBad(body)).map(({ messageId }) => ({ itemIdentifier: messageId })),
});

describe("batches", () => {
  test("are gathered from receives of ten, up to the batch size, and all messages are handled once", async () => {
    const seen: string[][] = [];
    await queue.send(...numbered(57));
    await queue.drain(async (event) => void seen.push(bodies(event)), { batchSize: 25 });
    expect(seen.map(({ length }) => length)).toEqual([25, 25, 7]);
    expect(seen.flat().sort()).toEqual(numbered(57).sort());
  });

  test("wait for their window to fill", async () => {
    const sizes: number[] = [];
    await queue.send("1");
    const later = new Promise<void>((resolve) => setTimeout(() => resolve(queue.send("2").then(() => {})), 100));
    await queue.drain(async (event) => void sizes.push(event.Records.length), { window: 500 });
    await later;
    expect(sizes).toEqual([2]);
  });

  test("are in flight no more at once than there are handlers", async () => {
    let now = 0;
    let most = 0;
    const handler = async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 20));
      now--;
    };
    await queue.send(...numbered(60));
    await queue.drain([handler, handler, handler]);
    expect(most).toBe(3);
  });

  test("carry records as Lambda's do, with attributes and a context that knows the time left", async () => {
    await queue.send('{"a":1}');
    let event: SQSEvent | undefined;
    let remaining = 0;
    await queue.drain(async (given, context) => {
      event = given;
      remaining = context.getRemainingTimeInMillis();
    });
    expect(event?.Records[0]).toMatchObject({
      body: '{"a":1}',
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:login-queue",
      awsRegion: "us-east-1",
      attributes: { ApproximateReceiveCount: "1", SentTimestamp: expect.stringMatching(/^\d{13}$/) },
      messageAttributes: {},
    });
    expect(remaining).toBeGreaterThan(0);
    expect(remaining).toBeLessThanOrEqual(5_000);
  });
});

describe("a failure", () => {
  test("comes back when its visibility timeout ends, and goes to the dead-letter queue by the queue's own policy", async () => {
    const ids = await queue.send('"good"', '"bad"');
    const counts: string[] = [];
    await queue.drain(async (event) => {
      for (const { body, attributes } of event.Records) if (body === '"bad"') counts.push(attributes.ApproximateReceiveCount);
      return failing(event, (body) => body === '"bad"');
    });
    expect(counts).toEqual(["1", "2", "3"]);
    expect(await queue.deadLetters()).toEqual([ids[1]]);
  });

  test.each([
    ["a thrown error", () => Promise.reject(new Error("no"))],
    ["a promise that never settles", () => new Promise(() => {})],
    ["an answer that is not JSON", async () => ({ batchItemFailures: 1n })],
    ["an unknown id", async () => ({ batchItemFailures: [{ itemIdentifier: "unknown" }] })],
    ["an empty id", async () => ({ batchItemFailures: [{ itemIdentifier: "" }] })],
    ["a null id", async () => ({ batchItemFailures: [{ itemIdentifier: null }] })],
    ["a wrong key", async () => ({ batchItemFailures: [{ itemidentifier: "x" }] })],
  ])("is the whole batch after %s", async (_, answer) => {
    await queue.send("1", "2");
    await queue.drain(answer, { timeout: 200, onIdle: async () => true });
    expect(await queue.depth()).toBe(2);
  });

  test.each([
    ["no answer", undefined],
    ["null", null],
    ["an empty object", {}],
    ["an empty list", { batchItemFailures: [] }],
    ["a null list", { batchItemFailures: null }],
  ])("is nothing after %s", async (_, answer) => {
    await queue.send("1", "2");
    await queue.drain(async () => answer, { onIdle: async () => true });
    expect(await queue.depth()).toBe(0);
  });
});

test("a stop lets the batch under way end and deletes what it did", async () => {
  await queue.send("1");
  const stop = new AbortController();
  const { consume } = await import("../../local/emulators/event-source.ts");
  await consume(
    {
      client: queue.client,
      queueUrl: queue.url,
      queueArn: "arn:aws:sqs:us-east-1:000000000000:login-queue",
      batchSize: 10,
      window: 0,
      timeout: 5_000,
      poll: 0,
      handlers: [
        async () => {
          stop.abort();
          await new Promise((resolve) => setTimeout(resolve, 50));
        },
      ],
    },
    stop.signal,
  );
  expect(await queue.depth()).toBe(0);
});
