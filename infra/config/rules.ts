import { ConfigError, mustBe } from "./errors.ts";
import type { PipelineStage, Stage } from "./schema.ts";

/** Seconds that an outage may last before messages go to the dead-letter queue. */
const MIN_SURVIVAL = 20 * 60;
/** An IAM role's name has at most 64 characters, of which `masqueue--` and the longest Region take 25. */
const MAX_STAGE_AND_PIPELINE = 39;
/** `masqueue-<stage>-migrate` is the function that migrates. */
const SCHEMA_FUNCTION = "migrate";

/**
 * Checks the keys that depend on each other.
 * @throws ConfigError for the first rule that a stage breaks
 */
export function checkRules(stage: Stage): void {
  checkNetwork(stage);
  checkDatabase(stage);
  for (const [name, pipeline] of Object.entries(stage.pipelines)) {
    const max = MAX_STAGE_AND_PIPELINE - stage.name.length;
    if (name.length > max)
      throw mustBe("The name of a pipeline or shared queue", name, `no longer than ${max} characters in stage ${stage.name}`);
    if (name === SCHEMA_FUNCTION)
      throw mustBe("The name of a pipeline or shared queue", name, "another one: the function that migrates has this name");
    checkQueue(`pipelines.${name}`, pipeline);
    checkBatch(`pipelines.${name}`, pipeline);
  }
  checkConnections(stage);
  checkLocations(stage);
  checkPages(stage);
}

/** Otherwise a deployment that forgets the address would end the pages without a word. */
function checkPages({ name, keepData, alerts }: Stage): void {
  if (!keepData || alerts.pageEmail) return;
  const allowed = "the e-mail address that receives pages, or none";
  throw new ConfigError(
    `stages.${name}.alerts.pageEmail is not given in cdk.json; it must be ${allowed}, because this stage keeps its data.`,
  );
}

function checkNetwork({ network, database }: Stage): void {
  if (network.kind === "created") {
    const { zones, endpointZones, endpoints } = network;
    if (endpointZones > zones) throw mustBe("network.endpointZones", endpointZones, `no more than network.zones (${zones})`);
    if (!endpoints.includes("kms"))
      throw mustBe("network.endpoints", endpoints, "a list with kms, because a created network has no other way to it");
    return;
  }
  const { subnetIds, availabilityZones } = network;
  if (availabilityZones.length !== subnetIds.length)
    throw mustBe("network.availabilityZones", availabilityZones, `the zones of network.subnetIds (${subnetIds.length}), one for each`);
  if (database.kind === "created" && subnetIds.length < 2)
    throw mustBe("network.subnetIds", subnetIds, "two subnets or more, in different zones, for a created database");
}

