import { RemovalPolicy, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { ingestFunctionName } from "../lambda/names.ts";
import type { PipelineStage } from "./config/schema.ts";

/**
 * The role of a pipeline's function. Fixed, because the masking key's policy names it before it exists; with the Region, because
 * roles belong to the whole account and a stage may exist in several Regions.
 */
export function ingestRoleName(scope: Construct, stage: string, pipeline: string): string {
  return `${ingestFunctionName(stage, pipeline)}-${Stack.of(scope).region}`;
}

/** The ARN of a role of the account, which need not exist yet. */
export function roleArn(scope: Construct, roleName: string): string {
  return `arn:${Stack.of(scope).partition}:iam::${Stack.of(scope).account}:role/${roleName}`;
}

/** Names of a pipeline's queue and dead-letter queue, created or existing; undefined for a dead-letter queue that is not configured. */
export function queueNames(stage: string, pipeline: string, { queueArn, deadLetterQueueArn }: PipelineStage) {
  const name = ingestFunctionName(stage, pipeline);
  const nameIn = (arn: string | undefined) => arn?.split(":").at(-1);
  return { queue: nameIn(queueArn) ?? name, deadLetterQueue: queueArn ? nameIn(deadLetterQueueArn) : `${name}-dlq` };
}

/** The identifier of a created database: operators type it. */
export function databaseInstanceName(stage: string): string {
  return `masqueue-${stage}`;
}

/** What remains when its stack is deleted, except a stack whose creation failed: that one may be created again. */
export function removalPolicy(keepData: boolean): RemovalPolicy {
  return keepData ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
}
