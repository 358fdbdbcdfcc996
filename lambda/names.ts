/** The environment variables of the function; the stacks that deploy it use the same names. */
export const ENV = {
  /** Name of the pipeline that this function runs. */
  pipeline: "PIPELINE",
  host: "PGHOST",
  port: "PGPORT",
  user: "PGUSER",
  /** One of three ways to log in; the other two are below. */
  password: "PGPASSWORD",
  /** Id or ARN of a secret in Secrets Manager that holds the password: as it is, or as member `password` of a JSON object. */
  passwordSecret: "PGPASSWORD_SECRET",
  /** `true`: each connection logs in with a token signed by the function's own role (RDS, Aurora). */
  iamAuth: "PG_IAM_AUTH",
  database: "PGDATABASE",
  /** `verify-full` (the default) or `disable`. */
  sslMode: "PGSSLMODE",
  /** PEM file with the authorities that may have signed the server's certificate; Node's own list where absent. */
  sslRootCert: "PGSSLROOTCERT",
  /** The migrate function alone: ARN of the master user's secret (a JSON object with username and password), for the very first run. */
  adminSecret: "ADMIN_SECRET",
  /** Id, ARN or alias of the HMAC key in KMS. */
  kmsKey: "MASK_KMS_KEY_ID",
  /** Instead of KMS, outside AWS: a file that holds the key, 32 bytes or more. */
  keyFile: "MASK_KEY_FILE",
  /** Endpoints of KMS and Secrets Manager where they are not the usual ones, as the AWS SDKs name them. */
  kmsEndpoint: "AWS_ENDPOINT_URL_KMS",
  secretsEndpoint: "AWS_ENDPOINT_URL_SECRETS_MANAGER",
  /** Set by Lambda itself. */
  functionName: "AWS_LAMBDA_FUNCTION_NAME",
} as const;

/** The roles in Postgres, made by `postgres/roles/`: fixed names, because IAM policies name them too. */
export const ROLES = {
  /** Writes rows: inserts into its tables, reads next to nothing. */
  ingest: "masqueue_ingest",
  /** Owns the tables. */
  migrate: "masqueue_migrate",
} as const;

/** What an ingest stack tells of itself; `masqueue status` and `masqueue smoke` find a deployed pipeline by it. */
export const OUTPUTS = {
  queueUrl: "QueueUrl",
  /** Absent where an existing queue's dead-letter queue was not named. */
  deadLetterQueueUrl: "DeadLetterQueueUrl",
  functionName: "FunctionName",
  logGroup: "LogGroup",
  eventSource: "EventSource",
} as const;

/** The CloudFormation stack of a stage's pipeline. */
export function ingestStackName(stage: string, pipeline: string): string {
  return `masqueue-${stage}-ingest-${pipeline}`;
}

/** The ingest function of a stage's pipeline; its queue is called alike. */
export function ingestFunctionName(stage: string, pipeline: string): string {
  return `masqueue-${stage}-${pipeline}`;
}

/** Namespace and names of the function's own metrics; all have the dimension `service` = the function's name, so that stages stay apart. */
export const METRICS = {
  namespace: "Masqueue",
  received: "received",
  stored: "stored",
  duplicates: "duplicates",
  /** First deliveries only; also with the further dimension `code`. */
  rejected: "rejected",
  rejectedAgain: "rejectedAgain",
  unsettled: "unsettled",
  unknownFields: "unknownFields",
  maskedAsText: "maskedAsText",
  rejectionsNotWritten: "rejectionsNotWritten",
  /** Milliseconds from the sending of the batch's oldest message to its commit. */
  commitLag: "commitLag",
  /** Milliseconds from a batch's first row to Postgres's last answer. */
  batchTime: "batchTime",
} as const;
