import type { SQSEvent } from "aws-lambda";
import { consume } from "../../local/emulators/event-source.ts";
import { connectSqs, createQueues } from "../../local/emulators/sqs.ts";
import { sendMessages } from "../../local/run/send.ts";
import { type Queue, readQueue } from "../../local/targets/queue.ts";
import { createPlan, interleave, toRates, type Variant } from "../measure.ts";
import { compare, type Figure } from "../report/figures.ts";
import { toBatch } from "../support/batches.ts";
import { addChecksums, type Checksum, checkTable, EMPTY } from "../support/checksum.ts";
import { startChild } from "../support/child.ts";
import { connect, createTable } from "../support/database.ts";
import { type Invoke, openFunction } from "../support/function.ts";
import { DAY, loginBody, loginRecord } from "../support/logins.ts";
import type { SuiteContext } from "./suite.ts";

const RECEIVERS = 4;
const BATCH_SIZE = 1_000;
/** Seconds; longer than a run takes, so that no message is delivered twice. */
const VISIBILITY_TIMEOUT = 300;
/** Milliseconds that an invocation may take. */
const TIMEOUT = 60_000;

/** A backlog consumed from end to end, against the same event source with a handler that does nothing. */
export async function measureBacklog({ postgres, scale }: SuiteContext): Promise<Figure[]> {
  const size = scale === "quick" ? 2_000 : 50_000;
  console.error(`growth: a backlog of ${size.toLocaleString("en")} messages`);
  const server = startChild("support/queue-process.ts");
  const { endpoint } = await server.ask<{ endpoint: string }>({});
  const client = connectSqs(endpoint);
  const queue = { client, queueUrl: await createQueues(client, VISIBILITY_TIMEOUT), label: "the queue" };
  const { arn } = await readQueue(queue);
  const database = await connect(postgres);
  const table = await createTable(database, "backlog");
  const functions = await Promise.all(Array.from({ length: RECEIVERS }, () => openFunction(postgres, table)));
  let expected = EMPTY;
  const toVariant = (name: string, functions: readonly Invoke[], isStored: boolean): Variant => ({
    name,
    batches: 1,
    async before() {
      const checksum = await send(queue, size);
      if (isStored) expected = addChecksums(expected, checksum);
    },
    run: () => consumeAll(queue, arn, functions, size),
  });
  const idle = functions.map(() => async () => {});
  const variants = [toVariant("function", functions, true), toVariant("bare", idle, false)];
  const samples = await interleave(variants, { ...createPlan(scale, 40, 5), warmUps: 1 });
  await checkTable(database, table, expected);
  server.stop();

  const bare = toRates(samples, "bare", size);
  const group = { group: `backlog of ${size.toLocaleString("en")}`, unit: "rows/s" } as const;
  return compare(group, toRates(samples, "function", size), { "bare receive and delete": bare });
}

/** @returns the checksum of the messages' rows */
async function send({ client, queueUrl }: Queue, size: number): Promise<Checksum> {
  // The body holds the date: the queue sets the time of sending.
  const bodies = Array.from({ length: size }, () => loginBody({ create_date: DAY }));
  const messages = bodies.map((body) => ({ body }));
  const ids = await sendMessages(client, queueUrl, messages);
  return toBatch(ids.map((id, i) => loginRecord(bodies[i], id))).checksum;
}

/** Runs the event source until all messages are done. */
async function consumeAll(queue: Queue, queueArn: string, functions: readonly Invoke[], size: number) {
  let done = 0;
  const handlers = functions.map((invoke) => async (event: SQSEvent) => {
    await invoke(event);
    done += event.Records.length;
    return { batchItemFailures: [] };
  });
  const onBatch = (error: unknown) => {
    if (error) throw error;
  };
  const rest = { batchSize: BATCH_SIZE, window: 0, timeout: TIMEOUT, poll: 0, onBatch, onIdle: async () => done === size };
  await consume({ ...queue, queueArn, handlers, ...rest }, new AbortController().signal);
}
