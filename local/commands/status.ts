import { existsSync } from "node:fs";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { openAccount } from "../deployed/account.ts";
import { deployedFacts, functionFacts, newestLines } from "../deployed/facts.ts";
import { findIngest, queueOf } from "../deployed/stack.ts";
import { localPipeline } from "../run/container.ts";
import { findingsOf, isHealthy } from "../status/checks.ts";
import { pageOf } from "../status/page.ts";
import { postgresFacts, queueFacts } from "../status/services.ts";
import type { Facts } from "../status/types.ts";
import { dataDirAt, type Home } from "../targets/data-dir.ts";
import { namedPostgres, namedQueue } from "../targets/from-env.ts";
import { openPostgres } from "../targets/open.ts";
import { UserError } from "../terminal/errors.ts";
import { checkInterrupted } from "../terminal/signals.ts";

interface Options {
  stage?: string;
  pipeline: string;
  env: boolean;
  json: boolean;
  data?: string;
}

/** What is looked at, a line each, and what was seen. */
interface Look {
  readonly title: readonly string[];
  readonly facts: Facts;
}

/** The stage that a laptop deploys into LocalStack. */
const LOCAL_STAGE = "local";
const LOG_LINES = 10;

/** Prints how a pipeline is, deployed or local; changes nothing. @returns 0 where it is healthy, 1 where something is wrong */
export async function status(options: Options): Promise<number> {
  const { title, facts } = options.stage !== undefined ? await lookAtStage(options.stage, options.pipeline) : await lookAtServices(options);
  checkInterrupted();
  const findings = findingsOf(facts, Date.now());
  const healthy = isHealthy(findings);
  console.log(options.json ? JSON.stringify({ target: title, healthy, findings, facts }) : pageOf(title, findings, facts));
  return healthy ? 0 : 1;
}

async function lookAtStage(stage: string, pipeline: string): Promise<Look> {
  const account = await openAccount();
  try {
    const ingest = await findIngest(account, stage, pipeline);
    const queue = queueOf(account, ingest);
    const facts = await deployedFacts(account, ingest, queue, Date.now());
    queue.client.destroy();
    return { title: [`${ingest.stackName} in ${account.region}, account ${ingest.account}`], facts };
  } finally {
    account.close();
  }
}

async function lookAtServices({ env, pipeline: name, data }: Options): Promise<Look> {
  const pipeline = localPipeline(name);
  const home = dataDirAt(data);
  const queue = env ? namedQueue(process.env) : null;
  if (env && !queue && !namedPostgres(process.env)) {
    throw new UserError("--env: neither QUEUE_URL nor one of DATABASE_URL and PGHOST is set.", 2);
  }
  if (!env && !existsSync(home.embedded)) {
    throw new UserError("Nothing has run here yet. Name a stage with --stage, your own services with --env, or begin with masqueue start.");
  }
  const ofPostgres = !env || namedPostgres(process.env) ? await lookAtPostgres(home, env, pipeline) : { title: [], facts: {} };
  const ofQueue = queue ? await queueFacts(queue) : {};
  queue?.client.destroy();
  const ofFunction = env ? await lookAtLocalStage(name) : {};
  const queueLine = queue ? [queue.label] : env ? [] : ["embedded, ends with each run"];
  const title = [...ofPostgres.title, ...queueLine.map((label) => `Queue      ${label}`)];
  return { title, facts: { ...ofFunction, ...ofQueue, ...ofPostgres.facts } };
}

async function lookAtPostgres(home: Home, env: boolean, pipeline: Pipeline): Promise<Look> {
  const postgres = await openPostgres(home, env);
  try {
    return { title: [`Postgres   ${postgres.label}`], facts: await postgresFacts(postgres, pipeline) };
  } finally {
    await postgres.close();
  }
}

/** The function that a laptop has deployed, where AWS_ENDPOINT_URL leads to one; what answers there may well be no more than a queue. */
async function lookAtLocalStage(pipeline: string): Promise<Facts> {
  const account = process.env.AWS_ENDPOINT_URL ? await openAccount().catch(() => null) : null;
  if (!account) return {};
  try {
    const ingest = await findIngest(account, LOCAL_STAGE, pipeline);
    const now = Date.now();
    const [facts, logLines] = await Promise.all([functionFacts(account, ingest, now), newestLines(account, ingest, now, LOG_LINES)]);
    return { ...facts, logLines };
  } catch (error) {
    if (error instanceof UserError) return {};
    throw error;
  } finally {
    account.close();
  }
}
