import { type Given, type Givens, givenKeys, isObject, type Level } from "./context.ts";
import { ConfigError, mustBe } from "./error.ts";
import { boolean } from "./forms.ts";
import { isExisting, readGroup, readValue } from "./group.ts";
import {
  alertKeys,
  existingDatabaseKeys,
  existingNetworkKeys,
  maskingKeys,
  ownDatabaseKeys,
  ownNetworkKeys,
  pipelineKeys,
  type Tier,
  topKeys,
} from "./keys.ts";
import { checkTogether } from "./rules.ts";
import type { CreatedNetwork, PipelineStage, Stage } from "./stage.ts";

export { ConfigError } from "./error.ts";

/** The stage in LocalStack. */
const LOCAL = "local";

/** Whose defaults the named stages take; any other takes staging's. */
const TIERS = new Map<string, Tier>([
  ["dev", "dev"],
  ["staging", "staging"],
  ["prod", "prod"],
  [LOCAL, "dev"],
]);

/**
 * The stage that `context.stage` names, by precedence from the context's own keys (`-c database.maxConnections=100`), from
 * `context.stages`, and from the defaults.
 * @param context as `app.node.getAllContext()` gives it
 * @param pipelines all there are, by name
 * @throws ConfigError where something is wrong, and nothing else
 */
export function readStage(
  context: Readonly<Record<string, unknown>>,
  pipelines: Readonly<Record<string, { readonly name: string }>>,
): Stage {
  const { name, entry } = chooseStage(context);
  const names = Object.keys(pipelines);
  const given = givenKeys(context, entry, knownKeys(names));
  const tier = TIERS.get(name) ?? "staging";
  const stage: Stage = {
    name,
    ...readGroup(given, "", topKeys, tier),
    network: readNetwork(given, tier),
    database: readDatabase(given, tier),
    masking: readMasking(given, tier),
    alerts: readGroup(given, "alerts.", alertKeys, tier),
    pipelines: Object.fromEntries(names.filter((name) => !leftOut(given, name)).map((name) => [name, readPipeline(given, name, tier)])),
  };
  if (Object.keys(stage.pipelines).length === 0)
    throw new ConfigError(`pipelines leaves out ${names.join(", ")}; at least one must be deployed.`);
  checkTogether(stage);
  return stage;
}

/**
 * As readStage, for a stage that is deployed to AWS.
 * @throws ConfigError for `local`, too
 */
export function readAwsStage(...[context, pipelines]: Parameters<typeof readStage>): Stage {
  if (context.stage === LOCAL) throw mustBe("stage", LOCAL, "one in AWS, because npm run local:deploy is what deploys local to LocalStack");
  return readStage(context, pipelines);
}

function chooseStage({ stage: name, stages = {} }: Readonly<Record<string, unknown>>): { name: string; entry: Given } {
  if (!isObject(stages)) throw mustBe("stages", stages, "an object with an object for each stage");
  const known = new Set([...TIERS.keys(), ...Object.keys(stages)]);
  if (typeof name !== "string" || !known.has(name)) throw mustBe("stage", name, `one of ${[...known].join(", ")}`);
  if (name.length > 20 || !/^[a-z](-?[a-z0-9])*$/.test(name)) {
    const allowed = "up to 20 lower-case letters, digits and single hyphens between them, a letter first";
    throw mustBe("stage", name, `${allowed}, because resources are named after it`);
  }
  return { name, entry: { value: Object.hasOwn(stages, name) ? stages[name] : {}, where: `stages.${name}`, override: false } };
}

function knownKeys(pipelines: readonly string[]): Level {
  const level = (...names: readonly string[]): Level => new Map(names.map((name) => [name, new Map()]));
  const keys = (...tables: readonly object[]) => level(...tables.flatMap(Object.keys));
  return new Map([
    ...keys(topKeys),
    ["network", keys(ownNetworkKeys, existingNetworkKeys)],
    ["database", keys(ownDatabaseKeys, existingDatabaseKeys)],
    ["masking", keys(maskingKeys)],
    ["alerts", keys(alertKeys)],
    ["pipelines", new Map(pipelines.map((name) => [name, keys(pipelineKeys)]))],
  ]);
}

/** The keys of the first table that the second lacks. */
const only = (keys: object, others: object) => Object.keys(keys).filter((key) => !Object.hasOwn(others, key));

function readNetwork(given: Givens, tier: Tier): Stage["network"] {
  return isExisting(given, "network.", only(existingNetworkKeys, ownNetworkKeys), only(ownNetworkKeys, existingNetworkKeys))
    ? { kind: "existing", ...readGroup(given, "network.", existingNetworkKeys, tier) }
    : readOwnNetwork(given, tier);
}

function readOwnNetwork(given: Givens, tier: Tier): CreatedNetwork {
  const [zones, names] = [given.get("network.zones"), given.get("network.availabilityZones")];
  if (zones && names) throw new ConfigError(`${zones.where} is given, but ${names.where} names the zones; only one of the two is allowed.`);
  return { kind: "own", ...readGroup(given, "network.", ownNetworkKeys, tier) };
}

function readDatabase(given: Givens, tier: Tier): Stage["database"] {
  return isExisting(given, "database.", only(existingDatabaseKeys, ownDatabaseKeys), only(ownDatabaseKeys, existingDatabaseKeys))
    ? { kind: "existing", ...readGroup(given, "database.", existingDatabaseKeys, tier) }
    : { kind: "own", ...readGroup(given, "database.", ownDatabaseKeys, tier) };
}

function readMasking(given: Givens, tier: Tier): Stage["masking"] {
  isExisting(given, "masking.", ["keyArn"], ["multiRegion"]);
  return readGroup(given, "masking.", maskingKeys, tier);
}

/** `false` stands in the pipeline's place. Keys that `-c` sets beside it would say nothing, and are refused. */
function leftOut(given: Givens, name: string): boolean {
  const path = `pipelines.${name}`;
  const place = given.get(path);
  if (!place || readValue(place, boolean)) return false;
  const beside = [...given.keys()].find((key) => key.startsWith(`${path}.`) && given.get(key)?.override);
  if (beside) throw new ConfigError(`${beside} is given, but ${place.where} is false; a pipeline that is left out takes no keys.`);
  return true;
}

function readPipeline(given: Givens, name: string, tier: Tier): PipelineStage {
  const group = `pipelines.${name}.`;
  const told = ["visibilityTimeout", "maxReceiveCount"] as const;
  const ofExisting = ["queueArn", "deadLetterQueueArn", "queueKeyArn", "visibilityTimeout"];
  if (isExisting(given, group, ofExisting, ["deadLetterReaders"]) && !given.has(`${group}queueArn`)) {
    const first = group + ofExisting.find((key) => given.has(group + key));
    throw new ConfigError(`${first} is allowed only for an existing queue; ${group}queueArn must name it.`);
  }
  // Our defaults are not what that queue has: by them, an outage that loses messages would pass as survived.
  const missing = given.has(`${group}queueArn`) && told.find((key) => !given.has(group + key));
  if (missing)
    throw new ConfigError(
      `${group}${missing} is not given; it must be what the existing queue has, ${pipelineKeys[missing].form.allowed}.`,
    );
  return readGroup(given, group, pipelineKeys, tier);
}
