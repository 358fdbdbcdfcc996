import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { LambdaClient } from "@aws-sdk/client-lambda";
import pg from "pg";
import { postgresFromEnv } from "../../local/targets/from-env.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { type Ended, launchNode, masqueue } from "../support/masqueue.ts";

const ROOT = join(import.meta.dirname, "../..");

/** The LocalStack and the Postgres of the environment, with a new database and a new masking key. */
export interface LocalstackEnv {
  readonly database: TestDatabase;
  /** For the test's files. */
  readonly folder: string;
  readonly lambda: LambdaClient;
  /** `npm run local:deploy` and `npm run local:destroy`. @param root another copy of the project */
  run(script: "deploy" | "destroy", root?: string): Promise<Ended>;
  /** Passes the queue that a deployment has printed to the commands that follow. */
  use(deployed: Ended): void;
  masqueue(...args: string[]): Promise<Ended>;
  /** Sends bodies or what `aws sqs receive-message` prints. @returns the message ids */
  send(messages: readonly string[] | { Messages: object[] }): Promise<string[]>;
  close(): Promise<void>;
}

export async function localstackEnv(): Promise<LocalstackEnv> {
  const database = await createDatabase({ migrated: false, server: server() });
  const folder = mkdtempSync(join(tmpdir(), "masqueue-localstack-"));
  const keyFile = join(folder, "mask.key");
  writeFileSync(keyFile, randomBytes(32));
  const { host, port, user, password, database: name } = database.config;
  const { AWS_ENDPOINT_URL = "", FUNCTION_PGHOST, FUNCTION_PGPORT } = process.env;
  const env: Record<string, string> = {
    ...{ PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "" },
    ...{ AWS_ENDPOINT_URL, AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
    ...{ PGHOST: String(host), PGPORT: String(port), PGUSER: String(user), PGPASSWORD: String(password), PGDATABASE: String(name) },
    ...(FUNCTION_PGHOST && { FUNCTION_PGHOST }),
    ...(FUNCTION_PGPORT && { FUNCTION_PGPORT }),
    MASK_KEY_FILE: keyFile,
  };
  const lambda = new LambdaClient({
    endpoint: AWS_ENDPOINT_URL,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  let files = 0;
  return {
    database,
    folder,
    lambda,
    run: (script, root = ROOT) => launchNode([join(root, `local/localstack/${script}.ts`)], env).ended,
    use({ stdout }) {
      env.QUEUE_URL = /QUEUE_URL=(\S+)/.exec(stdout)?.[1] ?? "";
    },
    masqueue: (...args) => masqueue([...args, "--env"], env),
    async send(messages) {
      const file = join(folder, `${++files}.${"Messages" in messages ? "json" : "jsonl"}`);
      writeFileSync(file, "Messages" in messages ? JSON.stringify(messages) : messages.join("\n"));
      const { code, stdout, stderr } = await masqueue(["send", file, "--env"], env);
      if (code !== 0) throw new Error(stderr);
      return stdout.trim().split("\n");
    },
    async close() {
      lambda.destroy();
      await database.drop();
      rmSync(folder, { recursive: true });
    },
  };
}

function server(): pg.ClientConfig {
  const { host, port, user, password, database } = new pg.Client(postgresFromEnv(process.env)?.config);
  return { host, port, user, password: password ?? "", database };
}

/** Waits until the condition holds; the test's time-out ends a wait that is too long. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await wait(500);
}
