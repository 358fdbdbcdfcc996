import { paginateDescribeStacks, type Stack } from "@aws-sdk/client-cloudformation";
import { ingestStackName, OUTPUTS } from "../../lambda/names.ts";
import * as errors from "../errors.ts";
import { connectQueue } from "../targets/from-env.ts";
import type { QueueTarget } from "../targets/queue.ts";
import { type Account, tryCall } from "./account.ts";

/** A deployed pipeline, as its stack describes itself. */
export type IngestStack = ReturnType<typeof toIngestStack>;

/** Finds the stack of a pipeline. @throws UserError with exit code 2, naming the stages that are deployed, if this one is not */
export async function findIngestStack(account: Account, stage: string, pipeline: string): Promise<IngestStack> {
  const name = ingestStackName(stage, pipeline);
  const found = await tryCall("cloudformation:DescribeStacks", (signal) => findStack(account, name, signal));
  if ("failed" in found) throw errors.unreadableStack(name, describePlace(account), found.failed);
  if (found.value) return toIngestStack(found.value, name);
  // The usual reason is the wrong region or account.
  const all = await tryCall("cloudformation:DescribeStacks on all stacks", (signal) => listStacks(account, signal));
  if ("failed" in all) throw errors.unlistedStages(name, describePlace(account), all.failed);
  const [place, stages] = [describePlace(account, all.value[0]), listStages(all.value)];
  throw stages.length > 0 ? errors.noStack(name, place, stages) : errors.noStage(name, place);
}

/** The queue of a deployed pipeline; the caller disposes of it. */
export function openStageQueue({ region }: Account, { queueUrl }: IngestStack): QueueTarget {
  return connectQueue(queueUrl, { ...process.env, AWS_REGION: region });
}

function describePlace({ region, id }: Account, stack?: Stack): string {
  const account = id ?? (stack && parseAccountId(stack));
  return account ? `${region}, account ${account}` : region;
}

function parseAccountId({ StackId = "" }: Stack): string {
  return StackId.split(":")[4] ?? "";
}

function listStages(stacks: readonly Stack[]): string[] {
  const pattern = new RegExp(`^${ingestStackName("(.+)", "(.+)")}$`);
  return stacks.flatMap(({ StackName = "" }) => {
    const [, stage, pipeline] = pattern.exec(StackName) ?? [];
    return stage && pipeline ? [`${stage} (${pipeline})`] : [];
  });
}

async function findStack({ cloudFormation }: Account, StackName: string, abortSignal: AbortSignal): Promise<Stack | null> {
  try {
    const { Stacks = [] } = await cloudFormation.describeStacks({ StackName }, { abortSignal });
    return Stacks[0] ?? null;
  } catch (error) {
    if (error instanceof Error && error.name === "ValidationError" && error.message.includes("does not exist")) return null;
    throw error;
  }
}

async function listStacks({ cloudFormation: client }: Account, abortSignal: AbortSignal): Promise<Stack[]> {
  const stacks: Stack[] = [];
  for await (const { Stacks = [] } of paginateDescribeStacks({ client }, {}, { abortSignal })) stacks.push(...Stacks);
  return stacks;
}

function toIngestStack(stack: Stack, name: string) {
  const outputs = new Map(stack.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const status = stack.StackStatus ?? "in an unknown state";
  const output = (key: string) => {
    const value = outputs.get(key);
    if (!value) throw errors.incompleteStack(name, status, key);
    return value;
  };
  return {
    ...{ name, status, account: parseAccountId(stack) },
    /** When the stack was last created or updated, in milliseconds since 1970. */
    changed: (stack.LastUpdatedTime ?? stack.CreationTime)?.getTime() ?? null,
    queueUrl: output(OUTPUTS.queueUrl),
    deadLetterQueueUrl: outputs.get(OUTPUTS.deadLetterQueueUrl) ?? null,
    functionName: output(OUTPUTS.functionName),
    logGroup: output(OUTPUTS.logGroup),
    /** UUID of the event source mapping. */
    eventSource: output(OUTPUTS.eventSource),
  };
}
