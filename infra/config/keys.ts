import { cidr, host, id, keyArn, queueArn, resourceId, roleArn, secretArn, zone } from "./aws.ts";
import { boolean, type Form, integer, list, oneOf, text } from "./forms.ts";
import { instanceType } from "./instance-types.ts";
import { RESERVED_WORDS } from "./reserved-words.ts";
import type {
  Alerts,
  CreatedDatabase,
  CreatedNetwork,
  Endpoint,
  ExistingDatabase,
  ExistingNetwork,
  MaskingKey,
  PipelineStage,
} from "./stage.ts";

/** Whose defaults a stage takes. */
export type Tier = "dev" | "staging" | "prod";

interface Key<V, G> {
  readonly form: Form<V>;
  /** The default in each tier, or how it follows from the keys above it. Without one, the key must be given. */
  readonly otherwise?: Readonly<Record<Tier, V>> | ((group: G, tier: Tier) => V);
}

/** The keys of a group, in the order in which they are read. What each means stands in stage.ts. */
export type Keys<G> = { readonly [K in keyof G]-?: Key<G[K], G> };

const always = <V>(value: V): Record<Tier, V> => ({ dev: value, staging: value, prod: value });
const inDev = <V>(dev: V, elsewhere: V): Record<Tier, V> => ({ dev, staging: elsewhere, prod: elsewhere });
const none = always(undefined);

const ENDPOINTS: readonly Endpoint[] = ["kms", "secretsmanager"];
const endpoints = list<Endpoint>(oneOf(...ENDPOINTS));

export const topKeys: Keys<{ readonly keepData: boolean }> = {
  keepData: { form: boolean, otherwise: inDev(false, true) },
};

export const ownNetworkKeys: Keys<Omit<CreatedNetwork, "kind">> = {
  cidr: { form: cidr, otherwise: always("10.42.0.0/22") },
  availabilityZones: { form: list(zone, 2, 3), otherwise: none },
  zones: { form: integer(2, 3), otherwise: ({ availabilityZones }) => availabilityZones?.length ?? 2 },
  endpointZones: { form: integer(1, 3), otherwise: ({ zones }, tier) => (tier === "dev" ? 1 : zones) },
  endpoints: { form: endpoints, otherwise: always(ENDPOINTS) },
};

export const existingNetworkKeys: Keys<Omit<ExistingNetwork, "kind">> = {
  vpcId: { form: id("vpc") },
  subnetIds: { form: list(id("subnet"), 1) },
  availabilityZones: { form: list(zone, 1) },
  endpoints: { form: endpoints, otherwise: always([]) },
};

/** The least that Postgres on RDS takes, and what RDS itself gives the largest instance. */
const maxConnections = { form: integer(6, 5000), otherwise: inDev(80, 200) };
/** RDS itself keeps five for superusers. */
const connectionReserve = { form: integer(5, 10_000), otherwise: always(20) };

/** Databases that Postgres and RDS keep for themselves. */
const TAKEN = ["template0", "template1", "rdsadmin"];

/** @param not names that are refused, in lower case */
function databaseName(pattern: RegExp, like: string, not: readonly string[]): Form<string> {
  const form = text(pattern, like);
  return { ...form, accepts: (value): value is string => form.accepts(value) && !not.includes(value.toLowerCase()) };
}

const ownName = databaseName(
  /^[a-z]\w{0,62}$/i,
  `a letter, then up to 62 letters, digits and underscores, and no reserved word of Postgres nor ${TAKEN.join(", ")}`,
  [...TAKEN, ...RESERVED_WORDS],
);
const existingName = databaseName(
  /^[\w-]{1,63}$/,
  `up to 63 letters, digits, underscores and hyphens, and none of ${TAKEN.join(", ")}`,
  TAKEN,
);

export const ownDatabaseKeys: Keys<Omit<CreatedDatabase, "kind">> = {
  name: { form: ownName, otherwise: always("masqueue") },
  maxConnections,
  connectionReserve,
  instanceType: { form: instanceType, otherwise: { dev: "t4g.micro", staging: "t4g.medium", prod: "m8g.large" } },
  // What RDS takes for gp3 is 20 to 65536, and room to grow by a tenth.
  storageGiB: { form: integer(20, 59_578), otherwise: inDev(20, 100) },
  maxStorageGiB: { form: integer(22, 65_536), otherwise: ({ storageGiB }) => Math.min(5 * storageGiB, 65_536) },
  multiAz: { form: boolean, otherwise: { dev: false, staging: false, prod: true } },
  // 0 would switch backups off; 35 is the most that RDS keeps.
  backupDays: { form: integer(1, 35), otherwise: inDev(1, 14) },
};

export const existingDatabaseKeys: Keys<Omit<ExistingDatabase, "kind">> = {
  name: { form: existingName, otherwise: always("masqueue") },
  maxConnections,
  connectionReserve,
  host: { form: host },
  port: { form: integer(1, 65_535), otherwise: always(5432) },
  securityGroupId: { form: id("sg") },
  resourceId: { form: resourceId },
  adminSecretArn: { form: secretArn, otherwise: none },
  adminSecretKeyArn: { form: keyArn, otherwise: none },
  adminUser: { form: text(/^[a-z_][a-z0-9_]{0,62}$/, "a plain lower-case name"), otherwise: none },
};

export const maskingKeys: Keys<MaskingKey> = {
  keyArn: { form: keyArn, otherwise: none },
  multiRegion: { form: boolean, otherwise: always(false) },
};

const email = text(/^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/, "an e-mail address");

export const alertKeys: Keys<Alerts> = {
  pageEmail: { form: email, otherwise: none },
  ticketEmail: { form: email, otherwise: ({ pageEmail }) => pageEmail },
  // An alarm's description, which it is part of, holds 1024 characters.
  runbookUrl: {
    form: text(/^[^\s<>"]{1,300}$/, 'a URL or path of 1 to 300 characters without blanks, <, > and "'),
    otherwise: always("docs/runbook.md"),
  },
  trail: { form: boolean, otherwise: always(true) },
};

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const RETENTIONS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

const isFifo = (pipeline: PipelineStage) => pipeline.queueArn?.endsWith(".fifo") ?? false;

export const pipelineKeys: Keys<PipelineStage> = {
  queueArn: { form: queueArn, otherwise: none },
  deadLetterQueueArn: { form: queueArn, otherwise: none },
  queueKeyArn: { form: keyArn, otherwise: none },
  deadLetterReaders: { form: list(roleArn), otherwise: always([]) },
  batchSize: { form: integer(1, 10_000), otherwise: (pipeline) => (isFifo(pipeline) ? 10 : 1000) },
  batchWindow: { form: integer(0, 300), otherwise: (pipeline) => (isFifo(pipeline) ? 0 : 5) },
  // 2 is the least that an event source takes.
  maxConcurrency: { form: integer(2, 1000), otherwise: always(5) },
  timeout: { form: integer(10, 900), otherwise: always(30) },
  memoryMiB: { form: integer(256, 10_240), otherwise: always(512) },
  maxReceiveCount: { form: integer(1, 1000), otherwise: always(10) },
  visibilityTimeout: { form: integer(10, 43_200), otherwise: ({ timeout, batchWindow }) => 6 * timeout + batchWindow },
  logRetentionDays: { form: oneOf(...RETENTIONS), otherwise: inDev(7, 90) },
  lagPromise: { form: integer(60, 345_600), otherwise: always(600) },
  normalDeadLetters: { form: integer(0, 1_000_000), otherwise: always(10) },
};
