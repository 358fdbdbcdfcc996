import {
  type CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStacksCommand,
  paginateListStacks,
  waitUntilStackCreateComplete,
  waitUntilStackDeleteComplete,
} from "@aws-sdk/client-cloudformation";

/** The names of the stacks of stage `local` begin with it. */
const PREFIX = "masqueue-local-";
const ASSETS = `${PREFIX}assets`;

/** Seconds. */
const WAIT = { maxWaitTime: 60, minDelay: 1 };

/** Holds the code that is deployed, so that CDK need not be bootstrapped. Its bucket is removed with its objects. */
const TEMPLATE = { Resources: { Bucket: { Type: "AWS::S3::Bucket" } }, Outputs: { Bucket: { Value: { Ref: "Bucket" } } } };

/** Creates a bucket for code, unless there is one. @returns its name */
export async function createAssetsBucket(client: CloudFormationClient): Promise<string> {
  if (!(await listStacks(client)).includes(ASSETS)) {
    await client.send(new CreateStackCommand({ StackName: ASSETS, TemplateBody: JSON.stringify(TEMPLATE) }));
    await waitUntilStackCreateComplete({ client, ...WAIT }, { StackName: ASSETS });
  }
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: ASSETS }));
  return Stacks[0]?.Outputs?.[0]?.OutputValue ?? "";
}

/** Deletes the stacks of stage `local` with their resources. @returns their names */
export async function removeStacks(client: CloudFormationClient): Promise<string[]> {
  const names = await listStacks(client);
  for (const StackName of names) {
    await client.send(new DeleteStackCommand({ StackName }));
    await waitUntilStackDeleteComplete({ client, ...WAIT }, { StackName });
  }
  return names;
}

/** Lists the names of the stacks of stage `local`. */
export async function listStacks(client: CloudFormationClient): Promise<string[]> {
  const names: string[] = [];
  for await (const { StackSummaries = [] } of paginateListStacks({ client }, {})) {
    for (const { StackName = "", StackStatus } of StackSummaries) {
      if (StackName.startsWith(PREFIX) && StackStatus !== "DELETE_COMPLETE") names.push(StackName);
    }
  }
  return names;
}
