import { describe, expect, test } from "@jest/globals";
import { type Context, complaint, complaintOf, complaintOfOrders, DATABASE, EXISTING_QUEUE, KEY, NETWORK, QUEUE } from "./config-cases.ts";

describe("a batch", () => {
  test("over 10 needs a window", () => {
    expect(complaintOfOrders({ batchSize: 11, batchWindow: 0 })).toBe(
      "pipelines.orders.batchWindow is 0; it must be 1 to 300 for a batchSize over 10 (here 11).",
    );
    expect(complaintOfOrders({ batchSize: 10, batchWindow: 0 })).toBe("");
    expect(complaintOfOrders({ batchSize: 11, batchWindow: 1 })).toBe("");
  });

  test("of a FIFO queue has 10 messages at most, and no window", () => {
    const fifo = { ...EXISTING_QUEUE, queueArn: `${QUEUE}.fifo` };
    expect(complaintOfOrders({ ...fifo, batchSize: 11 })).toBe("pipelines.orders.batchSize is 11; it must be 1 to 10 for a FIFO queue.");
    expect(complaintOfOrders({ ...fifo, batchWindow: 1 })).toBe("pipelines.orders.batchWindow is 1; it must be 0 for a FIFO queue.");
    expect(complaintOfOrders({ ...fifo, batchSize: 1 })).toBe("");
  });
});

describe("an outage", () => {
  test("of 20 minutes must not cost a message, and the error has both numbers", () => {
    expect(complaintOfOrders({ maxReceiveCount: 7 })).toBe(
      "pipelines.orders.maxReceiveCount is 7; it must be higher, because a message survives an outage of (maxReceiveCount - 1) x visibility timeout = 6 x 185 s = 1110 s, and at least 1200 s are required.",
    );
    expect(complaintOfOrders({ maxReceiveCount: 7, timeout: 33, batchWindow: 2 })).toBe("");
    expect(complaintOfOrders({ maxReceiveCount: 1, timeout: 900 })).toMatch(/= 0 x 5405 s = 0 s/);
  });

  test("is calculated from an existing queue's settings", () => {
    expect(complaintOfOrders({ ...EXISTING_QUEUE, visibilityTimeout: 30 })).toMatch(/= 9 x 30 s = 270 s/);
    expect(complaintOfOrders({ queueArn: QUEUE, visibilityTimeout: 30, maxReceiveCount: 41 })).toBe("");
  });
});

describe("connections", () => {
  test("of all pipelines, twice, and the reserve must fit the database", () => {
    expect(complaint({ "pipelines.orders.maxConcurrency": "26" })).toBe(
      "database.maxConnections is 80; it must be at least 82 = 2 x 31 (maxConcurrency of all pipelines together) + 20 (database.connectionReserve).",
    );
    expect(complaint({ "pipelines.orders.maxConcurrency": "25" })).toBe("");
    expect(complaint({ "pipelines.orders.maxConcurrency": "30", "pipelines.user-logins": "false" })).toBe("");
    expect(complaint({ "pipelines.orders.maxConcurrency": "26", "database.connectionReserve": "18" })).toBe("");
  });

  test("of an existing database count as well", () => {
    expect(complaintOf({ network: NETWORK, database: { ...DATABASE, maxConnections: 39 } })).toMatch(
      /^database\.maxConnections is 39; .* at least 40 =/,
    );
  });
});

describe("a stage that keeps its data", () => {
  test("must name who receives its pages, or none", () => {
    expect(complaintOf({ keepData: true })).toBe(
      "stages.dev.alerts.pageEmail is not given in cdk.json; it must be the e-mail address that receives pages, or none, because this stage keeps its data.",
    );
    for (const pageEmail of ["a@example.org", "none"]) expect(complaintOf({ keepData: true, alerts: { pageEmail } })).toBe("");
    expect(complaint({ stage: "prod", keepData: "false" })).toBe("");
  });
});

