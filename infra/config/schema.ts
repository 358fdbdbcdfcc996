/**
 * Every key of a stage, with its allowed values and its default: `v.optional(validator, default)`. A default that follows from other keys
 * is in the key's comment and in the group's `v.transform`; a key that is not optional is required. Durations are in seconds.
 * `read.ts` reads the keys from cdk.json and `-c key=value`; `rules.ts` checks them together.
 */
import * as v from "valibot";
import { LAG_PROMISE } from "../../lambda/names.ts";
import * as is from "./validators.ts";

/** The defaults that a stage takes. */
export type Tier = "dev" | "staging" | "prod";

/** Keys of the stage itself. */
export const stageKeys = (tier: Tier) =>
  v.object({
    /** Deletion protection, final snapshot, RETAIN. */
    keepData: v.optional(is.boolean, { dev: false, staging: true, prod: true }[tier]),
  });

const endpoint = is.wordOf("kms", "secretsmanager");

/** `network`, unless it names an existing one. */
export const createdNetwork = (tier: Tier) =>
  v.pipe(
    v.object({
      /** A private network. Cannot be changed later. */
      cidr: v.optional(is.cidr, "10.42.0.0/22"),
      /** Names of 2 or 3 zones. One may be added at the end later: a subnet stays in its zone. Default: the Region's first `zones` ones. */
      availabilityZones: v.optional(is.list(is.zone, 2, 3)),
      /** Number of zones, instead of their names. May grow: each zone has a fixed quarter of `cidr`. Default: 2, or those named. */
      zones: v.optional(is.integer(2, 3)),
      /** Zones with endpoints, at most `zones`. Default: 1 in dev, otherwise all. */
      endpointZones: v.optional(is.integer(1, 3)),
      /** At least `kms`: there is no other way out. The first deployment reads the master user's secret, so it needs `secretsmanager`. */
      endpoints: v.optional(is.list(endpoint), ["kms", "secretsmanager"]),
    }),
    v.transform((network) => {
      const { zones = network.availabilityZones?.length ?? 2 } = network;
      const { endpointZones = tier === "dev" ? 1 : zones } = network;
      return { ...network, kind: "created" as const, zones, endpointZones };
    }),
  );

/** `network` with `vpcId`. */
export const existingNetwork = v.pipe(
  v.object({
    /** Required. */
    vpcId: is.id("vpc"),
    /** Required: private subnets for the functions, one per zone; two or more if the deployment creates the database. */
    subnetIds: is.list(is.id("subnet"), 1),
    /** Required: the subnets' zones in the same order. Each zone once: an interface endpoint has one subnet per zone. */
    availabilityZones: is.list(is.zone, 1),
    /** Those that the VPC lacks: it can have only one of each with private DNS. */
    endpoints: v.optional(is.list(endpoint), []),
  }),
  v.transform((network) => ({ ...network, kind: "existing" as const })),
);

const limits = (tier: Tier) => ({
  /** `max_connections` of the server: at least what Postgres on RDS takes, at most what RDS gives its largest instance. */
  maxConnections: v.optional(is.integer(6, 5000), { dev: 80, staging: 200, prod: 200 }[tier]),
  /** Connections for people and tools; RDS itself keeps five for superusers. */
  connectionReserve: v.optional(is.integer(5, 10_000), 20),
});

