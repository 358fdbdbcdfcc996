/**
 * What one stage is deployed with, complete: every default is filled in. `read.ts` makes it from the context of CDK
 * (`cdk.json` and `-c key=value`). Durations are in seconds, sizes in the unit that their name ends with.
 */
export interface Stage {
  /**
   * `dev`, `staging`, `prod`, `local`, or a name of the user's own under `stages` in cdk.json; that one takes staging's defaults, and
   * `local`, which is LocalStack's, takes dev's. Up to 20 lower-case letters, digits and single hyphens: every resource is named after it.
   */
  readonly name: string;
  /** Deletion protection, final snapshot, RETAIN. @default false in dev, true elsewhere */
  readonly keepData: boolean;
  readonly network: CreatedNetwork | ExistingNetwork;
  readonly database: CreatedDatabase | ExistingDatabase;
  readonly masking: MaskingKey;
  readonly alerts: Alerts;
  /** By the pipeline's name; `false` leaves one out. @default every pipeline of lambda/pipelines, with defaults */
  readonly pipelines: Readonly<Record<string, PipelineStage>>;
}

/** Calls that functions make from within the VPC; each needs an interface endpoint or another way out. */
export type Endpoint = "kms" | "secretsmanager";

export interface CreatedNetwork {
  readonly kind: "own";
  /** A private IPv4 network, /16 to /24. Cannot be changed later. @default "10.42.0.0/22" */
  readonly cidr: string;
  /** Names of 2 or 3 zones. Later, one may be added behind them: a subnet stays in its zone. @default the first zones of the Region, by their number */
  readonly availabilityZones: readonly string[] | undefined;
  /**
   * How many zones, 2 or 3; not beside `availabilityZones`. May grow later, because each zone has its fixed quarter of `cidr`.
   * @default as many as availabilityZones names, else 2
   */
  readonly zones: number;
  /** Zones in which the endpoints stand, no more than there are. @default 1 in dev, else all */
  readonly endpointZones: number;
  /** `kms` at least: there is no other way out. The first deployment needs `secretsmanager`, too: the master user's secret lies there. @default ["kms", "secretsmanager"] */
  readonly endpoints: readonly Endpoint[];
}

export interface ExistingNetwork {
  readonly kind: "existing";
  /** Required. */
  readonly vpcId: string;
  /** Required: private subnets for the functions, one a zone; two or more where the database is made here. */
  readonly subnetIds: readonly string[];
  /** Required: the zones of the subnets, in their order. Each stands once, because an interface endpoint has one subnet a zone. */
  readonly availabilityZones: readonly string[];
  /** @default [] because a VPC can have only one with private DNS: name those that it lacks */
  readonly endpoints: readonly Endpoint[];
}

export interface DatabaseLimits {
  /** Name of the database; of one that is made here, no reserved word of Postgres. @default "masqueue" */
  readonly name: string;
  /** `max_connections` of the server, 6 to 5000. @default 80 in dev, 200 elsewhere */
  readonly maxConnections: number;
  /** Connections kept for people and tools. @default 20 */
  readonly connectionReserve: number;
}

export interface CreatedDatabase extends DatabaseLimits {
  readonly kind: "own";
  /** A type in instance-types.ts. Not every Region has m8g. @default "t4g.micro" in dev, "t4g.medium" in staging, "m8g.large" in prod */
  readonly instanceType: string;
  /** 20 to 59578. @default 20 in dev, 100 elsewhere */
  readonly storageGiB: number;
  /** Up to which storage grows by itself: at least 1.1 times storageGiB. @default 5 times storageGiB, 65536 at most */
  readonly maxStorageGiB: number;
  /** @default true in prod, else false */
  readonly multiAz: boolean;
  /** Days that automatic backups are kept, 1 to 35. @default 1 in dev, 14 elsewhere */
  readonly backupDays: number;
}

/** Only in an existing network, the database's own or one that is joined to it. */
export interface ExistingDatabase extends DatabaseLimits {
  readonly kind: "existing";
  /** Required: its name, which its certificate must tell, and no address. */
  readonly host: string;
  /** @default 5432 */
  readonly port: number;
  /** Required: the database's security group; the functions are let in there. */
  readonly securityGroupId: string;
  /** Required: `db-…` (RDS), `cluster-…` (Aurora) or `shardgroup-…` (Aurora Limitless): what IAM grants name. */
  readonly resourceId: string;
  /** Secret of a user who may make roles, for the first run. @default none: make the roles by hand (docs/deploy.md) */
  readonly adminSecretArn: string | undefined;
  /** The KMS key that encrypts adminSecretArn; only together with it. @default none: AWS's own key */
  readonly adminSecretKeyArn: string | undefined;
  /**
   * The user in adminSecretArn; only together with it. RDS may take nothing but a token from whoever has made roles: with this name the
   * migrate function may sign one. @default none: by password only
   */
  readonly adminUser: string | undefined;
}

export interface MaskingKey {
  /** An HMAC_256 key that is there already, e.g. one that an earlier stack left behind. @default a key is made */
  readonly keyArn: string | undefined;
  /** Cannot be changed later. @default false */
  readonly multiRegion: boolean;
}

export interface Alerts {
  /** Address that is paged. @default none */
  readonly pageEmail: string | undefined;
  /** Address that gets tickets. @default pageEmail */
  readonly ticketEmail: string | undefined;
  /** Where docs/runbook.md can be read; every alarm links to it. @default "docs/runbook.md" */
  readonly runbookUrl: string;
  /** Makes a CloudTrail trail, without which nobody notices that the masking key is used. false where the account has one. @default true */
  readonly trail: boolean;
}

export interface PipelineStage {
  /** Messages in a batch, 1 to 10000; a FIFO queue allows 10. @default 1000, 10 for FIFO */
  readonly batchSize: number;
  /** Seconds that Lambda gathers a batch, 0 to 300; a batch over 10 needs 1 or more, a FIFO queue 0. @default 5, 0 for FIFO */
  readonly batchWindow: number;
  /** Invocations at a time, 2 to 1000. @default 5: new accounts have little */
  readonly maxConcurrency: number;
  /** Seconds, 10 to 900. @default 30 */
  readonly timeout: number;
  /** 256 to 10240. @default 512 */
  readonly memoryMiB: number;
  /** Receives before a message goes to the dead-letter queue, 1 to 1000. Must be given for an existing queue, as what it has. @default 10 */
  readonly maxReceiveCount: number;
  /** The queue's visibility timeout V. Must be given for an existing queue, as what it has, and for no other. @default 6 x timeout + batchWindow */
  readonly visibilityTimeout: number;
  /** An existing queue, e.g. arn:aws:sqs:eu-west-1:123456789012:login-queue, in the stage's account and Region. @default a queue is made */
  readonly queueArn: string | undefined;
  /** The dead-letter queue of an existing queue, for its alarms. @default none */
  readonly deadLetterQueueArn: string | undefined;
  /** The KMS key that encrypts an existing queue. @default none: SQS's own encryption */
  readonly queueKeyArn: string | undefined;
  /** ARNs of IAM roles that may read the dead-letter queue, which holds raw values; not for an existing queue. @default [] nobody */
  readonly deadLetterReaders: readonly string[];
  /** A retention that CloudWatch Logs knows. @default 7 in dev, 90 elsewhere */
  readonly logRetentionDays: number;
  /** Seconds within which a message should be committed; above it, someone is paged. @default 600 */
  readonly lagPromise: number;
  /** Dead letters in five minutes that are normal here. @default 10 */
  readonly normalDeadLetters: number;
}
