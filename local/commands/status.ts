import { existsSync } from "node:fs";
import type { Queue } from "../../lambda/pipelines/queue.ts";
import { openAccount } from "../aws/account.ts";
import { findIngestStack, openStageQueue } from "../aws/stack.ts";
import * as errors from "../errors.ts";
import { findDeployedName, findQueue } from "../run/container.ts";
import { readFunction, readLogLines, readStage } from "../status/aws.ts";
import { isHealthy, runChecks } from "../status/checks.ts";
import { formatPage } from "../status/page.ts";
import { readPostgres, readQueues } from "../status/services.ts";
import type { StatusReport } from "../status/types.ts";
import { type DataDir, resolveDataDir } from "../targets/data-dir.ts";
import { postgresFromEnv, queueFromEnv } from "../targets/from-env.ts";
import { openPostgres } from "../targets/postgres.ts";
import { checkInterrupted } from "../terminal/signals.ts";

interface Options {
  stage?: string;
  pipeline: string;
  env: boolean;
  json: boolean;
  data?: string;
}

/** What was read, and from where: a line for each service. */
interface Reading {
  readonly title: readonly string[];
  readonly report: StatusReport;
}

/** The stage in LocalStack. */
const LOCAL_STAGE = "local";

/** Prints the state of a pipeline, deployed or local; changes nothing. @returns 0 if it is healthy, 1 if a check is critical */
export async function status({ stage, ...options }: Options): Promise<number> {
  const { title, report } =
    stage === undefined ? await readServices(options) : await readDeployed(stage, findDeployedName(options.pipeline));
  checkInterrupted();
  const checks = runChecks(report, Date.now());
  const healthy = isHealthy(checks);
  const json = { target: title, healthy, findings: checks, facts: report };
  console.log(options.json ? JSON.stringify(json) : formatPage(title, checks, report));
  return healthy ? 0 : 1;
}

async function readDeployed(stage: string, queueName: string): Promise<Reading> {
  using account = await openAccount();
  const stack = await findIngestStack(account, stage, queueName);
  await using queue = openStageQueue(account, stack);
  const report = await readStage(account, stack, queue, Date.now());
  return { title: [`${stack.name} in ${account.region}, account ${stack.account}`], report };
}

async function readServices({ env, pipeline: name, data }: Options): Promise<Reading> {
  const declared = findQueue(name);
  const dataDir = resolveDataDir(data);
  await using queue = env ? queueFromEnv(process.env) : null;
  const hasPostgres = !env || postgresFromEnv(process.env) !== null;
  if (!queue && !hasPostgres) throw errors.noServiceInEnv();
  if (!env && !existsSync(dataDir.embedded)) throw errors.nothingRun();
  const database = hasPostgres ? await readDatabase(dataDir, env, declared) : { title: [], report: {} };
  const ofQueue = queue ? await readQueues(queue) : {};
  const ofFunction = env ? await readLocalStage(findDeployedName(name)) : {};
  const queueLabel = env ? queue?.label : "embedded, ends with each run";
  const title = [...database.title, ...(queueLabel ? [`Queue      ${queueLabel}`] : [])];
  return { title, report: { ...ofFunction, ...ofQueue, ...database.report } };
}

async function readDatabase(dataDir: DataDir, env: boolean, declared: Queue): Promise<Reading> {
  await using postgres = await openPostgres(dataDir, env);
  return { title: [`Postgres   ${postgres.label}`], report: await readPostgres(postgres, declared) };
}

/** Reads the function of stage local, if AWS_ENDPOINT_URL names a server that has one; it may name one that has only a queue. */
async function readLocalStage(queueName: string): Promise<StatusReport> {
  using account = process.env.AWS_ENDPOINT_URL ? await openAccount().catch(() => null) : null;
  if (!account) return {};
  try {
    const stack = await findIngestStack(account, LOCAL_STAGE, queueName);
    const now = Date.now();
    const [report, log] = await Promise.all([readFunction(account, stack, now), readLogLines(account, stack, now)]);
    return { ...report, ...log };
  } catch (error) {
    if (error instanceof errors.UserError) return {};
    throw error;
  }
}