function checkDatabase({ database }: Stage): void {
  if (database.kind === "existing") {
    for (const key of ["adminSecretKeyArn", "adminUser"] as const) {
      if (database[key] && !database.adminSecretArn)
        throw mustBe(`database.${key}`, database[key], "left out, because database.adminSecretArn, to which it belongs, is not given");
    }
    if (database.adminSecretArn && !database.adminUser) {
      const why = "the user in database.adminSecretArn, because RDS accepts only a token from that user";
      throw new ConfigError(`database.adminUser is not given; it must be ${why}.`);
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
  // Twice: after a deployment, containers with the old code keep their connections for a while.
  const needed = 2 * invocations + connectionReserve;
  if (needed > maxConnections) {
    const sum = `2 x ${invocations} (maxConcurrency of all pipelines together) + ${connectionReserve} (database.connectionReserve)`;
    throw mustBe("database.maxConnections", maxConnections, `at least ${needed} = ${sum}`);
  }
}

function checkQueue(path: string, { queueArn, deadLetterQueueArn, maxReceiveCount, visibilityTimeout, timeout }: PipelineStage): void {
  if (queueArn && deadLetterQueueArn && !areSiblings(queueArn, deadLetterQueueArn)) {
    const allowed = `another queue of the account, region and kind of ${path}.queueArn (${queueArn})`;
    throw mustBe(`${path}.deadLetterQueueArn`, deadLetterQueueArn, allowed);
  }
  if (visibilityTimeout < timeout)
    throw mustBe(`${path}.visibilityTimeout`, visibilityTimeout, `at least ${path}.timeout (${timeout}): Lambda refuses such a queue`);
  const survival = (maxReceiveCount - 1) * visibilityTimeout;
  if (survival < MIN_SURVIVAL) {
    const product = `(maxReceiveCount - 1) x visibility timeout = ${maxReceiveCount - 1} x ${visibilityTimeout} s = ${survival} s`;
    const allowed = `higher, because a message survives an outage of ${product}, and at least ${MIN_SURVIVAL} s are required`;
    throw mustBe(`${path}.maxReceiveCount`, maxReceiveCount, allowed);
  }
}

/** A dead-letter queue has its queue's partition, Region and account, and is FIFO if the queue is. */
function areSiblings(queueArn: string, other: string): boolean {
  const traits = (arn: string) => `${arn.split(":", 5).join()} ${arn.endsWith(".fifo")}`;
  return other !== queueArn && traits(other) === traits(queueArn);
}

function checkBatch(path: string, { queueArn, batchSize, batchWindow }: PipelineStage): void {
  const isFifo = queueArn?.endsWith(".fifo");
  if (isFifo && batchSize > 10) throw mustBe(`${path}.batchSize`, batchSize, "1 to 10 for a FIFO queue");
  if (isFifo && batchWindow > 0) throw mustBe(`${path}.batchWindow`, batchWindow, "0 for a FIFO queue");
  if (batchSize > 10 && batchWindow < 1)
    throw mustBe(`${path}.batchWindow`, batchWindow, `1 to 300 for a batchSize over 10 (here ${batchSize})`);
}

/** An existing resource: the key that names it, and one part of its location. */
type Location = Readonly<{ path: string; value: unknown; part: string | undefined }>;

/** All existing resources must be in one Region of one partition, queues and masking key also in one account. A zone names only its Region. */
function checkLocations({ network, masking, database, pipelines }: Stage): void {
  const { adminSecretArn = undefined, adminSecretKeyArn = undefined } = database.kind === "existing" ? database : {};
  const arns = Object.entries({
    "masking.keyArn": masking.keyArn,
    "database.adminSecretArn": adminSecretArn,
    "database.adminSecretKeyArn": adminSecretKeyArn,
  });
  // Dead-letter queues are compared with their queues.
  for (const [name, { queueArn, queueKeyArn }] of Object.entries(pipelines))
    arns.push([`pipelines.${name}.queueArn`, queueArn], [`pipelines.${name}.queueKeyArn`, queueKeyArn]);
  const locate = (part: number): Location[] =>
    arns.flatMap(([path, arn]) => (arn ? [{ path, value: arn, part: arn.split(":")[part] }] : []));
  const zones = network.availabilityZones ?? [];
  const regions = zones.map((zone) => ({ path: "network.availabilityZones", value: zones, part: parseRegion(zone) }));
  mustAgree("Region", [...regions, ...locate(3)]);
  mustAgree("partition", locate(1));
  const used = locate(4).filter(({ path }) => path === "masking.keyArn" || path.endsWith(".queueArn"));
  mustAgree("account", used);
}

/** Parses the Region of a zone, also of a local zone such as us-east-1-bos-1a. */
const parseRegion = (zone: string) => /^[a-z]{2}(-[a-z]+)+-\d/.exec(zone)?.[0] ?? zone;

function mustAgree(word: string, [first, ...others]: readonly Location[]): void {
  const other = others.find(({ part }) => part !== first?.part);
  if (first && other) throw mustBe(other.path, other.value, `in ${first.part}, the ${word} of ${first.path}`);
}
