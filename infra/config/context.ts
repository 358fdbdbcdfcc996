import { ConfigError, mustBe, show } from "./error.ts";

/** A key that the user gave, by its path (`database.host`). */
export interface Given {
  readonly value: unknown;
  /** How the user would find it: `stages.prod.database.host` in cdk.json, `database.host` where it is an override. */
  readonly where: string;
  /** Given by `-c`, where everything is a string. */
  readonly override: boolean;
}

/** The keys that may stand in an object; those of a key that takes a value are none. */
export interface Level extends ReadonlyMap<string, Level> {}

export type Givens = ReadonlyMap<string, Given>;

/** Not ours: keys of CDK itself, of its command line (`cdk acknowledge`), and answers to look-ups (`availability-zones:account=…`). */
const FOREIGN = /^(@|aws:|aws-cdk:|cdk-)|:account=|^(acknowledged-issue-numbers|cli-telemetry)$/;

/** What the stage's entry in cdk.json gives, and over it what the context's own keys give, whose parts are joined by dots. */
export function givenKeys(context: Readonly<Record<string, unknown>>, entry: Given, known: Level): Givens {
  const given = new Map(flatten(entry, "", known));
  for (const [where, value] of Object.entries(context)) {
    if (where === "stage" || where === "stages" || FOREIGN.test(where)) continue;
    const level = where.split(".").reduce((level, key) => below(level, key, where), known);
    if (level.size > 0 && !isPipeline(where))
      throw new ConfigError(`${where} is ${show(value)}; it takes no value itself, but its keys do: ${keysOf(level)}.`);
    given.set(where, { value, where, override: true });
  }
  return given;
}

function* flatten(entry: Given, path: string, known: Level): Generator<[string, Given]> {
  const { value, where } = entry;
  if (known.size === 0 || (isPipeline(path) && typeof value === "boolean")) return yield [path, entry];
  if (!isObject(value)) throw mustBe(where, value, `${isPipeline(path) ? "false or " : ""}an object with keys out of ${keysOf(known)}`);
  for (const [key, member] of Object.entries(value)) {
    const under = { ...entry, value: member, where: `${where}.${key}` };
    yield* flatten(under, path ? `${path}.${key}` : key, below(known, key, under.where));
  }
}

function below(level: Level, key: string, where: string): Level {
  const next = level.get(key);
  if (!next) throw new ConfigError(`${where} is unknown${level.size > 0 ? `; instead of ${key}, there are ${keysOf(level)}` : ""}.`);
  return next;
}

const keysOf = (level: Level) => [...level.keys()].join(", ");
/** `false` there leaves the pipeline out. */
const isPipeline = (path: string) => /^pipelines\.[^.]+$/.test(path);

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
