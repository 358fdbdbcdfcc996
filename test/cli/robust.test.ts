import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { resolveDataDir } from "../../local/targets/data-dir.ts";
import { dataFolder, launch, masqueue } from "../support/masqueue.ts";

let data: ReturnType<typeof dataFolder>;
let files: string;
beforeEach(() => {
  data = dataFolder();
  files = mkdtempSync(join(tmpdir(), "masqueue-files-"));
});
afterEach(() => {
  data.remove();
  rmSync(files, { recursive: true, force: true });
});

/** The content of the folder of the embedded database. */
const left = () => (existsSync(resolveDataDir(data.path).embedded) ? readdirSync(resolveDataDir(data.path).embedded) : []);
const isRunning = () => existsSync(join(resolveDataDir(data.path).embedded, "postgres-18", "postmaster.pid"));

function file(name: string, content: string): string {
  const path = join(files, name);
  writeFileSync(path, content);
  return path;
}

test("two runs at once on a folder that does not exist yet both end well", async () => {
  const one = file("one.jsonl", '{"user_id":"a"}\n');
  const run = () => masqueue(["start", "--json", "--data", data.path, "--from", one]);
  const both = await Promise.all([run(), run()]);
  expect(both.map(({ code, stdout }) => [code, JSON.parse(stdout).stored])).toEqual([
    [0, 1],
    [0, 1],
  ]);
});

test.each([300, 500, 700, 900])("a Ctrl-C after %i ms leaves no server and no half database", async (after) => {
  const running = launch(["start", "--data", data.path]);
  setTimeout(() => running.child.kill("SIGINT"), after);
  expect((await running.ended).code).toBe(130);
  expect(isRunning()).toBe(false);
  expect(left().filter((name) => name.startsWith("initdb-"))).toEqual([]);
});

test("a reader that goes away ends the run quietly", async () => {
  const running = launch(["sql", "select generate_series(1, 30000)", "--data", data.path]);
  running.child.stdout?.destroy();
  const { stderr } = await running.ended;
  expect(stderr).not.toContain("    at ");
  expect(isRunning()).toBe(false);
});

describe("a message that SQS refuses", () => {
  test("is named by its position, and the others are stored", async () => {
    const mixed = file(
      "mixed.jsonl",
      `{"user_id":"a"}\nbad\u0001line\n{"user_id":"b"}\n{"user_id":"c","pad":"${"x".repeat(1_100_000)}"}\n`,
    );
    const { code, stdout, stderr } = await masqueue(["start", "--json", "--data", data.path, "--from", mixed]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ received: 2, stored: 2 });
    expect(stderr).toContain("Not sent: SQS refused message 2 of the file (InvalidMessageContents).");
    expect(stderr).toContain("Not sent: SQS refused message 4 of the file");
  });
});

test("values are shown without their control characters, and the rows of this run are shown", async () => {
  await masqueue(["start", "--data", data.path]);
  const hostile = file("hostile.jsonl", '{"user_id":"\\u001b[31mred","create_date":"2000-01-01"}\n');
  const { stdout } = await masqueue(["start", "--data", data.path, "--from", hostile]);
  expect(stdout).toContain("␛[31mred");
  expect(stdout).not.toContain("\u001b");
});

test("a function that cannot work is detected before a message is sent", async () => {
  await masqueue(["start", "--data", data.path, "--from", file("one.jsonl", '{"user_id":"a"}\n')]);
  const { code, stderr, stdout } = await masqueue(["start", "--data", data.path, "--masking", "sha256"]);
  expect(code).toBe(1);
  expect(stderr).toContain("masked with another key or in another mode");
  expect(stdout).not.toContain("Sent");
});

test.each([
  [["start", "--pipeline", "nope"], "There is no pipeline nope. Known pipelines: user-logins."],
  [["start", "--data", ""], "Name a folder."],
  [["sql", " "], "The statement is empty."],
])("%j gets a sentence and exit code 2", async (args, sentence) => {
  const { code, stderr } = await masqueue(args);
  expect(code).toBe(2);
  expect(stderr).toContain(sentence);
});
