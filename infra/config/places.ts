import { mustBe } from "./error.ts";
import type { Stage } from "./stage.ts";

/** A thing that is there already, and where. A zone's name tells its Region alone. */
interface Told {
  readonly path: string;
  readonly value: unknown;
  readonly region: string;
  readonly partition?: string;
  /** Only where it must be the stage's own. */
  readonly account?: string;
}

/** All that a stage is told of must lie where the stage does: in one Region, of one partition, and queues and masking key in one account. */
export function checkPlaces(stage: Stage): void {
  const told = [...whatIsTold(stage)];
  mustAgree(told, "region", "Region");
  mustAgree(told, "partition", "partition");
  mustAgree(told, "account", "account");
}

function* whatIsTold({ network, masking, database, pipelines }: Stage): Generator<Told> {
  const zones = network.availabilityZones ?? [];
  for (const zone of zones) yield { path: "network.availabilityZones", value: zones, region: regionOf(zone) };
  yield* atArn("masking.keyArn", masking.keyArn, true);
  if (database.kind === "existing") {
    yield* atArn("database.adminSecretArn", database.adminSecretArn);
    yield* atArn("database.adminSecretKeyArn", database.adminSecretKeyArn);
  }
  for (const [name, { queueArn, queueKeyArn }] of Object.entries(pipelines)) {
    // A dead-letter queue is held against its queue already.
    yield* atArn(`pipelines.${name}.queueArn`, queueArn, true);
    yield* atArn(`pipelines.${name}.queueKeyArn`, queueKeyArn);
  }
}

function* atArn(path: string, arn: string | undefined, own = false): Generator<Told> {
  if (arn === undefined) return;
  const [, partition = "", , region = "", account = ""] = arn.split(":");
  yield { path, value: arn, region, partition, ...(own && { account }) };
}

/** Also of a local zone, such as us-east-1-bos-1a. */
const regionOf = (zone: string) => /^[a-z]{2}(-[a-z]+)+-\d/.exec(zone)?.[0] ?? zone;

function mustAgree(told: readonly Told[], key: "region" | "partition" | "account", word: string): void {
  const [first, ...others] = told.filter((one) => one[key] !== undefined);
  const other = others.find((one) => one[key] !== first?.[key]);
  if (first && other) throw mustBe(other.path, other.value, `in ${first[key]}, the ${word} of ${first.path}`);
}
