import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { ConfigError } from "../../infra/config/read.ts";
import type { Stage } from "../../infra/config/schema.ts";
import { type Context, DATABASE, KEY, NETWORK, PIPELINES, QUEUE, read } from "./config-cases.ts";

type Values = Record<string, readonly unknown[]>;

/** Values near the bounds of the rules that tie keys together. */
const PIPELINE: Values = {
  batchSize: [1, 10, 11, 100],
  batchWindow: [0, 1, 300],
  maxConcurrency: [2, 5, 25, 30],
  timeout: [10, 30, 900],
  maxReceiveCount: [1, 7, 8, 1000],
  queueArn: [QUEUE, `${QUEUE}.fifo`],
  deadLetterQueueArn: [`${QUEUE}-dlq`, `${QUEUE}-dlq.fifo`],
  visibilityTimeout: [10, 30, 600],
  deadLetterReaders: [[], ["arn:aws:iam::123456789012:role/on-call"]],
};
const ENTRY: Record<string, Values> = {
  network: {
    zones: [2, 3],
    availabilityZones: [["eu-west-1a", "eu-west-1b"]],
    endpointZones: [1, 2, 3],
    endpoints: [["kms"], ["secretsmanager"], []],
    subnetIds: [["subnet-00000001"]],
  },
  database: {
    maxConnections: [30, 60, 80],
    connectionReserve: [5, 20, 60],
    storageGiB: [20, 100, 59_578],
    maxStorageGiB: [22, 109, 110],
    port: [5432],
  },
  masking: { keyArn: [KEY], multiRegion: [true, false] },
  alerts: { pageEmail: ["a@example.org", "none"], ticketEmail: ["b@example.org"], trail: [false] },
};
const flat = ([group, values]: [string, Values]) =>
  Object.entries(values).map(([key, of]): [string, readonly unknown[]] => [`${group}.${key}`, of]);
const KEYS = [
  ...Object.entries(ENTRY),
  ...["orders", "user-logins"].map((name): [string, Values] => [`pipelines.${name}`, PIPELINE]),
].flatMap(flat);

/** As `-c` passes it. */
const asText = (value: unknown) => (Array.isArray(value) || typeof value !== "object" ? String(value) : value);

const likely = fc
  .constantFrom(...KEYS)
  .chain(([path, values]) => fc.constantFrom(...values).map((value): [string, unknown] => [path, value]));
const inherited = fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "then", "");
const junk = fc.oneof(fc.jsonValue(), fc.anything({ withBigInt: true, withMap: true, withSparseArray: true, withNullPrototype: true }));
const path = fc.oneof({ weight: 5, arbitrary: likely.map(([path]) => path) }, inherited, fc.string());

const members = (values: Values, value: fc.Arbitrary<unknown>) =>
  fc.record(
    Object.fromEntries(Object.entries(values).map(([key, of]) => [key, fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...of) }, value)])),
    { requiredKeys: [] },
  );
const entry = (value: fc.Arbitrary<unknown>) =>
  fc.record(
    {
      keepData: fc.oneof(fc.boolean(), value),
      network: fc.oneof(fc.constant(NETWORK), members(ENTRY.network ?? {}, value)),
      database: fc.oneof(fc.constant(DATABASE), members(ENTRY.database ?? {}, value)),
      pipelines: fc.record({ orders: fc.oneof(fc.boolean(), members(PIPELINE, value)) }, { requiredKeys: [] }),
    },
    { requiredKeys: [] },
  );

const name = fc.constantFrom("dev", "staging", "prod", "local", "qa");
const overrides = (pairs: fc.Arbitrary<[string, unknown]>) =>
  fc.array(pairs, { maxLength: 4 }).map((given): Context => Object.fromEntries(given));
const context = (keys: fc.Arbitrary<unknown>, more: fc.Arbitrary<Context>): fc.Arbitrary<Context> =>
  fc.tuple(name, keys, more).map(([stage, keys, more]) => ({ ...more, stage, stages: { [stage]: keys } }));

