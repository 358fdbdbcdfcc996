import { describe, expect, test } from "@jest/globals";
import { queues } from "../../lambda/pipelines/index.ts";
import { EXISTING_QUEUE, PAGES, prod, QUEUE, read } from "./config-cases.ts";

describe("by default", () => {
  test("dev is small, and all of it may be deleted", () => {
    expect(read({}, { "user-logins": { pipelines: ["user-logins"] } })).toEqual({
      name: "dev",
      keepData: false,
      network: {
        kind: "created",
        cidr: "10.42.0.0/22",
        availabilityZones: undefined,
        zones: 2,
        endpointZones: 1,
        endpoints: ["kms", "secretsmanager"],
      },
      database: {
        kind: "created",
        name: "masqueue",
        maxConnections: 80,
        connectionReserve: 20,
        instanceType: "t4g.micro",
        storageGiB: 20,
        maxStorageGiB: 100,
        multiAz: false,
        backupDays: 1,
      },
      masking: { keyArn: undefined, multiRegion: false },
      alerts: { pageEmail: undefined, ticketEmail: undefined, runbookUrl: "docs/runbook.md", trail: true },
      pipelines: {
        "user-logins": {
          queueArn: undefined,
          deadLetterQueueArn: undefined,
          queueKeyArn: undefined,
          deadLetterReaders: [],
          batchSize: 1000,
          batchWindow: 5,
          maxConcurrency: 5,
          timeout: 30,
          memoryMiB: 512,
          maxReceiveCount: 10,
          visibilityTimeout: 185,
          logRetentionDays: 7,
          lagPromise: 600,
          normalDeadLetters: 10,
          isShared: false,
        },
      },
    });
  });

  test.each([
    ["staging", { instanceType: "t4g.medium", multiAz: false }],
    ["prod", { instanceType: "m8g.large", multiAz: true }],
  ])("%s differs from dev: it keeps its data, is larger, and has endpoints in all zones", (stage, instance) => {
    const { network, database, pipelines, ...dev } = read(PAGES);
    expect(read({ stage, ...PAGES })).toEqual({
      ...dev,
      name: stage,
      keepData: true,
      network: { ...network, endpointZones: 2 },
      database: { ...database, ...instance, maxConnections: 200, storageGiB: 100, maxStorageGiB: 500, backupDays: 14 },
      pipelines: Object.fromEntries(Object.entries(pipelines).map(([name, dev]) => [name, { ...dev, logRetentionDays: 90 }])),
    });
  });

  test("a stage with a name of the user's is like staging", () => {
    const { name, ...own } = read({ stage: "qa-2", stages: { "qa-2": {} }, ...PAGES });
    expect({ ...own, name: "staging" }).toEqual(read({ stage: "staging", ...PAGES }));
    expect(own.database).toMatchObject({ instanceType: "t4g.medium", multiAz: false });
    expect(name).toBe("qa-2");
  });

  test("a stage called local is like dev", () => {
    expect({ ...read({ stage: "local" }), name: "dev" }).toEqual(read({}));
  });

  test("every pipeline is deployed", () => {
    expect(Object.keys(read({}).pipelines)).toEqual(["user-logins", "orders"]);
    expect(Object.keys(read({}, queues).pipelines)).toEqual(Object.keys(queues));
  });
});

