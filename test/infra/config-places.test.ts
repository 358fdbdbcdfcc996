import { describe, expect, test } from "@jest/globals";
import { complaintOf, DATABASE, EXISTING_QUEUE, KEY, NETWORK, QUEUE } from "./config-cases.ts";

const SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:master-AbCdEf";
const elsewhere = (arn: string) => arn.replace("eu-west-1", "eu-west-2");
const inChina = (arn: string) => arn.replace("arn:aws:", "arn:aws-cn:");
const ofOther = (arn: string) => arn.replace("123456789012", "210987654321");
const orders = (keys: object = {}) => ({ pipelines: { orders: { ...EXISTING_QUEUE, ...keys } } });
const database = (keys: object) => ({ network: NETWORK, database: { ...DATABASE, ...keys } });

describe("everything existing is in one Region and partition:", () => {
  test.each([
    [
      {
        ...orders({ queueKeyArn: KEY }),
        masking: { keyArn: KEY },
        ...database({ adminSecretArn: SECRET, adminSecretKeyArn: KEY, adminUser: "admin" }),
      },
      "",
    ],
    [{ ...orders(), masking: { keyArn: elsewhere(KEY) } }, "pipelines.orders.queueArn"],
    [orders({ queueKeyArn: elsewhere(KEY) }), "pipelines.orders.queueKeyArn"],
    [orders({ queueKeyArn: inChina(KEY) }), "pipelines.orders.queueKeyArn"],
    [database({ adminSecretArn: SECRET, adminSecretKeyArn: elsewhere(KEY), adminUser: "admin" }), "database.adminSecretKeyArn"],
    [database({ adminSecretArn: elsewhere(SECRET), adminUser: "admin" }), "database.adminSecretArn"],
    [{ masking: { keyArn: elsewhere(KEY) }, network: NETWORK }, "masking.keyArn"],
    [{ network: { availabilityZones: ["eu-west-1a", "eu-west-2b"] } }, "network.availabilityZones"],
    [{ network: { availabilityZones: ["us-east-1-bos-1a", "us-east-1b"] } }, ""],
    [{ network: { availabilityZones: ["us-gov-west-1a", "us-gov-east-1b"] } }, "network.availabilityZones"],
  ])("%j", (entry, path) => {
    expect(complaintOf(entry).split(" ")[0]).toBe(path);
  });

  test("the error names both keys", () => {
    expect(complaintOf({ network: NETWORK, masking: { keyArn: elsewhere(KEY) } })).toBe(
      `masking.keyArn is "${elsewhere(KEY)}"; it must be in eu-west-1, the Region of network.availabilityZones.`,
    );
    expect(complaintOf(orders({ queueKeyArn: inChina(KEY) }))).toBe(
      `pipelines.orders.queueKeyArn is "${inChina(KEY)}"; it must be in aws, the partition of pipelines.orders.queueArn.`,
    );
  });
});

test("queues and the masking key are in one account, which uses them", () => {
  expect(complaintOf({ ...orders(), masking: { keyArn: ofOther(KEY) } })).toBe(
    `pipelines.orders.queueArn is "${QUEUE}"; it must be in 210987654321, the account of masking.keyArn.`,
  );
  expect(
    complaintOf({ ...orders({ queueKeyArn: ofOther(KEY) }), ...database({ adminSecretArn: ofOther(SECRET), adminUser: "admin" }) }),
  ).toBe("");
});