/** `database`, unless it names an existing one. */
export const createdDatabase = (tier: Tier) =>
  v.pipe(
    v.object({
      /** Name of the database. */
      name: v.optional(is.createdDatabaseName, "masqueue"),
      ...limits(tier),
      /** RDS refuses a type that the Region lacks: not every Region has m8g. */
      instanceType: v.optional(is.instanceType, { dev: "t4g.micro", staging: "t4g.medium", prod: "m8g.large" }[tier]),
      /** RDS takes 20 to 65536 for gp3; the maximum here leaves room to grow by a tenth. */
      storageGiB: v.optional(is.integer(20, 59_578), { dev: 20, staging: 100, prod: 100 }[tier]),
      /** Limit of automatic growth, at least 1.1 times `storageGiB`. Default: 5 times `storageGiB`, at most 65536. */
      maxStorageGiB: v.optional(is.integer(22, 65_536)),
      /** A standby in a second zone. */
      multiAz: v.optional(is.boolean, { dev: false, staging: false, prod: true }[tier]),
      /** Days that RDS keeps automatic backups; 0 would switch them off. */
      backupDays: v.optional(is.integer(1, 35), { dev: 1, staging: 14, prod: 14 }[tier]),
    }),
    v.transform((database) => {
      const { maxStorageGiB = Math.min(5 * database.storageGiB, 65_536) } = database;
      return { ...database, kind: "created" as const, maxStorageGiB };
    }),
  );

/** `database` with `host`: in an existing network, its own or a peered one. */
export const existingDatabase = (tier: Tier) =>
  v.pipe(
    v.object({
      /** Name of the database. */
      name: v.optional(is.existingDatabaseName, "masqueue"),
      ...limits(tier),
      /** Required: the host name in the server's certificate. */
      host: is.host,
      /** TCP port. */
      port: v.optional(is.integer(1, 65_535), 5432),
      /** Required: the database's security group. The deployment adds a rule that admits the functions. */
      securityGroupId: is.id("sg"),
      /** Required: `db-…` (RDS), `cluster-…` (Aurora) or `shardgroup-…` (Aurora Limitless). IAM grants name it. */
      resourceId: is.resourceId,
      /** Secret of a user who may create roles, for the first run. Default: none; create the roles by hand (docs/deploy.md). */
      adminSecretArn: v.optional(is.secretArn),
      /** The KMS key that encrypts `adminSecretArn`. Default: AWS's own key. */
      adminSecretKeyArn: v.optional(is.keyArn),
      /** The user in `adminSecretArn`, required with it: RDS may accept only a token, which the migrate function signs. Default: none. */
      adminUser: v.optional(is.text(/^[a-z_][a-z0-9_]{0,62}$/, "a plain lower-case name")),
    }),
    v.transform((database) => ({ ...database, kind: "existing" as const })),
  );

/** `masking`. */
export const maskingKey = v.object({
  /** An existing HMAC_256 key, e.g. one that an earlier stack retained. Default: the deployment creates one. */
  keyArn: v.optional(is.keyArn),
  /** Cannot be changed later. */
  multiRegion: v.optional(is.boolean, false),
});

