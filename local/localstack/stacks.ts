import {
  type CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStacksCommand,
  paginateListStacks,
  waitUntilStackCreateComplete,
  waitUntilStackDeleteComplete,
} from "@aws-sdk/client-cloudformation";

/** What the stacks of stage `local` are called. */
const PREFIX = "masqueue-local-";
const ASSETS = `${PREFIX}assets`;

/** Seconds. */
const PATIENCE = 60;

/** Holds the code that is deployed. A stack of its own, so that CDK need not be bootstrapped; it takes its objects along when it goes. */
const TEMPLATE = { Resources: { Bucket: { Type: "AWS::S3::Bucket" } }, Outputs: { Bucket: { Value: { Ref: "Bucket" } } } };

/** @returns the name of a bucket for code */
export async function assetsBucket(client: CloudFormationClient): Promise<string> {
  if (!(await stackNames(client)).includes(ASSETS)) {
    await client.send(new CreateStackCommand({ StackName: ASSETS, TemplateBody: JSON.stringify(TEMPLATE) }));
    await waitUntilStackCreateComplete({ client, maxWaitTime: PATIENCE, minDelay: 1 }, { StackName: ASSETS });
  }
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: ASSETS }));
  return Stacks[0]?.Outputs?.[0]?.OutputValue ?? "";
}

/** Deletes the stacks of stage `local` with all that is in them. @returns their names */
export async function removeStacks(client: CloudFormationClient): Promise<string[]> {
  const names = await stackNames(client);
  for (const StackName of names) {
    await client.send(new DeleteStackCommand({ StackName }));
    await waitUntilStackDeleteComplete({ client, maxWaitTime: PATIENCE, minDelay: 1 }, { StackName });
  }
  return names;
}

/** The stacks of stage `local` that are there. */
export async function stackNames(client: CloudFormationClient): Promise<string[]> {
  const names: string[] = [];
  for await (const { StackSummaries = [] } of paginateListStacks({ client }, {})) {
    for (const { StackName = "", StackStatus } of StackSummaries) {
      if (StackName.startsWith(PREFIX) && StackStatus !== "DELETE_COMPLETE") names.push(StackName);
    }
  }
  return names;
}
