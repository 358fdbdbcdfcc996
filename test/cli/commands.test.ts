import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { createDatabase } from "../support/database.ts";
import { dataFolder, launch, masqueue } from "../support/masqueue.ts";

const EVENTS = join(import.meta.dirname, "../../events");
const data = dataFolder();
const files = mkdtempSync(join(tmpdir(), "masqueue-files-"));
afterAll(() => {
  data.remove();
  rmSync(files, { recursive: true, force: true });
});

describe("masqueue --help", () => {
  test.each(
    [
      [],
      ["start"],
      ["invoke"],
      ["migrate"],
      ["new"],
      ["check"],
      ["diff"],
      ["send"],
      ["load"],
      ["dlq"],
      ["status"],
      ["smoke"],
      ["sql"],
      ["reset"],
    ].map((command) => [command]),
  )("answers for %j", async (command) => {
    const { code, stdout } = await masqueue([...command, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: masqueue${command.map((name) => ` ${name}`).join("")}`);
  });

  test.each([
    [["nosuch"], "unknown command 'nosuch'"],
    [["start", "--frm", "x"], "unknown option '--frm'"],
    [["start", "--batch-size", "0"], "A batch has 1 to 10000 messages"],
    [["start", "--pipeline", ""], "Name a pipeline"],
    [["status", "--stage", ""], "A stage's name has lower-case letters"],
    [["start", "--masking", "md5"], "Allowed choices are hmac, sha256"],
    [["invoke"], "missing required argument 'file'"],
  ])("is pointed to by %j", async (args, sentence) => {
    const { code, stderr } = await masqueue(args);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
    expect(stderr).toContain("--help");
  });
});

describe("masqueue invoke", () => {
  test("prints the response of a mixed batch as JSON, and stores the good messages", async () => {
    const { code, stdout, stderr } = await masqueue(["invoke", join(EVENTS, "batch.json"), "--data", data.path]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).batchItemFailures).toHaveLength(4);
    for (const reason of ["missing_field (user_id)", "not_json", "bad_date (create_date)", "too_long (locale)"])
      expect(stderr).toContain(reason);
    const rows = await masqueue(["sql", "select count(*), count(distinct masked_ip) from user_logins", "--data", data.path]);
    expect(rows.stdout).toMatch(/│ 6 +│ 4 +│/);
  });

  test("stores a redelivered message once and reports both as done", async () => {
    const { stdout } = await masqueue(["invoke", join(EVENTS, "redelivery.json"), "--data", data.path]);
    expect(JSON.parse(stdout)).toEqual({ batchItemFailures: [] });
    const rows = await masqueue(["sql", "select count(*) from user_logins", "--data", data.path]);
    expect(rows.stdout).toMatch(/│ 7 +│/);
  });

  test.each([
    ["{}", "is not an SQS event: it needs a list Records."],
    ['{"Records":[{"messageId":"1"}]}', "is not an SQS event: record 1 has no body."],
    ['{"Records":[{"body":"1"}]}', "is not an SQS event: record 1 has no messageId."],
    ["[1", "is not JSON."],
  ])("reports what is wrong with %s, with exit code 2", async (content, sentence) => {
    const file = join(files, "event.json");
    writeFileSync(file, content);
    const { code, stdout, stderr } = await masqueue(["invoke", file, "--data", data.path]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`${file} ${sentence}`);
  });
});

describe("masqueue migrate --env", () => {
  test("prints the statements with --dry-run and applies them without", async () => {
    const database = await createDatabase({ migrated: false });
    const { host, port, user, password, database: name } = database.config;
    const env = { DATABASE_URL: `postgres://${user}:${password}@${host}:${port}/${name}` };
    const dry = await masqueue(["migrate", "--env", "--dry-run"], env);
    expect(dry.stdout).toContain("CREATE TABLE IF NOT EXISTS user_logins");
    expect(dry.stderr).toContain("Pending: 001_user_logins");
    expect(await database.rows("SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace")).toEqual([]);
    const real = await masqueue(["migrate", "--env"], env);
    expect(real.stderr).toContain("Applied: 001_user_logins");
    expect((await masqueue(["migrate", "--env"], env)).stderr).toContain("The database is up to date.");
    await database.drop();
  });

  test("names the variables to set if none is", async () => {
    const { code, stderr } = await masqueue(["migrate", "--env"]);
    expect(code).toBe(2);
    expect(stderr).toContain("--env: neither DATABASE_URL nor PGHOST is set.");
  });
});

describe("masqueue sql and reset", () => {
  test("sql prints Postgres's error as a sentence", async () => {
    const { code, stderr } = await masqueue(["sql", "select nope", "--data", data.path]);
    expect(code).toBe(1);
    expect(stderr).toContain('Postgres refused the statement (SQLSTATE 42703): column "nope" does not exist.');
  });

  test("reset refuses while another run uses the database, and removes it afterwards", async () => {
    const running = launch(["start", "--watch", "--data", data.path]);
    await running.prints("Handled 200");
    const refused = await masqueue(["reset", "--data", data.path]);
    running.child.kill("SIGINT");
    await running.ended;
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("Another run uses the embedded database");
    expect((await masqueue(["reset", "--data", data.path])).code).toBe(0);
    expect(existsSync(join(data.path, "embedded"))).toBe(false);
  });
});
