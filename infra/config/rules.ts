import { mustBe } from "./error.ts";
import { checkPlaces } from "./places.ts";
import type { PipelineStage, Stage } from "./stage.ts";

/** How long an outage may last before messages go to the dead-letter queue, in seconds. */
const LEAST_SURVIVAL = 20 * 60;
/** An IAM role's name has 64 characters, of which `masqueue--` and the longest region take 25. */
const ROOM_IN_NAMES = 39;

/** `masqueue-<stage>-migrate` is taken. */
const SCHEMA_FUNCTION = "migrate";

/** What keys must be to each other. */
export function checkTogether(stage: Stage): void {
  checkNetwork(stage);
  checkDatabase(stage);
  for (const [name, pipeline] of Object.entries(stage.pipelines)) {
    const longest = ROOM_IN_NAMES - stage.name.length;
    if (name.length > longest) throw mustBe("The pipeline's name", name, `no longer than ${longest} characters in stage ${stage.name}`);
    if (name === SCHEMA_FUNCTION) throw mustBe("The pipeline's name", name, "another one: the function that migrates is called so");
    checkQueue(`pipelines.${name}`, pipeline);
    checkBatch(`pipelines.${name}`, pipeline);
  }
  checkConnections(stage);
  checkPlaces(stage);
}

function checkNetwork({ network, database }: Stage): void {
  if (network.kind === "own") {
    const { zones, endpointZones, endpoints } = network;
    if (endpointZones > zones) throw mustBe("network.endpointZones", endpointZones, `no more than network.zones (${zones})`);
    if (!endpoints.includes("kms"))
      throw mustBe("network.endpoints", endpoints, "a list with kms, because a network made here has no other way to it");
    return;
  }
  const { subnetIds, availabilityZones } = network;
  if (availabilityZones.length !== subnetIds.length) {
    throw mustBe("network.availabilityZones", availabilityZones, `the zones of network.subnetIds (${subnetIds.length}), one for each`);
  }
  if (database.kind === "own" && subnetIds.length < 2) {
    throw mustBe("network.subnetIds", subnetIds, "two subnets or more, in different zones, where the database is made here");
  }
}

function checkDatabase({ database }: Stage): void {
  if (database.kind === "existing") {
    for (const key of ["adminSecretKeyArn", "adminUser"] as const) {
      if (database[key] && !database.adminSecretArn)
        throw mustBe(`database.${key}`, database[key], "left out, because database.adminSecretArn, which it is about, is not given");
    }
    return;
  }
  const { storageGiB, maxStorageGiB } = database;
  // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
  if (10 * maxStorageGiB < 11 * storageGiB)
    throw mustBe("database.maxStorageGiB", maxStorageGiB, `at least 1.1 times database.storageGiB (${storageGiB})`);
}

function checkConnections({ database: { maxConnections, connectionReserve }, pipelines }: Stage): void {
  const invocations = Object.values(pipelines).reduce((sum, { maxConcurrency }) => sum + maxConcurrency, 0);
  // Twice: after a deployment, containers of the old code hold theirs for a while.
  const needed = 2 * invocations + connectionReserve;
  if (needed > maxConnections) {
    const sum = `2 x ${invocations} (maxConcurrency of all pipelines together) + ${connectionReserve} (database.connectionReserve)`;
    throw mustBe("database.maxConnections", maxConnections, `at least ${needed} = ${sum}`);
  }
}

function checkQueue(path: string, { queueArn, deadLetterQueueArn, maxReceiveCount, visibilityTimeout, timeout }: PipelineStage): void {
  if (queueArn && deadLetterQueueArn && (deadLetterQueueArn === queueArn || sort(deadLetterQueueArn) !== sort(queueArn))) {
    throw mustBe(
      `${path}.deadLetterQueueArn`,
      deadLetterQueueArn,
      `another queue of the account, region and kind of ${path}.queueArn (${queueArn})`,
    );
  }
  if (visibilityTimeout < timeout) {
    throw mustBe(`${path}.visibilityTimeout`, visibilityTimeout, `at least ${path}.timeout (${timeout}): Lambda refuses such a queue`);
  }
  const survival = (maxReceiveCount - 1) * visibilityTimeout;
  if (survival < LEAST_SURVIVAL) {
    const product = `(maxReceiveCount - 1) x visibility timeout = ${maxReceiveCount - 1} x ${visibilityTimeout} s = ${survival} s`;
    throw mustBe(
      `${path}.maxReceiveCount`,
      maxReceiveCount,
      `higher, because a message survives an outage of ${product}, and at least ${LEAST_SURVIVAL} s are required`,
    );
  }
}

/** Partition, region and account, which a queue shares with its dead-letter queue, as they share being FIFO or not. */
const sort = (queueArn: string) => `${queueArn.split(":", 5).join()} ${queueArn.endsWith(".fifo")}`;

function checkBatch(path: string, { queueArn, batchSize, batchWindow }: PipelineStage): void {
  const fifo = queueArn?.endsWith(".fifo");
  if (fifo && batchSize > 10) throw mustBe(`${path}.batchSize`, batchSize, "1 to 10 for a FIFO queue");
  if (fifo && batchWindow > 0) throw mustBe(`${path}.batchWindow`, batchWindow, "0 for a FIFO queue");
  if (batchSize > 10 && batchWindow < 1)
    throw mustBe(`${path}.batchWindow`, batchWindow, `1 to 300 for a batchSize over 10 (here ${batchSize})`);
}
