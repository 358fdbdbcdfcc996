import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Deployment, deploy } from "../support/deployment.ts";
import { launch, masqueue } from "../support/masqueue.ts";

let stage: Deployment;
beforeEach(async () => {
  stage = await deploy();
});
afterEach(() => stage.stop());

const smoke = (...more: string[]) => masqueue(["smoke", "--stage", "dev", ...more], stage.variables);

describe("masqueue smoke --stage", () => {
  test("stores one recognisable message through the queue, and prints its id and the time it took", async () => {
    stage.enable();
    const { code, stdout } = await smoke();
    expect(code).toBe(0);
    expect(stdout).toContain(`Queue      ${stage.queue.url}`);
    const [row] = await stage.database.rows("SELECT user_id, device_type, masked_ip, masked_device_id, message_id FROM user_logins");
    expect(row).toMatchObject({ user_id: "masqueue-smoke", device_type: null, masked_ip: expect.stringMatching(/^v1\./) });
    expect(stdout).toMatch(/Stored {5}after \d+\.\d s: the row with message_id [0-9a-f-]{36}\n/);
    expect(stdout).toContain(String(row?.message_id));
    expect(await stage.queue.depth()).toBe(0);
  });

  test("prints why its message was rejected, and ends with 1", async () => {
    stage.enable();
    const { code, stdout } = await smoke("--body", '{"ip":"192.0.2.1"}');
    expect(code).toBe(1);
    expect(stdout).toMatch(/Rejected {3}after \d+\.\d s: missing_field \(user_id\)\. It goes to the dead-letter queue\./);
  });

  test("gives up after its time, names the next step, and ends with 1", async () => {
    const { code, stdout } = await smoke("--timeout", "1");
    expect(code).toBe(1);
    expect(stdout).toMatch(/Not seen {3}within \d+\.\d s\. The function's log does not name it\. Look next: masqueue status --stage dev/);
    expect(await stage.queue.depth()).toBe(1);
  });

  test("prints why the function failed meanwhile", async () => {
    await stage.database.client.query("ALTER TABLE user_logins ALTER COLUMN locale TYPE varchar(8)");
    stage.enable();
    const { code, stdout } = await smoke("--timeout", "3");
    expect(code).toBe(1);
    expect(stdout).toContain(
      "The function failed meanwhile: table_mismatch: Table user_logins does not fit pipeline user-logins: column locale",
    );
  });
});

describe("a message that is sent is not given up", () => {
  const throttled: [string, string] = ["ThrottlingException", "Rate exceeded"];

  test("because one look at the log fails", async () => {
    stage.enable();
    const running = launch(["smoke", "--stage", "dev"], stage.variables);
    await running.prints("Sent ");
    const before = looks();
    stage.aws.failing.FilterLogEvents = throttled;
    // The SDK tries three times itself.
    while (looks() < before + 4) await new Promise((resolve) => setTimeout(resolve, 20));
    delete stage.aws.failing.FilterLogEvents;
    expect(await running.ended).toMatchObject({ code: 0, stdout: expect.stringContaining("Stored     after") });
  });

  test("and if the log stays unreadable, that is reported at the end", async () => {
    const running = launch(["smoke", "--stage", "dev", "--timeout", "1"], stage.variables);
    await running.prints("Sent ");
    stage.aws.failing.FilterLogEvents = throttled;
    const { code, stdout } = await running.ended;
    expect(code).toBe(1);
    expect(stdout).toMatch(/Not seen {3}within \d+\.\d s\. The log \S+ cannot be read: ThrottlingException: Rate exceeded\. Look next:/);
  });

  test("because the log's clock is behind this machine's", async () => {
    const [[group = "", lines = () => []] = []] = Object.entries(stage.aws.logs);
    stage.aws.logs[group] = () => lines().map(({ at, text }) => ({ at: at - 4 * 60_000, text }));
    stage.enable();
    expect(await smoke("--timeout", "20")).toMatchObject({ code: 0 });
  });

  const looks = () => stage.aws.calls.filter((operation) => operation === "FilterLogEvents").length;
});

describe("nothing is sent", () => {
  afterEach(async () => expect(await stage.queue.depth()).toBe(0));

  test("to a remote queue without a confirmation", async () => {
    stage.variables.AWS_ENDPOINT_URL_SQS = "https://sqs.eu-west-1.amazonaws.com";
    const { code, stderr } = await smoke();
    expect(code).toBe(1);
    expect(stderr).toMatch(/Not on this machine: .+\. There is no terminal to ask for confirmation: pass --yes to continue\./);
  });

  test("if the function's log may not be read", async () => {
    stage.aws.denied.push("FilterLogEvents");
    const { code, stderr } = await smoke();
    expect(code).toBe(1);
    expect(stderr).toContain(
      "The log /masqueue/dev/user-logins cannot be read: not allowed (AccessDeniedException): it needs logs:FilterLogEvents.",
    );
  });

  test.each([
    [["--body", "{user_id: 1}"], "--body is not JSON."],
    [["--stage", ""], "A stage's name has lower-case letters, digits and single hyphens."],
    [["--pipeline", ""], "Name a pipeline."],
    [["--timeout", "0"], "Give a number of seconds from 1 to 900."],
    [["--pipeline", "nope"], "There is no pipeline nope. Known pipelines: user-logins."],
  ])("after %j, which is misuse", async (options, sentence) => {
    const { code, stderr } = await smoke(...options);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
  });
});
