import { join } from "node:path";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Identity } from "../../lambda/aws/environment.ts";
import { readMasterKey } from "../../lambda/config.ts";
import { IngestError } from "../../lambda/errors.ts";
import { createHandler } from "../../lambda/ingest/handler.ts";
import type { Reporter } from "../../lambda/ingest/report.ts";
import { type MasterKey, masterKeyFromSecret } from "../../lambda/masking/keys.ts";
import type { Masking } from "../../lambda/masking/open.ts";
import { ENV } from "../../lambda/names.ts";
import { pipelines } from "../../lambda/pipelines/index.ts";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { Database } from "../../lambda/postgres/database.ts";
import { PostgresStore } from "../../lambda/postgres/store.ts";
import type { Handler } from "../emulators/event-source.ts";
import { type Home, localKey } from "../targets/data-dir.ts";
import type { OpenPostgres } from "../targets/open.ts";
import { UserError } from "../terminal/errors.ts";

export interface LocalContainer {
  readonly handler: Handler;
  close(): Promise<void>;
}

/** One container of the very function that is deployed, on a database of the caller's. */
export function localContainer(pipeline: Pipeline, postgres: OpenPostgres, masking: Masking, reporter: Reporter): LocalContainer {
  const database = new Database(postgres.config);
  const handler = createHandler(() => ({ pipeline, masking, store: new PostgresStore(database, pipeline), reporter }));
  return { handler: async (event, context) => handler(event, context), close: () => database.close() };
}

/** A pipeline by its name, masked as asked. @throws UserError naming those that there are */
export function localPipeline(name: string, masking: "hmac" | "sha256" = "hmac"): Pipeline {
  const pipeline = Object.hasOwn(pipelines, name) ? pipelines[name] : undefined;
  if (!pipeline) throw new UserError(`There is no pipeline ${name}; there are: ${Object.keys(pipelines).join(", ")}.`, 2);
  return masking === "sha256" ? { ...pipeline, masking: { sha256: true } } : pipeline;
}

export function localMasking(pipeline: Pipeline, home: Home, postgres: OpenPostgres): Masking {
  return pipeline.masking === "hmac" ? { mode: "hmac", masterKey: localMasterKey(home, postgres) } : { mode: "sha256" };
}

/** The embedded database has its own key. For another database the environment may name the key; else one is kept beside the data. */
function localMasterKey(home: Home, postgres: OpenPostgres): MasterKey {
  if (postgres.isEmbedded) return masterKeyFromSecret(localKey(join(home.embedded, "mask.key")));
  const isNamed = process.env[ENV.kmsKey] || process.env[ENV.keyFile];
  return isNamed ? readMasterKey(process.env, sdkIdentity()) : masterKeyFromSecret(localKey(home.keyFile));
}

/** Region and credentials from wherever the AWS SDK finds them: environment, profile, single sign-on. Any of its clients knows. */
function sdkIdentity(): Identity {
  const { region, credentials } = new SQSClient({}).config;
  const noRegion = () => {
    throw new IngestError("configuration", "AWS_REGION is not set, and no profile of the AWS SDK names a region.");
  };
  return { credentials, region: () => region().catch(noRegion) };
}
