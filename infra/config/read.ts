import * as v from "valibot";
import { ConfigError, mustBe, show } from "./errors.ts";
import { checkRules } from "./rules.ts";
import type { Stage, Tier } from "./schema.ts";
import * as schema from "./schema.ts";
import { boolean, describeAllowed, parseText, type Validator } from "./validators.ts";

export { ConfigError } from "./errors.ts";

/** The stage in LocalStack. */
const LOCAL = "local";
/** The known stages, with the tier whose defaults each takes. Any other stage takes staging's. */
const TIERS = new Map(Object.entries<Tier>({ dev: "dev", staging: "staging", prod: "prod", [LOCAL]: "dev" }));

type Context = Readonly<Record<string, unknown>>;
type Group = v.GenericSchema & { readonly entries: Readonly<Record<string, Validator>> };

/** A key that the user set. */
interface Setting {
  readonly value: unknown;
  /** The place as the user wrote it: `stages.prod.database.host` in cdk.json, `database.host` with `-c`. */
  readonly source: string;
}

/** All queues that exist, by name. A queue has the name of its pipeline, or one of its own if pipelines share it. */
type Queues = Readonly<Record<string, { readonly pipelines: readonly unknown[] }>>;

/** By the key's path, such as `database.host`. */
type Settings = ReadonlyMap<string, Setting>;

/**
 * The stage that `context.stage` names. The context's keys (`-c database.maxConnections=100`) come first, then the stage's entry in
 * `context.stages` (cdk.json), then the defaults.
 * @param context as `app.node.getAllContext()` returns it
 * @throws ConfigError if a key is unknown or missing, or has a value that is not allowed; no other error
 */
export function readStage(context: Context, queues: Queues): Stage {
  const { name, entry } = chooseStage(context);
  const tier = TIERS.get(name) ?? "staging";
  const settings = readSettings(context, entry, listKeys(tier, Object.keys(queues)));
  const deployed = Object.entries(queues).filter(([name]) => isDeployed(settings, name));
  if (deployed.length === 0)
    throw new ConfigError(`pipelines leaves out ${Object.keys(queues).join(", ")}; at least one must be deployed.`);
  const readQueue = ([name, { pipelines }]: (typeof deployed)[number]) => {
    const isShared = pipelines.length > 1;
    return [name, { ...readPipeline(settings, `pipelines.${name}.`, tier), isShared }] as const;
  };
  const stage: Stage = {
    name,
    ...readGroup(settings, "", schema.stageKeys(tier)),
    network: readEither(settings, "network.", schema.existingNetwork, schema.createdNetwork(tier)),
    database: readEither(settings, "database.", schema.existingDatabase(tier), schema.createdDatabase(tier)),
    masking: readGroup(settings, "masking.", schema.maskingKey),
    alerts: readGroup(settings, "alerts.", schema.alerts),
    pipelines: Object.fromEntries(deployed.map(readQueue)),
  };
  refuseBoth(settings, ["masking.keyArn"], ["masking.multiRegion"]);
  refuseBoth(settings, ["network.availabilityZones"], ["network.zones"], "the first names the zones that the second counts");
  checkRules(stage);
  return stage;
}

/**
 * Reads a stage as readStage does, for a deployment to AWS.
 * @throws ConfigError for `local`, too
 */
export function readAwsStage(...[context, queues]: Parameters<typeof readStage>): Stage {
  if (context.stage === LOCAL) throw mustBe("stage", LOCAL, "a stage in AWS; npm run local:deploy deploys stage local to LocalStack");
  return readStage(context, queues);
}

function chooseStage({ stage: name, stages = {} }: Context): { name: string; entry: Setting } {
  if (!isObject(stages)) throw mustBe("stages", stages, "an object with an object for each stage");
  const known = new Set([...TIERS.keys(), ...Object.keys(stages)]);
  if (typeof name !== "string" || !known.has(name)) throw mustBe("stage", name, `one of ${[...known].join(", ")}`);
  if (name.length > 20 || !/^[a-z](-?[a-z0-9])*$/.test(name)) {
    const allowed = "up to 20 lower-case letters, digits and single hyphens between them, a letter first";
    throw mustBe("stage", name, `${allowed}, because resources are named after it`);
  }
  return { name, entry: { value: Object.hasOwn(stages, name) ? stages[name] : {}, source: `stages.${name}` } };
}

/** The keys that an object may have; a key that takes a value has none. */
interface Level extends ReadonlyMap<string, Level> {}

function listKeys(tier: Tier, pipelines: readonly string[]): Level {
  const level = (...groups: Group[]): Level =>
    new Map(groups.flatMap(({ entries }) => Object.keys(entries)).map((key) => [key, new Map()]));
  return new Map([
    ...level(schema.stageKeys(tier)),
    ["network", level(schema.createdNetwork(tier), schema.existingNetwork)],
    ["database", level(schema.createdDatabase(tier), schema.existingDatabase(tier))],
    ["masking", level(schema.maskingKey)],
    ["alerts", level(schema.alerts)],
    ["pipelines", new Map(pipelines.map((name) => [name, level(schema.pipelineStage(tier))]))],
  ]);
}

/** Keys of CDK itself, of its command line (`cdk acknowledge`), and answers to look-ups (`availability-zones:account=…`). */
const FOREIGN = /^(@|aws:|aws-cdk:|cdk-)|:account=|^(acknowledged-issue-numbers|cli-telemetry)$/;

