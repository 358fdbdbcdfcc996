/** The environment variables of the function; the stacks that deploy it use the same names. */
export const ENV = {
  /** Name of the pipeline that this function runs. */
  pipeline: "PIPELINE",
  host: "PGHOST",
  port: "PGPORT",
  user: "PGUSER",
  password: "PGPASSWORD",
  database: "PGDATABASE",
  /** `verify-full` (the default) or `disable`. */
  sslMode: "PGSSLMODE",
  /** Id, ARN or alias of the HMAC key in KMS. */
  kmsKey: "MASK_KMS_KEY_ID",
  /** Instead of KMS, outside AWS: a file that holds the key, 32 bytes or more. */
  keyFile: "MASK_KEY_FILE",
  /** Set by Lambda itself. */
  functionName: "AWS_LAMBDA_FUNCTION_NAME",
} as const;
