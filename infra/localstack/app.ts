import { App } from "aws-cdk-lib";
import { queues } from "../../lambda/pipelines/index.ts";
import { bundle } from "../bundle.ts";
import { ConfigError, readStage } from "../config/read.ts";
import { createLocalStacks, readServices } from "./stacks.ts";

/** Ignored by git. */
const CODE = "build/local/ingest";

const app = new App();
try {
  const stage = readStage({ ...app.node.getAllContext(), stage: "local" }, queues);
  const services = readServices(process.env);
  await bundle("ingest", CODE);
  createLocalStacks(app, stage, services, CODE);
  app.synth();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(`masqueue: ${error.message}`);
  process.exitCode = 1;
}