/** `alerts`. */
export const alerts = v.pipe(
  v.object({
    /** Address for pages, or `none`. A stage that keeps its data must set it. Default: none. */
    pageEmail: v.optional(is.email),
    /** Address for tickets, or `none`. Default: `pageEmail`. */
    ticketEmail: v.optional(is.email),
    /** Where people read docs/runbook.md: every alarm links to it, in a description of at most 1024 characters. */
    runbookUrl: v.optional(
      is.text(/^[^\s<>"]{1,300}$/, 'a URL or path of 1 to 300 characters without blanks, <, > and "'),
      "docs/runbook.md",
    ),
    /** Creates the CloudTrail trail by which EventBridge sees uses of the masking key. Set false if the account has a trail. */
    trail: v.optional(is.boolean, true),
  }),
  v.transform((alerts) => ({ ...alerts, ticketEmail: alerts.ticketEmail ?? alerts.pageEmail })),
);

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const retentionDays = is.numberOf(
  ...[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
);

/**
 * `pipelines.<name>`, the name of a pipeline or, for several that share a queue, the queue's; `false` leaves it out. Every queue of
 * lambda/pipelines is deployed by default.
 */
export const pipelineStage = (tier: Tier) =>
  v.pipe(
    v.object({
      /** An existing queue in the stage's account and Region. Default: the deployment creates one. */
      queueArn: v.optional(is.queueArn),
      /** The existing queue's dead-letter queue, for the alarms on it. Default: none. */
      deadLetterQueueArn: v.optional(is.queueArn),
      /** The KMS key that encrypts the existing queue. Default: SQS's own encryption. */
      queueKeyArn: v.optional(is.keyArn),
      /** Roles that may read the created dead-letter queue, which holds raw values. */
      deadLetterReaders: v.optional(is.list(is.roleArn), []),
      /** Messages in a batch; a FIFO queue allows 10. Default: 1000, or 10 for FIFO. */
      batchSize: v.optional(is.integer(1, 10_000)),
      /** Seconds that Lambda gathers a batch: at least 1 for a batch over 10, 0 for FIFO. Default: 5, or 0 for FIFO. */
      batchWindow: v.optional(is.integer(0, 300)),
      /** Concurrent invocations; an event source takes at least 2, and new accounts have few. */
      maxConcurrency: v.optional(is.integer(2, 1000), 5),
      /** The function's timeout. */
      timeout: v.optional(is.integer(10, 900), 30),
      /** The function's memory. */
      memoryMiB: v.optional(is.integer(256, 10_240), 512),
      /** Receives before a message goes to the dead-letter queue. Required for an existing queue: its own value. */
      maxReceiveCount: v.optional(is.integer(1, 1000), 10),
      /** The visibility timeout V. Only for an existing queue, required there: its own value. Default: 6 x timeout + batchWindow. */
      visibilityTimeout: v.optional(is.integer(10, 43_200)),
      /** A retention that CloudWatch Logs has. */
      logRetentionDays: v.optional(retentionDays, { dev: 7, staging: 90, prod: 90 }[tier]),
      /** Seconds from a message's sending to its commit, above which an alarm pages. */
      lagPromise: v.optional(is.integer(60, 345_600), LAG_PROMISE),
      /** Dead letters in five minutes, above which an alarm pages if it happens twice in a quarter of an hour. */
      normalDeadLetters: v.optional(is.integer(0, 1_000_000), 10),
    }),
    v.transform((pipeline) => {
      const isFifo = pipeline.queueArn?.endsWith(".fifo");
      const { batchSize = isFifo ? 10 : 1000, batchWindow = isFifo ? 0 : 5 } = pipeline;
      const { visibilityTimeout = 6 * pipeline.timeout + batchWindow } = pipeline;
      return { ...pipeline, batchSize, batchWindow, visibilityTimeout };
    }),
  );

export type Endpoint = v.InferOutput<typeof endpoint>;
export type CreatedNetwork = Readonly<v.InferOutput<ReturnType<typeof createdNetwork>>>;
export type ExistingNetwork = Readonly<v.InferOutput<typeof existingNetwork>>;
export type CreatedDatabase = Readonly<v.InferOutput<ReturnType<typeof createdDatabase>>>;
type ExistingDatabase = Readonly<v.InferOutput<ReturnType<typeof existingDatabase>>>;
export interface PipelineStage extends Readonly<v.InferOutput<ReturnType<typeof pipelineStage>>> {
  /** Whether several pipelines share the queue. */
  readonly isShared: boolean;
}

/** The complete configuration of a stage: every default is filled in. */
export interface Stage extends Readonly<v.InferOutput<ReturnType<typeof stageKeys>>> {
  /** Every resource is named after it. A name of the user's under `stages` in cdk.json takes staging's defaults; `local` takes dev's. */
  readonly name: string;
  readonly network: CreatedNetwork | ExistingNetwork;
  readonly database: CreatedDatabase | ExistingDatabase;
  readonly masking: Readonly<v.InferOutput<typeof maskingKey>>;
  readonly alerts: Readonly<v.InferOutput<typeof alerts>>;
  /** By the name of the pipeline or, for several that share a queue, the queue's. Each has a queue and a function. */
  readonly pipelines: Readonly<Record<string, PipelineStage>>;
}
