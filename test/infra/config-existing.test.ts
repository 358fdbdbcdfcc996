import { describe, expect, test } from "@jest/globals";
import { DATABASE, KEY, NETWORK, prod, QUEUE, read } from "./config-cases.ts";

describe("something existing", () => {
  test("is a network with its id, subnets and zones, and no endpoint is added", () => {
    expect(prod({ network: NETWORK }).network).toEqual({ kind: "existing", ...NETWORK, endpoints: [] });
  });

  test("is a network named on the command line", () => {
    const context = {
      "network.vpcId": "vpc-00000001",
      "network.subnetIds": "subnet-00000001,subnet-00000002",
      "network.availabilityZones": "eu-west-1a,eu-west-1b",
    };
    expect(read(context).network).toMatchObject({ kind: "existing", subnetIds: ["subnet-00000001", "subnet-00000002"] });
  });

  test("is a database in its network, which may have one subnet for the functions", () => {
    const network = { ...NETWORK, subnetIds: ["subnet-00000001"], availabilityZones: ["us-gov-west-1a"] };
    expect(prod({ network, database: DATABASE }).database).toEqual({
      kind: "existing",
      ...DATABASE,
      name: "masqueue",
      port: 5432,
      maxConnections: 200,
      connectionReserve: 20,
      adminSecretArn: undefined,
      adminSecretKeyArn: undefined,
      adminUser: undefined,
    });
  });

  test.each(["db-ABC123", "cluster-ABC123", "shardgroup-abc123"])("is a database with resource id %s", (resourceId) => {
    expect(prod({ network: NETWORK, database: { ...DATABASE, resourceId } }).database).toMatchObject({ resourceId });
  });

  test("is a masking key, or the secret that RDS keeps for the master user", () => {
    const keyArn = "arn:aws-cn:kms:cn-north-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab";
    expect(prod({ masking: { keyArn } }).masking).toEqual({ keyArn, multiRegion: false });
    const adminSecretArn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!db-1234abcd-12ab-34cd-56ef-1234567890ab-aB3dEf";
    const secret = { adminSecretArn, adminSecretKeyArn: KEY, adminUser: "masqueue_admin" };
    expect(prod({ network: NETWORK, database: { ...DATABASE, ...secret } }).database).toMatchObject(secret);
  });

  test("is a queue with its settings", () => {
    const queue = { queueArn: QUEUE, deadLetterQueueArn: `${QUEUE}-dlq`, visibilityTimeout: 300, maxReceiveCount: 5 };
    expect(prod({ pipelines: { orders: queue } }).pipelines.orders).toMatchObject(queue);
  });
});
