// Synthesises every stage in every variant as a user would, and runs cfn-lint over the templates: node .ci/synth.mjs [cfn-lint]
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const variants = JSON.parse(readFileSync(new URL("../test/support/variants.json", import.meta.url), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "masqueue-synth-"));
const run = (command, args) => {
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
};

const begun = performance.now();
for (const stage of ["dev", "prod"]) {
  for (const [variant, context] of Object.entries(variants)) {
    const options = Object.entries({ stage, ...context }).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
    run("npx", ["cdk", "synth", "--quiet", "--output", join(folder, `${stage}-${variant.replaceAll(" ", "-")}`), ...options]);
  }
}
console.log(`synthesised in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
const [, , linter] = process.argv;
// W3005: CDK names a role that its policy depends on twice.
if (linter) run(linter, ["--ignore-checks", "W3005", "--", ...globSync(join(folder, "*", "*.template.json"))]);
rmSync(folder, { recursive: true, force: true });
