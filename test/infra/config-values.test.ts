import { describe, expect, test } from "@jest/globals";
import { complaint, complaintOf, complaintOfOrders, DATABASE, EXISTING_QUEUE, KEY, NETWORK, QUEUE } from "./config-cases.ts";

const ROLE = "a role's ARN such as arn:aws:iam::123456789012:role/on-call";

describe("a value is refused", () => {
  test.each(["5x", "", "NaN", "1.5", " 5", "1e3", "0x10", "-0", "010", "-1", "Infinity", "99999999999999999999"])(
    "that is %j instead of a number",
    (text) => {
      expect(complaint({ "pipelines.orders.batchSize": text })).toBe(
        `pipelines.orders.batchSize is ${JSON.stringify(text)}; it must be a whole number from 1 to 10000.`,
      );
    },
  );

  test.each([["500"], [1.5], [Number.NaN], [null], [true], [[500]], [{}]])(
    "in the stage's entry that is %j instead of a number",
    (value) => {
      expect(complaintOfOrders({ batchSize: value })).toMatch(
        /^stages\.dev\.pipelines\.orders\.batchSize is .*; it must be a whole number from 1 to 10000\.$/,
      );
    },
  );

  test.each(["yes", "", "True", "1"])("that is %j instead of true or false", (text) => {
    expect(complaint({ keepData: text })).toBe(`keepData is ${JSON.stringify(text)}; it must be true or false.`);
    expect(complaint({ "pipelines.orders": text })).toBe(`pipelines.orders is ${JSON.stringify(text)}; it must be true or false.`);
  });

  test("that is not a list, or has too few, repeated or wrong members", () => {
    expect(complaintOfOrders({ deadLetterReaders: "x" })).toBe(
      `stages.dev.pipelines.orders.deadLetterReaders is "x"; it must be a list without repetition, each ${ROLE}.`,
    );
    for (const arn of ["arn:aws:iam::123456789012:user/a", "*", "arn:aws:iam::123456789012:role/*"]) {
      expect(complaintOfOrders({ deadLetterReaders: [arn] })).toMatch(/deadLetterReaders is .*; it must be a list/);
    }
    expect(complaint({ "network.subnetIds": "" })).toMatch(/^network\.vpcId is not given/);
    expect(complaint({ "network.vpcId": "vpc-00000001", "network.subnetIds": "" })).toMatch(
      /^network\.subnetIds is ""; it must be a list of 1 or more/,
    );
    expect(complaint({ "network.endpoints": "kms,kms" })).toMatch(/without repetition, each one of kms, secretsmanager\.$/);
    expect(complaint({ "network.endpoints": "kms, secretsmanager" })).toMatch(/^network\.endpoints is "kms, secretsmanager"; it must be/);
    expect(complaint({ "network.endpoints": "kms,sqs" })).toMatch(/^network\.endpoints is "kms,sqs"/);
  });

  test.each([
    ["batchSize", 0, 10_001, "1 to 10000"],
    ["batchWindow", -1, 301, "0 to 300"],
    ["maxConcurrency", 1, 1001, "2 to 1000"],
    ["timeout", 9, 901, "10 to 900"],
    ["memoryMiB", 255, 10_241, "256 to 10240"],
    ["maxReceiveCount", 0, 1001, "1 to 1000"],
    ["lagPromise", 59, 345_601, "60 to 345600"],
    ["normalDeadLetters", -1, 1_000_001, "0 to 1000000"],
  ])("that is out of the bounds of pipelines.orders.%s", (key, low, high, bounds) => {
    for (const value of [low, high]) {
      expect(complaintOfOrders({ [key]: value })).toBe(
        `stages.dev.pipelines.orders.${key} is ${value}; it must be a whole number from ${bounds}.`,
      );
    }
  });

  test.each([
    ["network.zones", "1", "4"],
    ["network.endpointZones", "0", "4"],
    ["database.storageGiB", "19", "59579"],
    ["database.maxStorageGiB", "21", "65537"],
    ["database.backupDays", "0", "36"],
    ["database.maxConnections", "5", "5001"],
    ["database.connectionReserve", "4", "10001"],
    ["pipelines.orders.logRetentionDays", "0", "91"],
  ])("that is out of the bounds of %s", (key, ...values) => {
    for (const value of values) expect(complaint({ [key]: value })).toMatch(`${key} is "${value}"; it must be `);
  });

  test.each([
    [
      "network.cidr",
      [
        "10.42.0.0",
        "10.42.0.0/15",
        "10.42.0.0/25",
        "10.42.0.1/22",
        "10.42.0.0/ 22",
        "256.0.0.0/16",
        "::/16",
        "10.42.0.0/022",
        "11.0.0.0/16",
        "172.32.0.0/16",
        "192.169.0.0/16",
        "100.128.0.0/16",
      ],
    ],
    ["database.name", ["", "1st", "a-b", "a b", "a".repeat(64), "template1", "RDSadmin", "user", "Verbose"]],
    ["database.instanceType", ["db.m8g.large", "m8g", "m8g.huge", "", "large", "m8g.", "m8g.large ", "M8G.large", "m8g.large.large"]],
    ["masking.keyArn", ["", "1234abcd", KEY.replace("key/", "alias/"), KEY.replace("kms", "sqs"), `${KEY}*`]],
    ["alerts.pageEmail", ["", "a", "a@b", "a@b c.org", "a@b.org,c@d.org", "@b.org"]],
    ["alerts.ticketEmail", ["", "a"]],
    ["alerts.runbookUrl", ["", " ", "a".repeat(301), "https://a b", "<https://a>", 'https://a"b']],
    ["pipelines.orders.queueArn", ["", "login-queue", `${QUEUE}.fif`, `${QUEUE}*`, QUEUE.replace("123456789012", "")]],
    ["pipelines.orders.deadLetterQueueArn", ["", "https://sqs.eu-west-1.amazonaws.com/123456789012/dlq"]],
    ["pipelines.orders.visibilityTimeout", ["9", "43201"]],
    ["pipelines.orders.queueKeyArn", ["", "alias/aws/sqs"]],
  ])("that does not have the form of %s", (key, values) => {
    const existing = Object.fromEntries(Object.entries(EXISTING_QUEUE).map(([key, value]) => [`pipelines.orders.${key}`, String(value)]));
    for (const value of values) {
      const sentence = complaint({ ...existing, [key]: value });
      expect(sentence.startsWith(`${key} is "`)).toBe(true);
      expect(sentence).toMatch(/; it must be /);
    }
  });

  test.each([
    ["host", ["", "db:5432", "postgres://db", "a b", "-a", "10.0.0.7", "127.1"]],
    ["port", [0, 65_536, "5432"]],
    ["securityGroupId", ["", "sg", "SG-1", "sg-*", "sg-0a1b2c3", "sg-0a1b2c3d4", "sg-0123456789abcdef01"]],
    ["resourceId", ["", "db-", "*", "prx-ABC", "db-*", "arn:aws:rds:eu-west-1:123456789012:db:x"]],
    ["adminSecretArn", ["", "master", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:master"]],
    ["adminSecretKeyArn", ["", "alias/aws/secretsmanager"]],
    ["adminUser", ["", "Admin", "a b", "*"]],
    ["name", ["", "a b", "a".repeat(64), "template0", "rdsadmin"]],
  ])("that does not have the form of an existing database's %s", (key, values) => {
    for (const value of values) {
      expect(complaintOf({ network: NETWORK, database: { ...DATABASE, [key]: value } })).toMatch(
        new RegExp(`^stages\\.dev\\.database\\.${key} is .*; it must be `),
      );
    }
  });

  test.each([
    ["vpcId", ["", "vpc", "subnet-00000001", "vpc-x1"]],
    ["subnetIds", [[], ["subnet-00000001", "subnet-00000001"], ["vpc-00000001", "subnet-00000002"], "subnet-00000001,subnet-00000002"]],
    [
      "availabilityZones",
      [
        ["eu-west-1a", "eu-west-1a"],
        ["euw1-az1", "euw1-az2"],
        ["eu-west-1", "eu-west-2"],
      ],
    ],
  ])("that does not have the form of an existing network's %s", (key, values) => {
    for (const value of values) {
      expect(complaintOf({ network: { ...NETWORK, [key]: value } })).toMatch(
        new RegExp(`^stages\\.dev\\.network\\.${key} is .*; it must be `),
      );
    }
  });

  test("that names fewer than two or more than three zones for a created network", () => {
    for (const availabilityZones of ["eu-west-1a", "eu-west-1a,eu-west-1b,eu-west-1c,eu-west-1d", "eu-west-1a,eu-west-1a"]) {
      expect(complaint({ "network.availabilityZones": availabilityZones })).toMatch(
        /^network\.availabilityZones is ".*"; it must be a list of 2 to 3 without repetition, each an availability zone/,
      );
    }
  });

  test("and its end cut off if it is long", () => {
    expect(complaint({ keepData: "x".repeat(10_000) }).length).toBeLessThan(200);
    expect(complaintOf({ keepData: [Array(1000).fill("x".repeat(1000))] }).length).toBeLessThan(200);
  });
});
