import { CreateQueueCommand } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { LogReader } from "../../local/aws/log.ts";
import { runSmoke } from "../../local/commands/smoke.ts";
import { createQueue, type TestQueue } from "../support/queue.ts";

let queue: TestQueue;
beforeEach(async () => {
  queue = await createQueue();
});
afterEach(() => queue.stop());

/** A log that has one more of these lines at each look. */
function growing(...lines: Record<string, unknown>[]): LogReader {
  let looks = 0;
  return async ({ where }) => {
    if (!where.messageId) return [];
    looks++;
    return lines.slice(0, looks).map((fields) => ({ at: 0, fields: { ...where, ...fields } }));
  };
}

const run = (log: LogReader, url = queue.url) =>
  runSmoke({ client: queue.client, queueUrl: url, label: url }, log, "{}", { timeout: 500, poll: 20 });

describe("a smoke message", () => {
  test("is awaited until it is stored if there was no time for it", async () => {
    const log = growing({ message: "smoke", outcome: "unsettled" }, { message: "smoke", outcome: "stored" });
    expect(await run(log)).toMatchObject({ outcome: "stored" });
  });

  test("that is a duplicate was stored by an earlier delivery", async () => {
    expect(await run(growing({ message: "smoke", outcome: "duplicate" }))).toMatchObject({ outcome: "stored" });
  });

  test("that is rejected has a code and a field", async () => {
    const reason = { message: "message rejected", code: "missing_field", field: "user_id" };
    expect(await run(growing(reason, { message: "smoke", outcome: "rejected" }))).toMatchObject({
      outcome: "rejected",
      code: "missing_field",
      field: "user_id",
    });
  });

  test("that no line names is unseen", async () => {
    expect(await run(growing())).toMatchObject({ outcome: "unseen", failure: null });
  });

  test("goes through a FIFO queue, too", async () => {
    const { QueueUrl = "" } = await queue.client.send(
      new CreateQueueCommand({ QueueName: "logins.fifo", Attributes: { FifoQueue: "true" } }),
    );
    expect(await run(growing({ message: "smoke", outcome: "stored" }), QueueUrl)).toMatchObject({ outcome: "stored" });
  });
});
