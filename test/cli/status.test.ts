import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Deployment, deploy, EVENT_SOURCE } from "../support/deployment.ts";
import { masqueue } from "../support/masqueue.ts";
import { login } from "../support/records.ts";

let stage: Deployment;
const ofProfile = { AWS_PROFILE: "nope", AWS_ACCESS_KEY_ID: "", AWS_REGION: "", AWS_EC2_METADATA_DISABLED: "true" };
beforeEach(async () => {
  stage = await deploy();
});
afterEach(() => stage.stop());

const status = (...more: string[]) => masqueue(["status", "--stage", "dev", ...more], stage.variables);

/** The line on a subject, with its mark. */
const line = (stdout: string, subject: string) => stdout.split("\n").find((text) => text.slice(9).startsWith(subject)) ?? "";

describe("masqueue status --stage", () => {
  test("reports each part in a line, and ends with 0 if all are well", async () => {
    Object.assign(stage.aws.metrics, { commitLag: [900, 4_200], ApproximateAgeOfOldestMessage: [1, 70], Invocations: [2, 1], stored: [7] });
    await stage.queue.send(JSON.stringify(login()));
    const { code, stdout } = await status();
    expect(stdout.replace(/in \d+ ms\)|in \d(\.\d)? s\)|\d+ d ago/g, "…")).toBe(
      [
        "masqueue-dev-ingest-user-logins in us-east-1, account 123456789012",
        "",
        "ok       Stack           UPDATE_COMPLETE, …",
        "ok       Event source    Enabled",
        "ok       Database        reachable, table and masking key fit (the function responded …",
        "ok       Last failure    none in 24 h",
        "ok       Invocations     0 of 3 failed in 15 min",
        "ok       Stored          7 messages in 15 min",
        "ok       Lag             at most 4.2 s from sending to commit in 15 min, oldest message 1 s",
        "ok       Queue           1 visible, 0 in flight",
        "ok       Dead letters    none",
        "ok       Rejected        none in 14 d",
        "ok       Unknown fields  none in 60 min",
        "",
        "Healthy.",
        "",
      ].join("\n"),
    );
    expect(code).toBe(0);
    expect(await stage.queue.depth()).toBe(1);
  });

  test("is critical while invocations die of time or memory, which the function cannot log, with --json too", async () => {
    Object.assign(stage.aws.metrics, { Invocations: [2, 3], Errors: [2, 3], duplicates: [{ value: 9, minutesAgo: 20 }] });
    await stage.queue.send(JSON.stringify(login()));
    const { code, stdout } = await status();
    expect(code).toBe(1);
    expect(line(stdout, "Invocations")).toBe("CRITICAL Invocations     5 of 5 failed in 15 min");
    expect(line(stdout, "Stored")).toBe("CRITICAL Stored          0 messages in 15 min, and 1 message in the queue");
    expect(stdout).toContain("\nCritical: invocations, stored. What");
    const json = await status("--json");
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout).healthy).toBe(false);
  });

  test("names a failure of the health check by its code, and prints no text of a foreign error", async () => {
    const failWith = (errorType: string, errorMessage: string, log: string) => {
      stage.aws.functions["masqueue-dev-user-logins"] = async () => ({ isError: true, payload: { errorType, errorMessage }, log });
    };
    const logged = { level: "ERROR", service: "masqueue-dev-user-logins", message: "batch failed", code: "configuration" };
    failWith("IngestError", "PGHOST is not set.", `START\n${JSON.stringify(logged)}\nREPORT\n`);
    expect(line((await status()).stdout, "Database")).toBe("CRITICAL Database        configuration: PGHOST is not set.");
    failWith("IngestError", "PGHOST is not set.", "REPORT\n");
    expect(line((await status()).stdout, "Database")).toBe("CRITICAL Database        failed: PGHOST is not set.");

    failWith("TypeError", "cannot read 192.0.2.77", '{"level":"ERROR","message":{"errorMessage":"cannot read 192.0.2.77"}}\n');
    const foreign = await status("--json");
    expect(foreign.stdout).toContain("TypeError: See the function's own log.");
    expect(foreign.stdout + foreign.stderr).not.toContain("192.0.2.77");
    failWith("Sandbox.Timedout", "RequestId: 192.0.2.77 Error: Task timed out after 30.00 seconds", "");
    expect(line((await status()).stdout, "Database")).toBe(
      "CRITICAL Database        Sandbox.Timedout: Task timed out after 30.00 seconds.",
    );
  });

  test("reports what the function finds wrong with table or key, with its code, and ends with 1", async () => {
    await stage.database.client.query("ALTER TABLE user_logins ALTER COLUMN locale TYPE varchar(8)");
    const { code, stdout } = await status();
    expect(code).toBe(1);
    const failure = "table_mismatch: Table user_logins does not fit pipeline user-logins: column locale holds 8 characters, 32 are needed.";
    expect(line(stdout, "Database")).toBe(`CRITICAL Database        ${failure}`);
    expect(stdout).toContain("\nCritical: database");
    expect(line((await status()).stdout, "Last failure")).toMatch(/^warning {2}Last failure {4}[\d.]+ m?s ago: table_mismatch: Table/);
  });

  test("reports a disabled event source, messages that wait too long, and rejections", async () => {
    stage.aws.eventSources[EVENT_SOURCE] = { State: "Disabled", StateTransitionReason: "USER_INITIATED" };
    Object.assign(stage.aws.metrics, { ApproximateAgeOfOldestMessage: [7_200], "rejected/too_long": [1, 2], "rejected/not_json": [10] });
    const { code, stdout } = await status();
    expect(code).toBe(1);
    expect(line(stdout, "Event source")).toBe("CRITICAL Event source    Disabled, USER_INITIATED");
    expect(line(stdout, "Lag")).toBe("CRITICAL Lag             nothing committed in 15 min, oldest message 2 h (over 2 s)");
    expect(line(stdout, "Rejected")).toBe("ok       Rejected        not_json 10, too_long 3 in 14 d");
    expect(stdout).toContain("\nCritical: event source, lag. What to do: docs/runbook.md\n");
  });

  test("counts the dead letters of the real function, which alone are not critical", async () => {
    stage.enable();
    await stage.queue.send("not json");
    while ((await stage.queue.deadLetters()).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    const { code, stdout } = await status();
    expect(line(stdout, "Dead letters")).toBe("warning  Dead letters    1 message");
    expect(stdout).toContain("\nHealthy, with warnings: dead letters.\n");
    expect(code).toBe(0);
  });

  test("lists the undeclared fields that the newest lines of the log name", async () => {
    const logged = (pipeline: string, unknownFieldNames: object) => ({
      at: Date.now() - 120_000,
      text: JSON.stringify({ service: "s", message: "batch", pipeline, unknownFieldNames }),
    });
    const lines = [logged("logins", { phone: 2, age: 3 }), logged("logins", { phone: 2 }), logged("orders", {})];
    stage.aws.logs["/masqueue/dev/user-logins"] = () => lines;
    const { stdout } = await status();
    expect(line(stdout, "Unknown fields")).toBe("ok       Unknown fields  logins phone 4 (2 min ago), logins age 3 (2 min ago) in 60 min");
  });

  test("names the permission that each part lacks, and reports the rest", async () => {
    stage.aws.denied.push("GetMetricData", "FilterLogEvents");
    const some = await status();
    expect(line(some.stdout, "Invocations")).toBe(
      "warning  Invocations     not allowed (AccessDeniedException): it needs cloudwatch:GetMetricData",
    );
    expect(line(some.stdout, "Last failure")).toContain("it needs logs:FilterLogEvents");
    expect(line(some.stdout, "Event source")).toContain("Enabled");
    expect(some.code).toBe(0);

    stage.aws.denied.push("Invoke", "GetEventSourceMapping", "GetQueueAttributes");
    stage.variables.AWS_ENDPOINT_URL_SQS = stage.aws.endpoint;
    const { code, stdout } = await status();
    expect(line(stdout, "Database")).toBe("CRITICAL Database        not allowed (AccessDeniedException): it needs lambda:InvokeFunction");
    expect(line(stdout, "Event source")).toContain("it needs lambda:GetEventSourceMapping");
    expect(line(stdout, "Queue")).toContain("it needs sqs:GetQueueAttributes");
    expect(code).toBe(1);
  });

  test("prints checks and figures as one JSON object", async () => {
    stage.aws.metrics["rejected/too_long"] = [2];
    const { stdout } = await status("--json");
    expect(JSON.parse(stdout)).toMatchObject({
      target: ["masqueue-dev-ingest-user-logins in us-east-1, account 123456789012"],
      healthy: true,
      findings: expect.arrayContaining([{ subject: "Queue", grade: "ok", text: "0 visible, 0 in flight" }]),
      facts: { eventSource: { value: { state: "Enabled" } }, rejected: { value: { too_long: 2 } }, queue: { value: { depth: 0 } } },
    });
  });

  test("reads no message and prints none", async () => {
    stage.enable();
    await stage.queue.send(JSON.stringify(login({ locale: "x".repeat(99), user_id: "nobody-else" })));
    while ((await stage.queue.deadLetters()).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    const { stdout, stderr } = await status("--json");
    for (const value of ["nobody-else", "xxxx", "199.172.111.135", "593-47-5928"]) expect(stdout + stderr).not.toContain(value);
  });
});

