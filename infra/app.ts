import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { queues } from "../lambda/pipelines/index.ts";
import { bundle } from "./bundle.ts";
import { ConfigError, readAwsStage } from "./config/read.ts";
import { createStacks } from "./stacks.ts";

/** Bundles are here between synth and deploy; ignored by git. */
const CODE = { ingest: "build/ingest", migrate: "build/migrate" };

const app = new App();
try {
  const stage = readAwsStage(app.node.getAllContext(), queues);
  await bundle("ingest", CODE.ingest);
  await bundle("migrate", CODE.migrate);
  createStacks(app, stage, CODE);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  app.synth();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(`masqueue: ${error.message}`);
  process.exitCode = 1;
}