describe("a key", () => {
  test("of the stage's entry wins over the default", () => {
    expect(prod({ database: { maxConnections: 300 }, keepData: false })).toMatchObject({
      keepData: false,
      database: { maxConnections: 300 },
    });
  });

  test("of another stage's entry has no effect", () => {
    expect(read({ stages: { prod: { keepData: true } } }).keepData).toBe(false);
  });

  test("of the command line wins over the stage's entry", () => {
    const entry = { database: { maxConnections: 300, multiAz: true }, pipelines: { orders: { batchSize: 50 } } };
    expect(prod(entry, { "database.maxConnections": "100", "pipelines.orders.batchSize": "500" })).toMatchObject({
      database: { maxConnections: 100, multiAz: true },
      pipelines: { orders: { batchSize: 500 } },
    });
  });

  test("of the command line is converted from text", () => {
    const stage = read({
      keepData: "true",
      ...PAGES,
      "network.endpoints": "kms",
      "alerts.runbookUrl": "https://example.org/runbook?a=b",
      "pipelines.orders.logRetentionDays": "30",
      "pipelines.orders.batchWindow": "300",
      "pipelines.orders.deadLetterReaders": "arn:aws:iam::123456789012:role/a,arn:aws:iam::123456789012:role/team/b",
    });
    expect(stage).toMatchObject({
      keepData: true,
      network: { endpoints: ["kms"] },
      alerts: { runbookUrl: "https://example.org/runbook?a=b" },
      pipelines: {
        orders: {
          logRetentionDays: 30,
          batchWindow: 300,
          deadLetterReaders: ["arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:role/team/b"],
        },
      },
    });
  });

  test("of CDK itself, or an answer to one of its look-ups, is ignored", () => {
    const foreign = {
      "@aws-cdk/core:checkSecretUsage": true,
      "@aws-cdk-containers/ecs-service-extensions:enableDefaultLogDriver": true,
      "aws:cdk:enable-path-metadata": true,
      "aws-cdk:enableDiffNoFail": true,
      "availability-zones:account=123456789012:region=eu-west-1": ["eu-west-1a"],
      "ssm:account=123456789012:parameterName=/a.b:region=eu-west-1": "x",
      "acknowledged-issue-numbers": [1],
      "cli-telemetry": false,
    };
    expect(read(foreign)).toEqual(read({}));
  });
});

describe("a default that follows from other keys", () => {
  test("is the visibility timeout: six times the function's timeout and the window", () => {
    expect(read({ "pipelines.orders.timeout": "60", "pipelines.orders.batchWindow": "20" }).pipelines.orders?.visibilityTimeout).toBe(380);
  });

  test("is the batch of a FIFO queue: 10 at once, without waiting", () => {
    const orders = { ...EXISTING_QUEUE, queueArn: `${QUEUE}.fifo` };
    expect(prod({ pipelines: { orders } }).pipelines.orders).toMatchObject({ ...orders, batchSize: 10, batchWindow: 0 });
  });

  test("is the limit of storage: five times its size, and at most that of RDS", () => {
    expect(prod({ database: { storageGiB: 200 } }).database).toMatchObject({ maxStorageGiB: 1000 });
    expect(prod({ database: { storageGiB: 59_578 } }).database).toMatchObject({ maxStorageGiB: 65_536 });
  });

  test("is the address for tickets: that for pages, unless another is named", () => {
    expect(prod({ alerts: { pageEmail: "a@example.org" } }).alerts.ticketEmail).toBe("a@example.org");
    expect(prod({ alerts: { pageEmail: "a@example.org", ticketEmail: "b@example.org" } }).alerts.ticketEmail).toBe("b@example.org");
  });

  test("is the number of zones: as many as are named", () => {
    const availabilityZones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];
    expect(prod({ network: { availabilityZones } }).network).toMatchObject({
      kind: "created",
      availabilityZones,
      zones: 3,
      endpointZones: 3,
    });
  });

  test("is the number of zones with endpoints: all, but one in dev", () => {
    expect(prod({ network: { zones: 3 } }).network).toMatchObject({ endpointZones: 3 });
    expect(read({ "network.zones": "3" }).network).toMatchObject({ endpointZones: 1 });
  });
});

describe("a pipeline", () => {
  test("is left out by false, in the stage's entry or on the command line", () => {
    expect(Object.keys(prod({ pipelines: { orders: false } }).pipelines)).toEqual(["user-logins"]);
    expect(Object.keys(prod({ pipelines: { orders: { batchSize: 5 } } }, { "pipelines.orders": "false" }).pipelines)).toEqual([
      "user-logins",
    ]);
  });

  test("that a stage leaves out is deployed by true on the command line", () => {
    expect(Object.keys(prod({ pipelines: { orders: false } }, { "pipelines.orders": "true" }).pipelines)).toEqual([
      "user-logins",
      "orders",
    ]);
  });
});