describe("a stage that cannot be read", () => {
  test.each(["", "Dev", "dev-", "../dev"])("because %j is not a name is misuse, and no service is called", async (name) => {
    const { code, stdout, stderr } = await masqueue(["status", "--stage", name], stage.variables);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("A stage's name has lower-case letters, digits and single hyphens.");
    expect(stage.aws.calls).toEqual([]);
  });

  test("because it does not exist gets a sentence with the stages that do, and exit code 2", async () => {
    const { code, stdout, stderr } = await masqueue(["status", "--stage", "prod"], stage.variables);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe(
      "masqueue: There is no stack masqueue-prod-ingest-user-logins in us-east-1, account 123456789012. Deployed there: dev (user-logins).\n",
    );
  });

  test.each<[string, Record<string, string>, string, number]>([
    ["without a region", { AWS_REGION: "" }, "The region is not known: set AWS_REGION", 2],
    ["without credentials", { AWS_ACCESS_KEY_ID: "", AWS_EC2_METADATA_DISABLED: "true" }, "No AWS credentials (", 2],
    ["without credentials in a profile", { ...ofProfile, AWS_REGION: "us-east-1" }, 'profile "nope" (AWS_PROFILE) does not exist', 2],
    ["without a region in a profile", ofProfile, 'The region is not known: profile "nope" (AWS_PROFILE) does not exist or names none.', 2],
    ["for an invalid region", { AWS_REGION: "eu west" }, 'AWS_REGION is "eu west"; it must be a region like eu-west-1.', 2],
    ["for an invalid endpoint", { AWS_ENDPOINT_URL: "nonsense" }, 'AWS_ENDPOINT_URL is "nonsense"; it must be a URL like', 2],
    ["because no server answers", { AWS_ENDPOINT_URL: "http://127.0.0.1:1" }, "connect ECONNREFUSED 127.0.0.1:1.", 1],
  ])("%s gets a sentence", async (_, variables, sentence, exitCode) => {
    const { code, stderr } = await masqueue(["status", "--stage", "dev"], { ...stage.variables, ...variables, HOME: "/nonexistent" });
    expect(stderr).toContain(sentence);
    expect(stderr).not.toContain("    at ");
    expect(code).toBe(exitCode);
  });

  test("because its stack may not be read is reported with the permission", async () => {
    stage.aws.denied.push("DescribeStacks", "ListAllStacks");
    const { code, stderr } = await status();
    expect(code).toBe(1);
    expect(stderr).toBe(
      "masqueue: Stack masqueue-dev-ingest-user-logins in us-east-1 cannot be looked up: not allowed (AccessDenied): it needs cloudformation:DescribeStacks.\n",
    );
  });

  test("because CloudFormation refuses the call is not reported as absent", async () => {
    stage.aws.failing.DescribeStacks = ["ValidationError", "The security token is from another partition"];
    const { code, stderr } = await status();
    expect(code).toBe(1);
    expect(stderr).toContain("cannot be looked up: ValidationError: The security token is from another partition.");
  });
});
