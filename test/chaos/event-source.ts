import type { SQSEvent, SQSRecord } from "aws-lambda";
import { consume, type Handler, readFailedIds } from "../../local/emulators/event-source.ts";
import { FunctionContainer, type Place, SECONDS } from "./container.ts";
import type { ChaosQueue } from "./queue.ts";
import type { Random } from "./random.ts";

/** Batches in flight. */
const CONTAINERS = 4;
const MAX_HISTORY = 2_000;

/** The event source with the containers of the function. */
export type EventSource = Awaited<ReturnType<typeof startEventSource>>;

/** @param onDone takes the records of a batch that are done */
export async function startEventSource(queue: ChaosQueue, place: Place, onDone: (records: readonly SQSRecord[]) => void) {
  const containers: FunctionContainer[] = [];
  for (let i = 0; i < CONTAINERS; i++) containers.push(await FunctionContainer.create(place));
  /** For what the event source itself would not do: a batch a second time. */
  const spare = await FunctionContainer.create(place);
  const history: SQSRecord[] = [];
  const modes = { runsTwice: false, reverses: false };
  const extra = new Set<Promise<unknown>>();
  const invokeAgain = (event: SQSEvent) => {
    const run = spare.invoke(event).catch(() => {});
    extra.add(run);
    void run.then(() => extra.delete(run));
    return run;
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
  return {
    containers,
    /** Rejected if the event source itself fails. */
    ended,
    /** Sets a mode. @returns a function that ends it */
    set(mode: keyof typeof modes) {
      modes[mode] = true;
      return () => {
        modes[mode] = false;
      };
    },
    /** Cuts the container's connection instead of passing on the answer to its next commit. */
    onCommit(container: FunctionContainer, action: () => void) {
      container.proxy.onCommit = action;
      return () => {
        container.proxy.onCommit = undefined;
      };
    },
    /** Delivers some messages again that are done and deleted. */
    deliverAgain: (random: Random) => invokeAgain({ Records: random.shuffle(history).slice(0, 50) }),
    async close() {
      ending.abort();
      await ended;
      await Promise.all(extra);
      for (const container of [...containers, spare]) await container.close();
    },
  };
}
