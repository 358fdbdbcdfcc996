import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { format, inspect } from "node:util";
import { afterAll, afterEach, beforeEach } from "@jest/globals";
import type { SQSRecord } from "aws-lambda";
import type { ClientConfig } from "pg";
import { ENV } from "../../lambda/names.ts";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import type { Queue } from "../../lambda/pipelines/queue.ts";
import { createTelemetry } from "../../lambda/telemetry.ts";
import { startLambda } from "../../local/emulators/lambda-runtime/lambda.ts";
import { type Bundle, bundleFunction } from "./bundle.ts";
import { type Canaries, findTraces, maskCanaries, plantCanaries } from "./canaries.ts";
import { container, TEST_SECRET } from "./container.ts";
import { createDatabase, type TestDatabase, testPostgres } from "./database.ts";
import { eventOf } from "./records.ts";

/** A running function whose every output is captured. */
interface Watched {
  /** @returns the ids that are not done, or the text of the error that fails the whole batch */
  invoke(records: readonly SQSRecord[], seconds?: number): Promise<string[] | string>;
  /** Ends it. @returns everything that came out of it: stdout, stderr, console, responses and errors */
  end(): Promise<string>;
}

/** What the function empties, in process only. @default the queue of the logins */
type Source = { readonly pipeline?: Pipeline; readonly queue?: Queue };

export type Start = (config: ClientConfig, source?: Source) => Promise<Watched>;

/** The environments in which the function runs, each with its name. */
export const IN_PROCESS: [string, Start] = ["in process", startInProcess];
export const UNDER_RIC: [string, Start] = ["under the runtime interface client", (config) => startUnderRic(config, "Text")];
export const UNDER_RIC_JSON: [string, Start] = [
  "under the runtime interface client with JSON logs",
  (config) => startUnderRic(config, "JSON"),
];

export interface Cage {
  readonly database: TestDatabase;
  readonly canaries: Canaries;
  start(start: Start, config?: ClientConfig, source?: Source): Promise<Watched>;
  /** Sets a default of Postgres for the function's new sessions. */
  set(setting: string): Promise<void>;
  /** Ends the function. @returns the text that left by each door since the test began */
  open(): Promise<{ output: string; rejections: string; log: string }>;
  /** Lists the canaries and tokens that escaped, with door and encoding. Call it after {@link open}. @param more further canaries */
  escaped(more?: object): Promise<string[]>;
}

/** Registers the hooks that give each test of a file new canaries and a new database. */
export function useCage(): Cage {
  const cage = {} as { -readonly [Name in keyof Cage]: Cage[Name] };
  let watched: Watched[];
  beforeEach(async () => {
    const database = await createDatabase();
    const { size } = statSync(testPostgres().logFile);
    const doors = { output: "", rejections: "", log: "" };
    watched = [];
    cage.database = database;
    cage.canaries = plantCanaries();
    cage.set = async (setting) => void (await database.client.query(`ALTER DATABASE ${database.config.database} SET ${setting}`));
    await cage.set("log_min_messages = warning");
    cage.start = async (start, config = database.config, source) => {
      const one = await start(config, source);
      watched.push(one);
      return one;
    };
    cage.open = async () => {
      for (const one of watched.splice(0)) doors.output += await one.end();
      // A session that the function left behind may still write to the log.
      while ((await database.rows(OTHER_SESSIONS)).length > 0) await wait(10);
      doors.rejections = JSON.stringify(await database.rows("SELECT * FROM rejections"));
      doors.log = readFileSync(testPostgres().logFile).subarray(size).toString("utf8");
      return doors;
    };
    cage.escaped = async (more) => {
      const values = { ...cage.canaries, ...(await maskCanaries(cage.canaries)), ...more };
      return Object.entries(doors).flatMap(([door, text]) => findTraces(text, values).map((trace) => `${door}: ${trace}`));
    };
  });
  afterEach(async () => {
    for (const one of watched) await one.end();
    await cage.database.drop();
  });
  afterAll(async () => {
    (await bundle)?.remove();
  });
  return cage;
}

const OTHER_SESSIONS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

const METHODS = ["debug", "error", "info", "log", "trace", "warn"] as const;

async function startInProcess(config: ClientConfig, source?: Source): Promise<Watched> {
  let output = "";
  const keep = (chunk: unknown) => {
    output += typeof chunk === "string" ? chunk : Buffer.from(chunk as Uint8Array).toString("utf8");
    return true;
  };
  const streams = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write }));
  const methods = METHODS.map((name) => ({ name, method: console[name] }));
  for (const { stream } of streams) stream.write = keep;
  for (const { name } of methods) console[name] = (...words: unknown[]) => void keep(`${format(...words)}\n`);
  const lambda = container(config, { reporter: createTelemetry("user-logins"), ...source });
  return {
    async invoke(records, seconds) {
      try {
        const answer = await lambda.invoke(records, seconds);
        output += JSON.stringify(answer);
        return answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
      } catch (error) {
        output += inspect(error, { depth: null, showHidden: true });
        return error instanceof Error ? error.message : String(error);
      }
    },
    async end() {
      await lambda.close();
      for (const { stream, write } of streams) stream.write = write;
      for (const { name, method } of methods) console[name] = method;
      return output;
    },
  };
}

let bundle: Promise<Bundle> | undefined;

async function startUnderRic(config: ClientConfig, logFormat: string): Promise<Watched> {
  bundle ??= bundleFunction();
  const keyFile = join((await bundle).folder, "mask.key");
  writeFileSync(keyFile, TEST_SECRET);
  const lambda = await startLambda((await bundle).folder, {
    [ENV.pipeline]: "user-logins",
    [ENV.host]: config.host ?? "",
    [ENV.port]: String(config.port),
    [ENV.user]: config.user ?? "",
    [ENV.password]: String(config.password),
    [ENV.database]: config.database ?? "",
    [ENV.sslMode]: "disable",
    [ENV.keyFile]: keyFile,
    AWS_LAMBDA_LOG_FORMAT: logFormat,
  });
  let answers = "";
  return {
    async invoke(records, seconds) {
      const { payload } = await lambda.invoke(eventOf(...records), seconds);
      answers += JSON.stringify(payload);
      const { batchItemFailures, errorMessage } = payload as { batchItemFailures?: { itemIdentifier: string }[]; errorMessage: string };
      return batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier) ?? errorMessage;
    },
    async end() {
      await lambda.stop();
      return lambda.output().toString("utf8") + answers;
    },
  };
}
