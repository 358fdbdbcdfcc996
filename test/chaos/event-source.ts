import type { SQSEvent, SQSRecord } from "aws-lambda";
import { consume, type Handler, readFailedIds } from "../../local/emulators/event-source.ts";
import { FunctionContainer, type Place, SECONDS } from "./container.ts";
import type { ChaosQueue } from "./queue.ts";
import type { Random } from "./random.ts";

/** Batches in flight. */
const CONTAINERS = 4;
/** Records that are kept to be delivered again. */
const MAX_HISTORY = 2_000;

/** The event source with the containers of the function. */
export type EventSource = Awaited<ReturnType<typeof startEventSource>>;

/** @param onDone takes the records of a batch that are done */
export async function startEventSource(queue: ChaosQueue, place: Place, onDone: (records: readonly SQSRecord[]) => void) {
  // The last one is for batches that the queue does not expect.
  const [spare, ...containers] = await Promise.all(Array.from({ length: 1 + CONTAINERS }, () => FunctionContainer.create(place)));
  const modes = { runsTwice: false, reverses: false };
  const history: SQSRecord[] = [];
  let again: Promise<unknown> = Promise.resolve();
  const invokeAgain = async (event: SQSEvent) => {
    again = again.then(() => spare?.invoke(event)).catch(() => {});
    await again;
  };
  const toHandler =
    (container: FunctionContainer): Handler =>
    async ({ Records }) => {
      const event = { Records: modes.reverses ? Records.toReversed() : Records };
      if (modes.runsTwice) void invokeAgain(event);
      const response = await container.invoke(event);
      const failed = readFailedIds(response, new Set(Records.map(({ messageId }) => messageId)));
      const done = Records.filter(({ messageId }) => !failed.has(messageId));
      onDone(done);
      history.push(...done);
      history.splice(0, history.length - MAX_HISTORY);
      return response;
    };
  const ending = new AbortController();
  const { source: client, queueUrl, arn: queueArn } = queue;
  const limits = { batchSize: 100, window: 200, timeout: (SECONDS + 20) * 1000, poll: 0 };
  const ended = consume({ client, queueUrl, queueArn, handlers: containers.map(toHandler), ...limits }, ending.signal);
  // Thrown by close.
  ended.catch(() => {});
  return {
    ...{ containers, modes },
    /** Delivers some messages again that are done and deleted. */
    deliverAgain(random: Random) {
      const start = random.below(MAX_HISTORY) % Math.max(1, history.length);
      return invokeAgain({ Records: history.slice(start, start + 50) });
    },
    /** @throws if the event source itself has failed */
    async close() {
      ending.abort();
      await ended;
      await again;
      await Promise.all([spare, ...containers].map((container) => container?.close()));
    },
  };
}
