import { join } from "node:path";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Identity } from "../../lambda/aws/environment.ts";
import { readMasterKey } from "../../lambda/config.ts";
import { IngestError } from "../../lambda/errors.ts";
import { createHandler } from "../../lambda/ingest/handler.ts";
import type { Reporter } from "../../lambda/ingest/report.ts";
import { importMasterKey, type MasterKey } from "../../lambda/masking/keys.ts";
import type { Masking } from "../../lambda/masking/open-masks.ts";
import { ENV } from "../../lambda/names.ts";
import { pipelines, queues } from "../../lambda/pipelines/index.ts";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { type Queue, toQueue } from "../../lambda/pipelines/queue.ts";
import { Database } from "../../lambda/postgres/database.ts";
import { PostgresStore } from "../../lambda/postgres/postgres-store.ts";
import type { Handler } from "../emulators/event-source.ts";
import * as errors from "../errors.ts";
import { type DataDir, readLocalKey } from "../targets/data-dir.ts";
import type { PostgresTarget } from "../targets/postgres.ts";

/** Creates one container of the deployed function, on the caller's database. */
export function createContainer(queue: Queue, postgres: Pick<PostgresTarget, "config">, masking: Masking, reporter: Reporter) {
  const database = new Database(postgres.config);
  const handle = createHandler(() => ({ queue, masking, openStore: (pipeline) => new PostgresStore(database, pipeline), reporter }));
  const handler: Handler = async (event, context) => handle(event, context);
  return { handler, [Symbol.asyncDispose]: () => database.close() };
}

/** Finds the queue of a pipeline alone, or a shared queue, by its name. @throws UserError with all names */
export function findQueue(name: string, masking: "hmac" | "sha256" = "hmac"): Queue {
  const shared = Object.hasOwn(queues, name) ? queues[name] : undefined;
  const queue = shared ?? (Object.hasOwn(pipelines, name) ? toQueue(pipelines[name] as Pipeline) : undefined);
  if (!queue) throw errors.unknownPipeline(name, [...new Set([...Object.keys(pipelines), ...Object.keys(queues)])]);
  if (masking === "hmac") return queue;
  const legacy = { sha256: true } as const;
  return { ...queue, masking: legacy, pipelines: queue.pipelines.map((pipeline) => ({ ...pipeline, masking: legacy })) };
}

/** Finds the name under which a pipeline is deployed: its own, or that of the queue that it shares. */
export function findDeployedName(name: string, known: Readonly<Record<string, Queue>> = queues): string {
  const holder = Object.values(known).find((queue) => queue.pipelines.some((pipeline) => pipeline.name === name));
  return holder?.name ?? name;
}

/** Opens the key that the pipelines of a queue need on a database. */
export function openMasking(queue: Queue, postgres: PostgresTarget, dataDir: DataDir): Masking {
  return queue.masking === "hmac" ? { mode: "hmac", masterKey: openMasterKey(dataDir, postgres) } : { mode: "sha256" };
}

/** The embedded database has its own key. For another one the environment may name the key; else one is kept beside the data. */
function openMasterKey(dataDir: DataDir, { isEmbedded }: PostgresTarget): MasterKey {
  if (!isEmbedded && (process.env[ENV.kmsKey] || process.env[ENV.keyFile])) return readMasterKey(process.env, readSdkIdentity());
  return importMasterKey(readLocalKey(isEmbedded ? join(dataDir.embedded, "mask.key") : dataDir.keyFile));
}

/** Region and credentials as the AWS SDK finds them: environment, profile, single sign-on. Each of its clients finds the same. */
function readSdkIdentity(): Identity {
  const { region, credentials } = new SQSClient({}).config;
  const noRegion = () => {
    throw new IngestError("configuration", "AWS_REGION is not set, and no profile of the AWS SDK names a region.");
  };
  return { credentials, region: () => region().catch(noRegion) };
}
