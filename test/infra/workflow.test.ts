import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import manifest from "../../package.json" with { type: "json" };

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly if?: string;
  readonly needs?: string;
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: { readonly group: string; readonly "cancel-in-progress": boolean };
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly name: string;
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const ROOT = join(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const workflow = (file: string): Workflow => parse(read(file));

const files = globSync(".github/workflows/*.yml", { cwd: ROOT }).sort();
const { jobs: deployJobs, on: events } = workflow(".github/workflows/deploy.yml");
const job = (name: string): Job => deployJobs[name] ?? { steps: [] };
const runs = ({ steps }: Job) => steps.flatMap(({ run }) => run ?? []);
const credentialsOf = ({ steps }: Job) => steps.find(({ uses }) => uses?.startsWith("aws-actions/configure-aws-credentials@"))?.with;
/** As a workflow writes it. */
const expression = (name: string) => `\${{ ${name} }}`;
const STAGES = ["staging", "prod"];
const BINARIES: Readonly<Record<string, string>> = { cdk: "node_modules/aws-cdk/bin/cdk", masqueue: "local/bin/masqueue.mjs" };

describe.each(files)("%s", (file) => {
  const { on, permissions, jobs } = workflow(file);
  const all = Object.values(jobs);
  const commands = all.flatMap(runs).join("\n");

  test("pins each action to a commit, with its version beside it", () => {
    const used = [...read(file).matchAll(/uses:\s*(.*)/g)].map(([, action]) => action);
    expect(used).toHaveLength(all.flatMap(({ steps }) => steps.filter(({ uses }) => uses)).length);
    for (const action of used) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test("may do no more than read the code, unless a job says so, and then only ask AWS for credentials or publish a signed release", () => {
    expect([{}, { contents: "read" }]).toContainEqual(permissions);
    if (file.endsWith("/release.yml")) {
      const { release, ...others } = jobs;
      expect(others).toEqual({});
      expect(release?.permissions).toEqual({ contents: "write", "id-token": "write", attestations: "write" });
      return;
    }
    for (const { permissions: own = {} } of all) {
      const { contents = "read", "id-token": token = "write", ...others } = own;
      expect({ contents, token, others }).toEqual({ contents: "read", token: "write", others: {} });
    }
  });

  test("never gives a fork's code this repository's rights, and uses no secret", () => {
    expect(Object.keys(on)).not.toContain("pull_request_target");
    expect(read(file)).not.toMatch(/\bsecrets\b/);
    for (const { with: inputs } of all.flatMap(({ steps }) => steps).filter(({ uses }) => uses?.startsWith("actions/checkout@")))
      expect(inputs).toMatchObject({ "persist-credentials": false });
  });

  test("inserts no text by others into a command", () => {
    expect(commands).not.toContain("${{");
  });

  test("calls only commands and options that exist", () => {
    const called = [...commands.matchAll(/npx (cdk|masqueue) (\w+)([^|\n]*)/g)];
    for (const [, tool = "", command = "", rest = ""] of called) {
      const help = execFileSync(process.execPath, [join(ROOT, BINARIES[tool] ?? ""), command, "--help"], { encoding: "utf8" });
      for (const [option] of rest.matchAll(/(?<=\s)--?[a-z][\w-]*/g)) expect(help).toMatch(new RegExp(`(^|[\\s,])${option}\\b`, "m"));
    }
    for (const [, script = ""] of commands.matchAll(/npm run ([\w:-]+)/g)) expect(Object.keys(manifest.scripts)).toContain(script);
    for (const [, script = ""] of commands.matchAll(/bash (\S+)/g)) expect(existsSync(join(ROOT, script))).toBe(true);
    expect(commands.match(/\bnpx \w+/g)?.length ?? 0).toBe(called.length);
  });
});

describe("the deployment", () => {
  test("goes to staging, then to prod, each behind its environment", () => {
    expect(Object.keys(deployJobs)).toEqual(["diff", ...STAGES]);
    expect(job("staging").needs).toBeUndefined();
    expect(job("prod").needs).toBe("staging");
    for (const stage of STAGES) expect(job(stage).environment).toBe(stage);
  });

  test.each(STAGES)("sends a message through %s after it", (stage) => {
    const commands = runs(job(stage)).filter((run) => run.startsWith("npx"));
    expect(commands[0]).toBe(`npx cdk deploy --all --require-approval=never -c stage=${stage}`);
    expect(commands[1]).toMatch(new RegExp(`^npx masqueue smoke --stage ${stage} .*--yes$`));
  });

  test.each(STAGES)("of %s overlaps with no other, and is not cancelled", (stage) => {
    expect(job(stage).concurrency).toEqual({ group: `deploy-${stage}`, "cancel-in-progress": false });
  });

  test("takes the commit that passed ci on main, if it is still the newest", () => {
    expect(events).toMatchObject({
      workflow_run: { workflows: [workflow(".github/workflows/ci.yml").name], types: ["completed"], branches: ["main"] },
    });
    const run = "github.event.workflow_run";
    for (const condition of [
      `${run}.conclusion == 'success'`,
      `${run}.event == 'push'`,
      `${run}.head_repository.full_name == github.repository`,
      `${run}.head_sha == github.sha`,
    ])
      expect(job("staging").if?.split(" && ")).toContain(condition);
    for (const stage of STAGES) expect(job(stage).steps[0]?.with).toMatchObject({ ref: expression(`${run}.head_sha`) });
  });

  test.each(Object.entries(deployJobs))("job %s does nothing unless its role is named", (name, it) => {
    const role = `vars.${name.toUpperCase()}_ROLE_ARN`;
    expect(credentialsOf(it)).toEqual({ "role-to-assume": expression(role), "aws-region": expression("vars.AWS_REGION") });
    expect(it.if?.split(" && ")).toContain(`${role} != ''`);
  });

  test("is shown on a pull request of this repository, and on none of a fork", () => {
    const { if: condition, environment, steps } = job("diff");
    expect(condition?.split(" && ")).toEqual(
      expect.arrayContaining(["github.event_name == 'pull_request'", "github.event.pull_request.head.repo.full_name == github.repository"]),
    );
    expect(environment).toBeUndefined();
    expect(runs({ steps }).join("\n")).toContain("npx cdk diff --method=template");
  });
});
