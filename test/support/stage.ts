import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { App, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import manifest from "../../cdk.json" with { type: "json" };
import { readStage } from "../../infra/config/read.ts";
import { type Code, createStacks } from "../../infra/stacks.ts";
import { queues } from "../../lambda/pipelines/index.ts";
import variants from "./variants.json" with { type: "json" };

/** Ways to deploy that differ in their stacks, as given with -c. */
export const VARIANTS: Readonly<Record<string, Readonly<Record<string, string>>>> = variants;

/** Replaces the bundles: a template does not depend on the code in an asset. */
function someCode(): Code {
  const folder = join(import.meta.dirname, "../../build/no-code");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "index.js"), "exports.handler = async () => {};");
  return { ingest: folder, migrate: folder };
}

/** A stage that keeps data requires an address for pages, and warns if it is not told the zones. */
const PAGES = { "alerts.pageEmail": "oncall@example.com" };
const ZONES = { "network.availabilityZones": "eu-west-1a,eu-west-1b" };

/** The app of a stage, not yet synthesised. @param context as given with -c @param of the queues that exist */
export function appFor(stage: string, context: Readonly<Record<string, string>> = {}, of = queues): App {
  const hasZones = stage === "dev" || "network.zones" in context;
  const all = { ...manifest.context, stage, ...PAGES, ...(hasZones ? {} : ZONES), ...context };
  const app = new App({ context: all });
  createStacks(app, readStage(all, of), someCode());
  return app;
}

/** The stacks of an app. */
export function stacksOf(app: App): Stack[] {
  return app.node.children.filter((child) => child instanceof Stack);
}

type Templates = Readonly<Record<string, Template>>;

/** Created once for each stage and context: it takes a second. */
const created = new Map<string, Templates>();

/** A stage's templates by the name of their stack without `masqueue-<stage>-`. */
export function templatesOf(stage: string, context: Readonly<Record<string, string>> = {}): Templates {
  const key = JSON.stringify([stage, context]);
  const known = created.get(key);
  if (known) return known;
  const stacks = stacksOf(appFor(stage, context));
  const templates = Object.fromEntries(
    stacks.map((stack) => [stack.stackName.replace(`masqueue-${stage}-`, ""), Template.fromStack(stack)]),
  );
  created.set(key, templates);
  return templates;
}

/** One of them. @throws if none has that name */
export function templateOf(name: string, stage: string, context: Readonly<Record<string, string>> = {}): Template {
  const templates = templatesOf(stage, context);
  const template = templates[name];
  if (!template) throw new Error(`no stack ${name}; there are: ${Object.keys(templates).join(", ")}`);
  return template;
}
