/** The environment variables of the functions. The stacks that deploy them use the same names. */
export const ENV = {
  /** Name of the queue that the function empties: that of its only pipeline, or of a shared queue. */
  pipeline: "PIPELINE",
  host: "PGHOST",
  port: "PGPORT",
  user: "PGUSER",
  /** One of three ways to log in; the next two are the others. */
  password: "PGPASSWORD",
  /** Id or ARN of a secret in Secrets Manager that holds the password: as plain text, or as member `password` of a JSON object. */
  passwordSecret: "PGPASSWORD_SECRET",
  /** `true`: each connection logs in with a token that the function's role signs (RDS, Aurora). */
  iamAuth: "PG_IAM_AUTH",
  database: "PGDATABASE",
  /** `verify-full` (the default) or `disable`. */
  sslMode: "PGSSLMODE",
  /** PEM file with the authorities that may have signed the server's certificate. @default Node's list */
  sslRootCert: "PGSSLROOTCERT",
  /** For the migrate function: ARN of the master user's secret (a JSON object with username and password), needed to create the roles. */
  adminSecret: "ADMIN_SECRET",
  /** Id, ARN or alias of the HMAC key in KMS. */
  kmsKey: "MASK_KMS_KEY_ID",
  /** Instead of KMS, outside AWS: a file that holds the key, 32 bytes or more. */
  keyFile: "MASK_KEY_FILE",
  /** Endpoints of KMS and Secrets Manager, by the names of the AWS SDKs. @default the usual ones */
  kmsEndpoint: "AWS_ENDPOINT_URL_KMS",
  secretsEndpoint: "AWS_ENDPOINT_URL_SECRETS_MANAGER",
  /** Set by Lambda. */
  functionName: "AWS_LAMBDA_FUNCTION_NAME",
} as const;

/** The roles in Postgres, created by `schema/sql/roles/`. The names are fixed, because IAM policies contain them too. */
export const ROLES = {
  /** Writes rows: it inserts into its tables and reads their keys only. */
  ingest: "masqueue_ingest",
  /** Owns the tables. */
  migrate: "masqueue_migrate",
} as const;

/** The outputs of an ingest stack, by which `masqueue status` and `masqueue smoke` find a deployed pipeline. */
export const OUTPUTS = {
  queueUrl: "QueueUrl",
  /** Absent if the configuration does not name the dead-letter queue of an existing queue. */
  deadLetterQueueUrl: "DeadLetterQueueUrl",
  functionName: "FunctionName",
  logGroup: "LogGroup",
  eventSource: "EventSource",
} as const;

/** The CloudFormation stack of a stage's pipeline. */
export function ingestStackName(stage: string, pipeline: string): string {
  return `masqueue-${stage}-ingest-${pipeline}`;
}

/** The ingest function of a stage's pipeline; its queue has the same name. */
export function ingestFunctionName(stage: string, pipeline: string): string {
  return `masqueue-${stage}-${pipeline}`;
}

/** Default of `lagPromise` in seconds: a commit that is later pages, and `masqueue status` warns. */
export const LAG_PROMISE = 600;

/** Namespace and names of the function's metrics. All have the dimension `service`, the function's name, so that stages stay apart. */
export const METRICS = {
  namespace: "Masqueue",
  received: "received",
  stored: "stored",
  duplicates: "duplicates",
  /** First deliveries only; also with the additional dimension `code`. */
  rejected: "rejected",
  rejectedAgain: "rejectedAgain",
  /** Messages that a shared queue leaves out. */
  skipped: "skipped",
  unsettled: "unsettled",
  unknownFields: "unknownFields",
  maskedAsText: "maskedAsText",
  findingsNotWritten: "findingsNotWritten",
  /** Milliseconds from the sending of the batch's oldest message to its commit. */
  commitLag: "commitLag",
  /** Milliseconds from a batch's first record to Postgres's last answer: parsing and masking included. */
  batchTime: "batchTime",
} as const;
