import type { CloudFormation } from "@aws-sdk/client-cloudformation";

/** The names of the stacks of stage `local` begin with it. */
const PREFIX = "masqueue-local-";
const ASSETS = `${PREFIX}assets`;

/** Seconds. */
const WAIT = { maxWaitTime: 60, minDelay: 1 };

/** Holds the code that is deployed, so that CDK need not be bootstrapped. Its bucket is removed with its objects. */
const TEMPLATE = { Resources: { Bucket: { Type: "AWS::S3::Bucket" } }, Outputs: { Bucket: { Value: { Ref: "Bucket" } } } };

/** Creates a bucket for code, unless there is one. @returns its name */
export async function createAssetsBucket(client: CloudFormation): Promise<string> {
  if (!(await listStacks(client)).includes(ASSETS)) {
    await client.createStack({ StackName: ASSETS, TemplateBody: JSON.stringify(TEMPLATE) });
    await client.waitUntilStackCreateComplete({ StackName: ASSETS }, WAIT);
  }
  const { Stacks = [] } = await client.describeStacks({ StackName: ASSETS });
  return Stacks[0]?.Outputs?.[0]?.OutputValue ?? "";
}

/** Deletes the stacks of stage `local` with their resources. @returns their names */
export async function removeStacks(client: CloudFormation): Promise<string[]> {
  const names = await listStacks(client);
  for (const StackName of names) {
    await client.deleteStack({ StackName });
    await client.waitUntilStackDeleteComplete({ StackName }, WAIT);
  }
  return names;
}

/** Lists the names of the stacks of stage `local`. */
export async function listStacks(client: CloudFormation): Promise<string[]> {
  const names: string[] = [];
  for await (const { StackSummaries = [] } of client.paginateListStacks()) {
    for (const { StackName = "", StackStatus } of StackSummaries) {
      if (StackName.startsWith(PREFIX) && StackStatus !== "DELETE_COMPLETE") names.push(StackName);
    }
  }
  return names;
}
