import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { dataFolder, launch, masqueue } from "../support/masqueue.ts";

const data = dataFolder();
const files = mkdtempSync(join(tmpdir(), "masqueue-files-"));
afterAll(() => {
  data.remove();
  rmSync(files, { recursive: true, force: true });
});

async function start(...args: string[]) {
  const { code, stdout, stderr } = await masqueue(["start", "--json", "--data", data.path, ...args]);
  return { code, stderr, result: JSON.parse(stdout) };
}

async function query(sql: string): Promise<string> {
  return (await masqueue(["sql", "--data", data.path, sql])).stdout;
}

const good = { user_id: "from-a-file", ip: "192.0.2.1", device_id: "111-11-1111", create_date: "2026-03-01" };
const odd = { foo: "oops_wrong_msg_type", bar: "123" };

describe("masqueue start --json", () => {
  test("sends the samples and reports their outcomes", async () => {
    const { code, result, stderr } = await start();
    expect(code).toBe(0);
    expect(result).toEqual({
      received: 200,
      stored: 198,
      duplicates: 0,
      rejected: 2,
      deadLettered: 2,
      seconds: expect.any(Number),
      rejections: [
        { messageId: expect.stringMatching(/^[0-9a-f-]{36}$/), code: "missing_field", field: "user_id" },
        { messageId: expect.stringMatching(/^[0-9a-f-]{36}$/), code: "missing_field", field: "user_id" },
      ],
    });
    expect(stderr).toContain("Postgres   embedded");
    expect(await query("select count(*) from user_logins")).toContain("198");
  });

  const receiveMessage = {
    Messages: [{ MessageId: "11111111-2222-4333-8444-555555555555", Body: JSON.stringify(good), ReceiptHandle: "x" }],
  };
  test.each([
    ["bodies.jsonl", `${JSON.stringify(good)}\n\nnot json\n`, { received: 2, stored: 1, rejected: 1 }],
    ["bodies.json", JSON.stringify([good, odd, "not json"]), { received: 3, stored: 1, rejected: 2 }],
    ["received.json", JSON.stringify(receiveMessage), { received: 1, stored: 1, rejected: 0 }],
    ["bodies.jsonl.gz", gzipSync(`${JSON.stringify(good)}\n`), { received: 1, stored: 1, rejected: 0 }],
    ["bodies.json.gz", gzipSync(JSON.stringify([good, good])), { received: 2, stored: 2, rejected: 0 }],
  ])("takes %s", async (name, content, counts) => {
    writeFileSync(join(files, name), content);
    const { code, result } = await start("--from", join(files, name));
    expect(code).toBe(0);
    expect(result).toMatchObject({ ...counts, deadLettered: counts.rejected, duplicates: 0 });
  });

  test("stores a message from aws sqs receive-message once, however often it is sent", async () => {
    const { result } = await start("--from", join(files, "received.json"));
    expect(result).toMatchObject({ received: 1, stored: 0, duplicates: 1 });
  });

  test.each([
    ["missing.jsonl", null, "cannot be read (ENOENT)"],
    ["logins.csv", "a,b", "the name must end in .jsonl or .json"],
    ["broken.json", "{", "is not JSON"],
    ["object.json", "{}", "holds neither an array of bodies nor the output of `aws sqs receive-message`"],
    ["empty.jsonl", "\n", "holds no messages"],
  ])("reports what is wrong with %s and starts nothing", async (name, content, sentence) => {
    if (content !== null) writeFileSync(join(files, name), content);
    const { code, stderr, stdout } = await masqueue(["start", "--json", "--data", data.path, "--from", join(files, name)]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(sentence);
    expect(stderr).not.toContain("Postgres ");
  });

  test("masks by SHA-256 as Python's hashlib does, if asked to", async () => {
    const other = dataFolder();
    writeFileSync(join(files, "one.jsonl"), JSON.stringify(good));
    await masqueue(["start", "--json", "--data", other.path, "--masking", "sha256", "--from", join(files, "one.jsonl")]);
    const { stdout } = await masqueue(["sql", "--data", other.path, "select masked_device_id from user_logins"]);
    // python3 -c 'import hashlib; print(hashlib.sha256(b"111-11-1111").hexdigest())'
    expect(stdout).toContain("4628ea314743d5ac373997763be3d39b86fc40c5d2015d2db345b0231e215b6c");
    const mixed = await masqueue(["start", "--data", other.path]);
    other.remove();
    expect(mixed.code).toBe(1);
    expect(mixed.stderr).toContain("masked with another key or in another mode");
  });
});

describe("on any machine", () => {
  const squatters: Server[] = [];
  beforeAll(async () => {
    for (const port of [5432, 4566]) {
      const server = createServer();
      await new Promise<void>((resolve) => server.on("error", () => resolve()).listen(port, "127.0.0.1", resolve));
      squatters.push(server);
    }
  });
  afterAll(() => {
    for (const server of squatters) server.close();
  });

  test("occupied ports and a hostile environment change nothing: embedded services are used", async () => {
    const env = {
      PGHOST: "database.invalid",
      PGPORT: "1",
      PGUSER: "nobody",
      PGSSLMODE: "require",
      PGOPTIONS: "-c search_path=nowhere",
      DATABASE_URL: "postgres://a:b@database.invalid/c",
      QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/login-queue",
      AWS_ENDPOINT_URL: "http://127.0.0.1:1",
      AWS_PROFILE: "missing",
      MASK_KMS_KEY_ID: "alias/none",
    };
    const { code, stdout } = await masqueue(["start", "--json", "--data", data.path, "--from", join(files, "bodies.jsonl.gz")], env);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ received: 1, stored: 1 });
  });

  test("two runs at once share the database and both end well", async () => {
    const both = await Promise.all([start("--from", join(files, "bodies.json.gz")), start("--from", join(files, "bodies.json.gz"))]);
    expect(both.map(({ code, result }) => [code, result.stored])).toEqual([
      [0, 2],
      [0, 2],
    ]);
  });

  test("a killed run leaves nothing that breaks the next", async () => {
    const running = launch(["start", "--watch", "--data", data.path]);
    await running.prints("Handled 200");
    running.child.kill("SIGKILL");
    await running.ended;
    expect((await start("--from", join(files, "bodies.jsonl.gz"))).result).toMatchObject({ received: 1, stored: 1 });
  });
});

describe("masqueue start --watch", () => {
  test("continues until Ctrl-C, then ends cleanly and leaves no server", async () => {
    const running = launch(["start", "--watch", "--data", data.path, "--from", join(files, "bodies.jsonl.gz")]);
    await running.prints("Handled 1 of 1");
    expect(running.child.exitCode).toBeNull();
    const during = await query("select 'asked while it runs'");
    running.child.kill("SIGINT");
    const { code, stdout } = await running.ended;
    expect(during).toContain("asked while it runs");
    expect(code).toBe(0);
    expect(stdout).toContain("stored          1");
    expect((await masqueue(["reset", "--data", data.path])).code).toBe(0);
    expect(() => readFileSync(join(data.path, "embedded", "postgres-18", "postmaster.pid"))).toThrow("ENOENT");
  });
});
