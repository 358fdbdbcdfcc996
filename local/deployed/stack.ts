import { DescribeStacksCommand, paginateDescribeStacks, type Stack } from "@aws-sdk/client-cloudformation";
import { ingestStackName, OUTPUTS } from "../../lambda/names.ts";
import { type NamedQueue, queueAt } from "../targets/from-env.ts";
import { UserError } from "../terminal/errors.ts";
import type { Account } from "./account.ts";
import { ask } from "./ask.ts";

/** A deployed pipeline, as its stack describes itself. */
export interface Ingest {
  readonly stackName: string;
  readonly account: string;
  readonly status: string;
  /** When the stack was last created or updated, in milliseconds since 1970. */
  readonly changed: number | null;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string | null;
  readonly functionName: string;
  readonly logGroup: string;
  /** UUID of the event source mapping. */
  readonly eventSource: string;
}

/** @throws UserError with exit code 2 where the stage is not deployed there, naming those that are */
export async function findIngest(account: Account, stage: string, pipeline: string): Promise<Ingest> {
  const name = ingestStackName(stage, pipeline);
  const found = await ask("cloudformation:DescribeStacks", (signal) => describe(account, name, signal));
  if ("failed" in found) throw new UserError(`Stack ${name} in ${placeOf(account)} cannot be looked up: ${found.failed}.`);
  if (found.value) return ingestOf(found.value, name);
  // The wrong region or account is the usual reason.
  const all = await ask("cloudformation:DescribeStacks on all stacks", (signal) => listStacks(account, signal));
  const stacks = "value" in all ? all.value : [];
  const there = "failed" in all ? `Which stages are deployed there cannot be listed: ${all.failed}.` : stagesAmong(stacks);
  throw new UserError(`There is no stack ${name} in ${placeOf(account, stacks[0])}. ${there}`, 2);
}

function placeOf({ region, id }: Account, stack?: Stack): string {
  const account = id ?? (stack ? accountOf(stack) : null);
  return account ? `${region}, account ${account}` : region;
}

function accountOf({ StackId = "" }: Stack): string {
  return StackId.split(":")[4] ?? "";
}

function stagesAmong(stacks: readonly Stack[]): string {
  const pattern = new RegExp(`^${ingestStackName("(.+)", "(.+)")}$`);
  const stages = stacks.flatMap(({ StackName = "" }) => {
    const [, stage, pipeline] = pattern.exec(StackName) ?? [];
    return stage && pipeline ? [`${stage} (${pipeline})`] : [];
  });
  if (stages.length > 0) return `Deployed there: ${stages.join(", ")}.`;
  return "No stage of Masqueue is deployed there: are AWS_PROFILE and AWS_REGION the right ones (aws sts get-caller-identity tells the account)?";
}

/** The deployed queue; its client is the caller's to destroy. */
export function queueOf({ region }: Account, { queueUrl }: Ingest): NamedQueue {
  return queueAt(queueUrl, { ...process.env, AWS_REGION: region });
}

async function describe({ cloudFormation }: Account, name: string, abortSignal: AbortSignal): Promise<Stack | null> {
  try {
    const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: name }), { abortSignal });
    return Stacks[0] ?? null;
  } catch (error) {
    if (error instanceof Error && error.name === "ValidationError" && error.message.includes("does not exist")) return null;
    throw error;
  }
}

function ingestOf(stack: Stack, stackName: string): Ingest {
  const outputs = new Map(stack.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const status = stack.StackStatus ?? "in an unknown state";
  const output = (key: string) => {
    const value = outputs.get(key);
    if (!value) throw new UserError(`Stack ${stackName} is ${status} and has no output ${key}: it is not deployed completely.`);
    return value;
  };
  return {
    stackName,
    status,
    account: accountOf(stack),
    changed: (stack.LastUpdatedTime ?? stack.CreationTime)?.getTime() ?? null,
    queueUrl: output(OUTPUTS.queueUrl),
    deadLetterQueueUrl: outputs.get(OUTPUTS.deadLetterQueueUrl) ?? null,
    functionName: output(OUTPUTS.functionName),
    logGroup: output(OUTPUTS.logGroup),
    eventSource: output(OUTPUTS.eventSource),
  };
}

async function listStacks({ cloudFormation: client }: Account, abortSignal: AbortSignal): Promise<Stack[]> {
  const stacks: Stack[] = [];
  for await (const { Stacks = [] } of paginateDescribeStacks({ client }, {}, { abortSignal })) stacks.push(...Stacks);
  return stacks;
}
