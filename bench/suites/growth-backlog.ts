import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { SQSEvent } from "aws-lambda";
import { consume } from "../../local/emulators/event-source.ts";
import { createQueues } from "../../local/emulators/sqs.ts";
import { sendMessages } from "../../local/run/send.ts";
import { readQueue } from "../../local/targets/queue.ts";
import type { Bench, PartResult } from "../bench.ts";
import { figure } from "../figures.ts";
import { interleave, ratesOf, type Variant } from "../measure.ts";
import { startChild } from "../support/children.ts";
import { connected } from "../support/connect.ts";
import { checkRows, NOTHING, plus, tallyOf, WrongRows } from "../support/expected.ts";
import { type BenchFunction, functionOn } from "../support/function.ts";
import { loginBody, loginRecord } from "../support/logins.ts";
import { maskInKeyOrder } from "../support/path.ts";
import { planFor } from "../support/plan.ts";
import { createTable } from "../support/table.ts";

const RECEIVERS = 4;
/** Seconds; longer than a drain takes, so that nothing is delivered twice. */
const VISIBILITY_TIMEOUT = 300;
const TIME = 60_000;

interface Queue {
  readonly client: SQSClient;
  readonly queueUrl: string;
}

/** A backlog drained end to end, against a loop that receives and deletes with as many receivers and does nothing else. */
export async function runBacklog({ postgres, scale, say }: Bench): Promise<PartResult> {
  const size = scale === "quick" ? 2_000 : 50_000;
  say(`a backlog of ${size.toLocaleString("en")} messages`);
  const server = startChild("support/queue-process.ts");
  server.send({});
  const { endpoint } = await server.next<{ endpoint: string }>();
  const client = new SQSClient({ endpoint, region: "us-east-1", credentials: { accessKeyId: "embedded", secretAccessKey: "embedded" } });
  const queue = { client, queueUrl: await createQueues(client, VISIBILITY_TIMEOUT) };
  const { arn } = await readQueue({ ...queue, label: "the queue" });
  const database = await connected(postgres);
  const { table, pipeline } = await createTable(database, "backlog");
  const fns = Array.from({ length: RECEIVERS }, () => functionOn(postgres, pipeline));
  // Connections first: a container that starts is measured elsewhere.
  for (const fn of fns) await fn.invoke({ Records: [] });

  let expected = NOTHING;
  const variants: Variant[] = [
    {
      name: "end to end",
      batches: 1,
      before: async () => {
        expected = plus(expected, await send(queue, size));
      },
      run: () => drain(queue, arn, fns, size),
    },
    {
      name: "bare loop",
      batches: 1,
      before: async () => void (await send(queue, size)),
      run: () => bareLoop(queue, size),
    },
  ];
  const samples = await interleave(variants, { ...planFor(scale, 40, 5), warmUps: 1 });
  await checkRows(database, table, expected);
  await Promise.all(fns.map((fn) => fn.close()));
  await database.end();
  client.destroy();
  server.stop();

  const bare = ratesOf(samples, "bare loop", size);
  const where = { part: "D", group: `backlog of ${size.toLocaleString("en")}`, unit: "rows/s" } as const;
  return {
    figures: [
      figure(where, "end to end", ratesOf(samples, "end to end", size), { "bare receive and delete": bare }),
      figure(where, "bare receive and delete", bare),
    ],
    notes: [`The embedded queue runs in a process of its own; ${RECEIVERS} receivers, batches of 1,000, no batching window.`],
  };
}

/** @returns what the messages come to in the table */
async function send({ client, queueUrl }: Queue, size: number) {
  // The date is in the body: the time of sending is the queue's.
  const bodies = Array.from({ length: size }, () => loginBody({ create_date: "2026-03-01" }));
  const ids = await sendMessages(
    client,
    queueUrl,
    bodies.map((body) => ({ body })),
  );
  return tallyOf(maskInKeyOrder({ Records: ids.map((id, i) => loginRecord(bodies[i], id)) }));
}

async function drain(queue: Queue, queueArn: string, fns: readonly BenchFunction[], size: number): Promise<void> {
  let done = 0;
  const handlers = fns.map((fn) => async (event: SQSEvent) => {
    await fn.invoke(event);
    done += event.Records.length;
    return { batchItemFailures: [] };
  });
  const onBatch = (_ids: readonly string[], error: unknown) => {
    if (error) throw error;
  };
  const rest = { batchSize: 1_000, window: 0, timeout: TIME, poll: 0, onBatch, onIdle: async () => done === size };
  await consume({ ...queue, queueArn, handlers, ...rest }, new AbortController().signal);
}

async function bareLoop({ client, queueUrl }: Queue, size: number): Promise<void> {
  let received = 0;
  const receiver = async () => {
    for (;;) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: 10,
          MessageSystemAttributeNames: ["All"],
          MessageAttributeNames: ["All"],
        }),
      );
      if (Messages.length === 0) return;
      received += Messages.length;
      const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
      await client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    }
  };
  await Promise.all(Array.from({ length: RECEIVERS }, receiver));
  if (received !== size) throw new WrongRows(`The bare loop received ${received} of ${size} messages.`);
}