function readSettings(context: Context, entry: Setting, known: Level): Settings {
  const settings = new Map(flatten(entry, "", known));
  for (const [path, value] of Object.entries(context)) {
    if (path === "stage" || path === "stages" || FOREIGN.test(path)) continue;
    const level = path.split(".").reduce((level, key) => descend(level, key, path), known);
    if (level.size > 0 && !isPipeline(path))
      throw new ConfigError(`${path} is ${show(value)}; set its keys instead: ${[...level.keys()].join(", ")}.`);
    settings.set(path, { value, source: path });
  }
  return settings;
}

function* flatten(setting: Setting, path: string, known: Level): Generator<[string, Setting]> {
  const { value, source } = setting;
  if (known.size === 0 || (isPipeline(path) && typeof value === "boolean")) return yield [path, setting];
  if (!isObject(value))
    throw mustBe(source, value, `${isPipeline(path) ? "false or " : ""}an object with keys from ${[...known.keys()].join(", ")}`);
  for (const [key, member] of Object.entries(value)) {
    const below = { value: member, source: `${source}.${key}` };
    yield* flatten(below, path ? `${path}.${key}` : key, descend(known, key, below.source));
  }
}

function descend(level: Level, key: string, source: string): Level {
  const next = level.get(key);
  if (next) return next;
  throw new ConfigError(`${source} is unknown${level.size > 0 ? `; known keys: ${[...level.keys()].join(", ")}` : ""}.`);
}

function isObject(value: unknown): value is Context {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Such a key takes `false`, which leaves the pipeline out. */
const isPipeline = (path: string) => /^pipelines\.[^.]+$/.test(path);

/** @param path of the group, with the dot at its end */
function readGroup<G extends Group>(settings: Settings, path: string, group: G): v.InferOutput<G> {
  const values = Object.entries(group.entries).map(([key, validator]) => [key, readValue(settings, path + key, validator)]);
  const result = v.safeParse(group, Object.fromEntries(values));
  if (result.success) return result.output;
  const key = String(result.issues[0].path?.[0]?.key);
  const [setting, allowed] = [settings.get(path + key), describeAllowed(group.entries[key])];
  if (setting) throw mustBe(setting.source, setting.value, allowed);
  throw new ConfigError(`${path}${key} is not given; it must be ${allowed}.`);
}

function readValue(settings: Settings, path: string, validator: Validator): unknown {
  const setting = settings.get(path);
  if (setting && isOverride(setting, path) && typeof setting.value === "string") return parseText(setting.value, validator);
  // A key that is set to nothing takes no default.
  return setting && (setting.value ?? null);
}

/** Set with `-c`, whose values are texts. */
const isOverride = ({ source }: Setting, path: string) => source === path;

/** Reads the group of what exists if one of its keys is set, otherwise the group of what is created. */
function readEither<E extends Group, C extends Group>(settings: Settings, path: string, existing: E, created: C) {
  const listOnly = (group: Group, other: Group) => Object.keys(group.entries).flatMap((key) => (key in other.entries ? [] : path + key));
  const ofExisting = listOnly(existing, created);
  refuseBoth(settings, ofExisting, listOnly(created, existing));
  return ofExisting.some((key) => settings.has(key)) ? readGroup(settings, path, existing) : readGroup(settings, path, created);
}

/** Refuses two sources of one thing: a key of each list. */
function refuseBoth(
  settings: Settings,
  first: readonly string[],
  second: readonly string[],
  why = "the first names what exists and the second configures what is created",
): void {
  const [one, other] = [first, second].map((keys) => keys.map((key) => settings.get(key)).find((setting) => setting !== undefined));
  if (!one || !other) return;
  const both = `${one.source} is ${show(one.value)} and ${other.source} is ${show(other.value)}`;
  throw new ConfigError(`${both}; ${why}, and only one of the two is allowed.`);
}

/** @throws ConfigError for a key that `-c` sets for a pipeline that is left out: it would have no effect */
function isDeployed(settings: Settings, name: string): boolean {
  if (readGroup(settings, "pipelines.", v.object({ [name]: v.optional(boolean, true) }))[name]) return true;
  const path = `pipelines.${name}`;
  const unused = [...settings].find(([key, setting]) => isOverride(setting, key) && key.startsWith(`${path}.`))?.[0];
  if (!unused) return false;
  throw new ConfigError(`${unused} is given, but ${settings.get(path)?.source} is false, which leaves the pipeline out.`);
}

function readPipeline(settings: Settings, path: string, tier: Tier): Omit<schema.PipelineStage, "isShared"> {
  const group = schema.pipelineStage(tier);
  const ofExisting = ["queueArn", "deadLetterQueueArn", "queueKeyArn", "visibilityTimeout"].map((key) => path + key);
  refuseBoth(settings, ofExisting, [`${path}deadLetterReaders`]);
  const first = ofExisting.find((key) => settings.has(key));
  if (!first) return readGroup(settings, path, group);
  if (!settings.has(`${path}queueArn`))
    throw new ConfigError(`${first} is allowed only for an existing queue; ${path}queueArn must name it.`);
  // No default may stand for the queue's own value: an outage that loses messages would count as survived.
  for (const key of ["visibilityTimeout", "maxReceiveCount"] as const) {
    const allowed = describeAllowed(group.entries[key]);
    if (!settings.has(path + key))
      throw new ConfigError(`${path}${key} is not given; it must be the value of the existing queue, ${allowed}.`);
  }
  return readGroup(settings, path, group);
}
