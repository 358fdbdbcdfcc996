import type { SQSRecord } from "aws-lambda";
import type { Queue as PipelineQueue } from "../../lambda/pipelines/queue.ts";
import { openAccount } from "../aws/account.ts";
import { findIngestStack, openStageQueue } from "../aws/stack.ts";
import { toSqsRecord } from "../emulators/sqs-event.ts";
import * as errors from "../errors.ts";
import { findDeployedName, findQueue } from "../run/container.ts";
import { postgresFromEnv, queueFromEnv } from "../targets/from-env.ts";
import { type PostgresTarget, withClient } from "../targets/postgres.ts";
import { explainQueueErrors, findQueueUrl, type QueueState, type QueueTarget, readQueue } from "../targets/queue.ts";
import { explainError } from "../terminal/program.ts";
import type { DeadLetter } from "./dead-letters.ts";
import { judge, OTHER_REASONS, type Reason, readReasons } from "./reason.ts";

/** The options by which every dlq command finds its queue. */
export interface DlqOptions {
  stage?: string;
  env: boolean;
  pipeline: string;
}

/** A dead-letter queue, and all that explains its messages. */
export interface DlqTargets extends AsyncDisposable {
  readonly source: QueueTarget;
  readonly deadLetters: QueueTarget;
  readonly state: QueueState;
  /** The pipelines of the queue's messages. */
  readonly declared: PipelineQueue;
  /** The database that the environment names. */
  readonly postgres: PostgresTarget | null;
}

/** Finds the queues. @throws UserError */
export async function openDeadLetters({ stage, env, pipeline }: DlqOptions): Promise<DlqTargets> {
  const declared = findQueue(pipeline);
  await using resources = new AsyncDisposableStack();
  const source = resources.use(stage === undefined ? openEnvQueue(env) : await openStageSource(stage, pipeline));
  const { deadLetterArn } = await readQueue(source);
  if (!deadLetterArn) throw errors.noDeadLetterQueue(source.label);
  const url = await explainQueueErrors(deadLetterArn, findQueueUrl(source.client, deadLetterArn));
  const deadLetters = { ...source, queueUrl: url, label: url };
  const state = await readQueue(deadLetters);
  const open = resources.move();
  return { source, deadLetters, state, declared, postgres: postgresFromEnv(process.env), [Symbol.asyncDispose]: () => open.disposeAsync() };
}

function openEnvQueue(env: boolean): QueueTarget {
  const queue = env ? queueFromEnv(process.env) : null;
  if (!queue) throw env ? errors.noQueueInEnv() : errors.dlqNeedsTarget();
  return queue;
}

async function openStageSource(stage: string, pipeline: string): Promise<QueueTarget> {
  using account = await openAccount();
  return openStageQueue(account, await findIngestStack(account, stage, findDeployedName(pipeline)));
}

/** A dead letter as the function received it. */
export function toRecord(message: DeadLetter, { state }: DlqTargets): SQSRecord {
  return toSqsRecord(message, state.arn);
}

/** Finds the reasons of dead letters, in their order. */
export type ReasonReader = (messages: readonly DeadLetter[]) => Promise<Reason[]>;

/**
 * Calls `work` with a reader of reasons: from table `rejections` if the environment names its database, else by parsing the messages again.
 */
export async function withReasons<T>(targets: DlqTargets, work: (read: ReasonReader) => Promise<T>): Promise<T> {
  const { postgres, declared } = targets;
  const judgeAll: ReasonReader = async (messages) => messages.map((message) => judge(toRecord(message, targets), declared));
  if (!postgres) return work(judgeAll);
  let isConnected = false;
  try {
    return await withClient(postgres, async (client) => {
      await client.query("SELECT FROM rejections LIMIT 1");
      isConnected = true;
      return work(async (messages) => {
        const [known, judged] = [
          await readReasons(
            client,
            messages.map(({ MessageId }) => MessageId),
          ),
          await judgeAll(messages),
        ];
        return messages.map(
          ({ MessageId }, i) =>
            known.get(MessageId) ?? (judged[i]?.code === "storable" ? OTHER_REASONS.batchFailed : (judged[i] as Reason)),
        );
      });
    });
  } catch (error) {
    if (isConnected) throw error;
    const reason = explainError(error).replace(/\.$/, "");
    console.error(`Table rejections at ${postgres.label} cannot be read (${reason}): the messages are parsed again.`);
    return work(judgeAll);
  }
}
