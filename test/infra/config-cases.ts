import { expect } from "@jest/globals";
import { ConfigError, readStage } from "../../infra/config/read.ts";

export type Context = Record<string, unknown>;
type Queues = Parameters<typeof readStage>[1];

export const PIPELINES: Queues = { "user-logins": { pipelines: ["user-logins"] }, orders: { pipelines: ["orders"] } };

export const QUEUE = "arn:aws:sqs:eu-west-1:123456789012:login-queue";
/** An existing queue, with the keys that it requires. */
export const EXISTING_QUEUE = { queueArn: QUEUE, visibilityTimeout: 185, maxReceiveCount: 10 };
export const KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
export const NETWORK = {
  vpcId: "vpc-0a1b2c3d",
  subnetIds: ["subnet-00000001", "subnet-00000002"],
  availabilityZones: ["eu-west-1a", "eu-west-1b"],
};
export const DATABASE = { host: "db.example.org", securityGroupId: "sg-0a1b2c3d", resourceId: "db-ABC123" };

/** Reads stage dev, unless another is named. */
export const read = (context: Context = {}, pipelines = PIPELINES) => readStage({ stage: "dev", ...context }, pipelines);

/** Required where data is kept. */
export const PAGES = { "alerts.pageEmail": "page@example.org" };

/** Reads stage prod with these keys as its entry in cdk.json. */
export const prod = (entry: Context, more: Context = {}) =>
  read({ stage: "prod", stages: { prod: { alerts: { pageEmail: "page@example.org" }, ...entry } }, ...more });

/** The message that ends synth, or "" if there is none. */
export function complaint(context: Context, pipelines = PIPELINES): string {
  try {
    read(context, pipelines);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const { message } = error as ConfigError;
    expect(message).toMatch(/^[^\n]*[^.\n]\.$/);
    return message;
  }
  return "";
}

/** The same, for an entry of stage dev in cdk.json. */
export const complaintOf = (entry: unknown, more: Context = {}) => complaint({ stages: { dev: entry }, ...more });

/** The same, for keys of one of its pipelines. */
export const complaintOfOrders = (keys: Context) => complaintOf({ pipelines: { orders: keys } });
