import { Aws, RemovalPolicy } from "aws-cdk-lib";
import { ingestFunctionName } from "../lambda/names.ts";

/**
 * The role of a pipeline's function. Fixed, because the masking key's policy names it before it exists; with the region, because
 * roles belong to the whole account and a stage may stand in several regions.
 */
export function ingestRoleName(stage: string, pipeline: string): string {
  return `${ingestFunctionName(stage, pipeline)}-${Aws.REGION}`;
}

/** What stays when its stack goes, but for a stack whose very creation failed: that one may be created again. */
export function removalPolicy(keepData: boolean): RemovalPolicy {
  return keepData ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
}
