import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ingestStackName } from "../../lambda/names.ts";
import { type Deployment, deploy } from "../support/deployment.ts";
import { dataFolder, masqueue } from "../support/masqueue.ts";
import { login } from "../support/records.ts";

let stage: Deployment;
let named: Record<string, string>;
beforeEach(async () => {
  stage = await deploy();
  const { host, port, user, password, database } = stage.database.config;
  named = {
    ...{ ...stage.variables, QUEUE_URL: stage.queue.url },
    ...{ PGHOST: String(host), PGPORT: String(port), PGUSER: String(user), PGPASSWORD: String(password), PGDATABASE: String(database) },
  };
});
afterEach(() => stage.stop());

const status = (...more: string[]) => masqueue(["status", "--env", ...more], named);

describe("masqueue status --env", () => {
  test("reports queue, dead letters, rows and rejections from the services themselves", async () => {
    stage.enable();
    await stage.queue.send(...["a", "b", "c"].map((user_id) => JSON.stringify(login({ user_id }))), "{}");
    while ((await stage.queue.deadLetters()).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    const { code, stdout } = await status();
    expect(stdout).toContain(`Queue      ${stage.queue.url}`);
    expect(stdout).toMatch(/ok {7}Queue {11}0 visible, 0 in flight\n/);
    expect(stdout).toContain("warning  Dead letters    1 message\n");
    expect(stdout).toContain("ok       Rejected        missing_field 1 in 14 d\n");
    expect(stdout).toContain("ok       Rows            3 in user_logins\n");
    expect(stdout).not.toContain("Event source");
    expect(code).toBe(0);
  });

  test("adds the function of stage local, if it is deployed there, and its last lines", async () => {
    const { aws } = stage;
    aws.stacks[ingestStackName("local", "user-logins")] = aws.stacks[ingestStackName("dev", "user-logins")] ?? {};
    stage.enable();
    const [id] = await stage.queue.send('{"user_id":7}');
    while ((await stage.queue.deadLetters()).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    const { code, stdout } = await status();
    expect(stdout).toContain("ok       Event source    Enabled");
    expect(stdout).toContain("ok       Database        reachable");
    expect(stdout).toContain("Last lines of the function:\n");
    expect(stdout).toContain(` message rejected code="wrong_type" field="user_id" messageId="${id}"`);
    expect(stdout).toContain(" batch received=1 stored=0 ");
    expect(code).toBe(0);
  });

  test("lists undeclared fields by name, and prints none of their values", async () => {
    stage.enable();
    await stage.queue.send(...["a", "b", "c"].map((user_id) => JSON.stringify(login({ user_id, phone: "canary" }))));
    const sent = "SELECT FROM unknown_fields HAVING sum(messages) = 3";
    while ((await stage.database.rows(sent)).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    const { code, stdout } = await status();
    expect(stdout).toMatch(/^warning {2}Unknown fields {2}phone 3 \(new, [\d.]+ m?s ago\) in 14 d$/m);
    expect(stdout).not.toContain("canary");
    expect(code).toBe(0);
  });

  test("names a service that cannot be reached, and ends with 1", async () => {
    named.PGPORT = "1";
    const { code, stdout } = await status();
    expect(stdout).toMatch(/CRITICAL Rows {12}Postgres at 127\.0\.0\.1:1\/\w+ as postgres cannot be reached/);
    expect(stdout).toContain("ok       Queue");
    expect(code).toBe(1);
  });

  test("reports a database alone, and a queue alone", async () => {
    const { QUEUE_URL, AWS_REGION: _, ...database } = named;
    const one = await masqueue(["status", "--env"], database);
    expect(one).toMatchObject({ code: 0, stdout: expect.stringContaining("ok       Rows            0 in user_logins") });
    const other = await masqueue(["status", "--env"], { ...stage.variables, QUEUE_URL: String(QUEUE_URL) });
    expect(other).toMatchObject({ code: 0, stdout: expect.stringContaining("ok       Queue           0 visible") });
    expect(other.stdout).not.toContain("Postgres");
  });

  test("reports a missing table", async () => {
    await stage.database.client.query("DROP TABLE user_logins");
    expect((await status()).stdout).toContain("CRITICAL Rows            table user_logins does not exist yet: masqueue migrate creates it");
  });

  test("needs a service in the environment", async () => {
    const { code, stderr } = await masqueue(["status", "--env"]);
    expect(code).toBe(2);
    expect(stderr).toContain("--env: none of QUEUE_URL, DATABASE_URL and PGHOST is set.");
  });
});

describe("masqueue status", () => {
  const data = dataFolder();
  afterEach(() => data.remove());

  test("reports the embedded database, and starts none if there is none", async () => {
    const before = await masqueue(["status", "--data", data.path], named);
    expect(before.stderr).toContain("Nothing has run here yet.");
    await masqueue(["start", "--data", data.path]);
    const { code, stdout } = await masqueue(["status", "--data", data.path], named);
    expect(stdout).toContain("ok       Rows            198 in user_logins\n");
    expect(stdout).toContain("ok       Rejected        missing_field 2 in 14 d\n");
    expect(code).toBe(0);
  });
});