const plausible = context(entry(fc.constant(20)), overrides(likely.map(([path, value]) => [path, asText(value)])));
const bare = context(fc.constant({}), overrides(likely.map(([path, value]) => [path, asText(value)])));
const hostile = fc.oneof(
  context(entry(junk), overrides(fc.tuple(path, junk))),
  context(junk, fc.constant({})),
  fc.record({ stage: fc.oneof(name, inherited, junk), stages: junk }),
);

/** The stage, or undefined if a ConfigError refused the context. */
function readOrRefuse(context: Context): Stage | undefined {
  try {
    return read(context);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return undefined;
  }
}

function checkInvariants({ keepData, network, database, masking, alerts, pipelines }: Stage): void {
  expect(keepData && alerts.pageEmail === undefined).toBe(false);
  if (network.kind === "created") {
    expect(network.endpointZones).toBeLessThanOrEqual(network.zones);
    expect(network.availabilityZones?.length ?? network.zones).toBe(network.zones);
  } else expect(network.availabilityZones).toHaveLength(network.subnetIds.length);
  if (network.kind === "existing" && database.kind === "created") expect(new Set(network.availabilityZones).size).toBeGreaterThan(1);
  if (database.kind === "created") expect(10 * database.maxStorageGiB).toBeGreaterThanOrEqual(11 * database.storageGiB);
  expect(masking.keyArn !== undefined && masking.multiRegion).toBe(false);
  const settings = Object.values(pipelines);
  const invocations = settings.reduce((sum, { maxConcurrency }) => sum + maxConcurrency, 0);
  expect(2 * invocations + database.connectionReserve).toBeLessThanOrEqual(database.maxConnections);
  expect(settings.length).toBeGreaterThan(0);
  for (const { queueArn, deadLetterQueueArn, batchSize, batchWindow, timeout, visibilityTimeout, maxReceiveCount } of settings) {
    expect(batchSize > 10 && batchWindow === 0).toBe(false);
    if (queueArn?.endsWith(".fifo")) expect([batchSize <= 10, batchWindow]).toEqual([true, 0]);
    if (queueArn === undefined) expect([visibilityTimeout, deadLetterQueueArn]).toEqual([6 * timeout + batchWindow, undefined]);
    expect((maxReceiveCount - 1) * visibilityTimeout).toBeGreaterThanOrEqual(1200);
    expect(visibilityTimeout).toBeGreaterThanOrEqual(timeout);
  }
}

describe("any context", () => {
  test("is read as a stage that follows the rules, or is refused", () => {
    let stages = 0;
    fc.assert(
      fc.property(fc.oneof(plausible, bare, hostile), (context) => {
        const stage = readOrRefuse(context);
        if (!stage) return;
        stages++;
        checkInvariants(stage);
      }),
      { numRuns: 5_000 },
    );
    expect(stages).toBeGreaterThan(100);
  });

  test("is not changed", () => {
    fc.assert(
      fc.property(plausible, (context) => {
        const before = structuredClone(context);
        const [first, second] = [readOrRefuse(context), readOrRefuse(context)];
        expect(second).toEqual(first);
        expect(context).toEqual(before);
      }),
    );
  });

  test("gives a value the same meaning in an entry and on the command line", () => {
    fc.assert(
      fc.property(likely, ([path, value]) => {
        const [group = "", ...rest] = path.split(".");
        const nested = rest.reduceRight<unknown>((inner, part) => ({ [part]: inner }), value);
        const stage = readOrRefuse({ stages: { dev: { [group]: nested } } });
        expect(readOrRefuse({ [path]: asText(value) })).toEqual(stage);
      }),
      { numRuns: 1_000 },
    );
  });

  test("leads to no pipeline that does not exist", () => {
    fc.assert(
      fc.property(plausible, (context) => {
        for (const pipeline of Object.keys(readOrRefuse(context)?.pipelines ?? {})) expect(Object.keys(PIPELINES)).toContain(pipeline);
      }),
    );
  });
});
