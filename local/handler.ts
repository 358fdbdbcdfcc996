import { join } from "node:path";
import type { Config } from "../lambda/config.ts";
import { readMasterKey } from "../lambda/config.ts";
import { ENV } from "../lambda/env.ts";
import { createHandler } from "../lambda/handler.ts";
import type { Reporter } from "../lambda/ingest/report.ts";
import { masterKeyFromSecret } from "../lambda/masking/keys.ts";
import type { Pipeline } from "../lambda/pipelines/pipeline.ts";
import { userLogins } from "../lambda/pipelines/user-logins.ts";
import { Database } from "../lambda/postgres/database.ts";
import type { Handler } from "./event-source.ts";
import { type Home, localKey } from "./services/home.ts";
import type { OpenPostgres } from "./services/open.ts";

export interface LocalContainer {
  readonly handler: Handler;
  close(): Promise<void>;
}

/** One container of the very function that is deployed, on a database of the caller's. */
export function localContainer(
  pipeline: Pipeline,
  postgres: OpenPostgres,
  masterKey: Config["masterKey"],
  reporter: Reporter,
): LocalContainer {
  const database = new Database(postgres.config);
  const handler = createHandler(() => ({ pipeline, masterKey, database, reporter }));
  return { handler: async (event, context) => handler(event, context), close: () => database.close() };
}

/** The pipeline of local runs, masked as asked. */
export function localPipeline(masking: "hmac" | "sha256"): Pipeline {
  return masking === "sha256" ? { ...userLogins, masking: { sha256: true } } : userLogins;
}

/** The embedded database has a key of its own. For a named one the environment may name the key; else one is kept beside the data. */
export function localMasterKey(home: Home, postgres: OpenPostgres): Config["masterKey"] {
  if (postgres.isEmbedded) return masterKeyFromSecret(localKey(join(home.embedded, "mask.key")));
  const isNamed = process.env[ENV.kmsKey] || process.env[ENV.keyFile];
  return isNamed ? readMasterKey(process.env) : masterKeyFromSecret(localKey(home.keyFile));
}