describe("two sources for one thing are refused:", () => {
  test.each([
    [
      { network: { ...NETWORK, zones: 2 } },
      /^stages\.dev\.network\.vpcId is "vpc-0a1b2c3d" and stages\.dev\.network\.zones is 2; the first names what exists and the second configures what is created/,
    ],
    [{ network: { subnetIds: [], cidr: "10.0.0.0/16" } }, /^stages\.dev\.network\.subnetIds .*network\.cidr/],
    [{ network: { ...NETWORK, endpointZones: 1 } }, /network\.vpcId .*network\.endpointZones/],
    [{ database: { ...DATABASE, storageGiB: 20 } }, /database\.host .*database\.storageGiB/],
    [{ database: { host: "db", maxStorageGiB: 20 } }, /database\.host .*database\.maxStorageGiB/],
    [{ database: { port: 5432, instanceType: "t4g.micro" } }, /database\.port .*database\.instanceType/],
    [{ database: { adminSecretArn: "x", multiAz: true } }, /database\.adminSecretArn .*database\.multiAz/],
    [{ database: { resourceId: "db-A", backupDays: 1 } }, /database\.resourceId .*database\.backupDays/],
    [{ masking: { keyArn: KEY, multiRegion: false } }, /masking\.keyArn .*masking\.multiRegion is false/],
    [{ pipelines: { orders: { queueArn: QUEUE, deadLetterReaders: [] } } }, /orders\.queueArn .*orders\.deadLetterReaders/],
  ])("%j", (dev, sentence) => {
    expect(complaintOf(dev)).toMatch(sentence);
    expect(complaintOf(dev)).toMatch(/only one of the two is allowed\.$/);
  });

  test("the number of zones, and their names", () => {
    const network = { zones: 2, availabilityZones: ["eu-west-1a", "eu-west-1b"] };
    expect(complaintOf({ network })).toBe(
      "stages.dev.network.availabilityZones is [ 'eu-west-1a', 'eu-west-1b' ] and stages.dev.network.zones is 2; the first names the zones that the second counts, and only one of the two is allowed.",
    );
  });

  test("one in the stage's entry and one on the command line", () => {
    expect(complaintOf({ network: NETWORK }, { "network.cidr": "10.0.0.0/16" })).toMatch(
      /^stages\.dev\.network\.vpcId is "vpc-0a1b2c3d" and network\.cidr is "10\.0\.0\.0\/16";/,
    );
  });
});

describe("something existing", () => {
  test.each([
    ["network", { ...NETWORK, vpcId: undefined }, "vpcId"],
    ["network", { ...NETWORK, subnetIds: undefined }, "subnetIds"],
    ["network", { ...NETWORK, availabilityZones: undefined }, "availabilityZones"],
    ["database", { ...DATABASE, host: undefined }, "host"],
    ["database", { ...DATABASE, securityGroupId: undefined }, "securityGroupId"],
    ["database", { ...DATABASE, resourceId: undefined }, "resourceId"],
  ])("must be named in full: %s without %3$s", (group, keys, missing) => {
    const given = Object.fromEntries(Object.entries(keys).filter(([, value]) => value));
    expect(complaintOf({ [group]: given })).toMatch(new RegExp(`^${group}\\.${missing} is not given; it must be `));
  });

  test("has a zone for each subnet, and two for a database created in it", () => {
    expect(complaintOf({ network: { ...NETWORK, availabilityZones: ["eu-west-1a"] } })).toBe(
      "network.availabilityZones is [ 'eu-west-1a' ]; it must be the zones of network.subnetIds (2), one for each.",
    );
    const one = { ...NETWORK, subnetIds: ["subnet-00000001"], availabilityZones: ["eu-west-1a"] };
    expect(complaintOf({ network: one })).toMatch(
      /^network\.subnetIds is \[ 'subnet-00000001' \]; it must be two subnets or more, in different zones,/,
    );
    expect(complaintOf({ network: one, database: DATABASE })).toBe("");
  });

  test.each([
    ["deadLetterQueueArn", `${QUEUE}-dlq`],
    ["queueKeyArn", KEY],
    ["visibilityTimeout", 300],
  ])("must be a named queue if %s is given", (key, value) => {
    expect(complaintOfOrders({ [key]: value })).toBe(
      `pipelines.orders.${key} is allowed only for an existing queue; pipelines.orders.queueArn must name it.`,
    );
    expect(complaintOfOrders({ ...EXISTING_QUEUE, [key]: value })).toBe("");
  });

  test.each(["visibilityTimeout", "maxReceiveCount"])("requires a queue's %s", (key) => {
    const { [key]: _, ...queue }: Context = EXISTING_QUEUE;
    expect(complaintOfOrders(queue)).toMatch(
      new RegExp(`^pipelines\\.orders\\.${key} is not given; it must be the value of the existing queue, a whole number from `),
    );
  });

  test.each([
    ["adminSecretKeyArn", KEY],
    ["adminUser", "masqueue_admin"],
  ])("must be a named secret if %s is given", (key, value) => {
    expect(complaintOf({ network: NETWORK, database: { ...DATABASE, [key]: value } })).toBe(
      `database.${key} is "${value}"; it must be left out, because database.adminSecretArn, to which it belongs, is not given.`,
    );
  });

  test("must be a secret whose user is named, because RDS refuses that user's password", () => {
    const adminSecretArn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:admin-AbCdEf";
    expect(complaintOf({ network: NETWORK, database: { ...DATABASE, adminSecretArn } })).toBe(
      "database.adminUser is not given; it must be the user in database.adminSecretArn, because RDS accepts only a token from that user.",
    );
    expect(complaintOf({ network: NETWORK, database: { ...DATABASE, adminSecretArn, adminUser: "masqueue_admin" } })).toBe("");
  });

  test("must be a queue that Lambda and SQS accept", () => {
    expect(complaintOfOrders({ queueArn: QUEUE, visibilityTimeout: 29, maxReceiveCount: 100 })).toMatch(
      /^pipelines\.orders\.visibilityTimeout is 29; it must be at least pipelines\.orders\.timeout \(30\)/,
    );
    for (const other of [QUEUE, `${QUEUE}.fifo`, QUEUE.replace("eu-west-1", "eu-west-2"), QUEUE.replace("123456789012", "210987654321")]) {
      expect(complaintOfOrders({ ...EXISTING_QUEUE, deadLetterQueueArn: other })).toMatch(
        /deadLetterQueueArn is .* it must be another queue of the account, region and kind/,
      );
    }
  });
});

describe("something created", () => {
  test("has endpoints in no more zones than the network has, and always one for KMS", () => {
    expect(complaint({ "network.endpointZones": "3" })).toBe("network.endpointZones is 3; it must be no more than network.zones (2).");
    expect(complaint({ "network.endpoints": "secretsmanager" })).toMatch(/^network\.endpoints is .*; it must be a list with kms/);
  });

  test("has storage that can grow by a tenth or more", () => {
    const database = (storageGiB: number, maxStorageGiB: number) => complaintOf({ database: { storageGiB, maxStorageGiB } });
    expect(database(100, 109)).toBe("database.maxStorageGiB is 109; it must be at least 1.1 times database.storageGiB (100).");
    expect(database(100, 100)).toMatch(/^database\.maxStorageGiB is 100/);
    expect(database(100, 110)).toBe("");
    expect(complaintOf({ database: { storageGiB: 59_578 } })).toBe("");
  });

  test("is named after stage and pipeline, within the length that AWS allows", () => {
    const name = `a${"b".repeat(36)}`;
    expect(complaint({}, { [name]: { pipelines: [name] } })).toBe(
      `The name of a pipeline or shared queue is "${name}"; it must be no longer than 36 characters in stage dev.`,
    );
    expect(complaint({}, { [name.slice(1)]: { pipelines: [name] } })).toBe("");
  });
});

describe("a pipeline that is left out", () => {
  test("takes no key on the command line", () => {
    const sentence = "pipelines.orders.batchSize is given, but stages.dev.pipelines.orders is false, which leaves the pipeline out.";
    expect(complaintOf({ pipelines: { orders: false } }, { "pipelines.orders.batchSize": "5" })).toBe(sentence);
  });

  test("is not the last one", () => {
    expect(complaintOf({ pipelines: { orders: false, "user-logins": false } })).toBe(
      "pipelines leaves out user-logins, orders; at least one must be deployed.",
    );
  });
});
