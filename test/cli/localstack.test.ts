import { spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { SERVICES } from "../../local/localstack/localstack.ts";

const FOLDER = join(import.meta.dirname, "../../local/localstack");
const POSTGRES = { PGHOST: "127.0.0.1", PGPORT: "1", PGUSER: "me", PGPASSWORD: "hunter2", PGDATABASE: "mine" };

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server = undefined;
});

/** Runs a script with only this environment. @returns its stderr and exit code */
function run(script: string, env: Record<string, string> = {}, ...args: string[]): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [join(FOLDER, script), ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stderr })));
}

/** A server on this machine that answers a health check with this. */
async function answering(health: unknown): Promise<string> {
  server = createServer((_, response) => response.end(JSON.stringify(health)));
  const listening = server;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

function health(services: Record<string, string> = {}) {
  return { version: "4.14.0", services: { ...Object.fromEntries(SERVICES.map((name) => [name, "available"])), ...services } };
}

describe.each(["deploy.ts", "destroy.ts"])("%s refuses", (script) => {
  test.each([
    ["AWS itself", "https://cloudformation.eu-west-1.amazonaws.com", "is not this machine"],
    ["another machine", "http://192.168.1.5:4566", "is not this machine"],
    ["a name that only begins like that of this machine", "http://localhost.example.com:4566", "is not this machine"],
    ["a value that is no URL", "localhost:4566", "must be a URL like http://localhost:4566"],
  ])("%s", async (_what, AWS_ENDPOINT_URL, sentence) => {
    const { code, stderr } = await run(script, { ...POSTGRES, AWS_ENDPOINT_URL });
    expect([code, stderr]).toEqual([2, expect.stringMatching(new RegExp(`^masqueue: AWS_ENDPOINT_URL .*${sentence}.*\\.\n$`))]);
  });
});

describe("one sentence reports", () => {
  test("that there is no LocalStack", async () => {
    const { code, stderr } = await run("deploy.ts", { ...POSTGRES, AWS_ENDPOINT_URL: "http://127.0.0.1:1" });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^masqueue: There is no LocalStack at http:\/\/127\.0\.0\.1:1: start it .*\.\n$/),
    ]);
  });

  test("that another program has the port", async () => {
    const { code, stderr } = await run("deploy.ts", { ...POSTGRES, AWS_ENDPOINT_URL: await answering("hello") });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^masqueue: The server at http:\S+ is not LocalStack: .*\.\n$/)]);
  });

  test("the services that a LocalStack lacks", async () => {
    const AWS_ENDPOINT_URL = await answering(health({ lambda: "disabled" }));
    const { code, stderr } = await run("deploy.ts", { ...POSTGRES, AWS_ENDPOINT_URL });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^masqueue: LocalStack 4\.14\.0 at http:\S+ runs without lambda: .*\.\n$/)]);
  });

  test.each([
    ["a key in KMS", { MASK_KMS_KEY_ID: "alias/mine" }, "LocalStack forgets its keys"],
    ["a key file that does not exist", { MASK_KEY_FILE: "/nowhere/mask.key" }, "which cannot be read"],
    ["an invalid port", { PGPORT: "x" }, "PGPORT is"],
  ])("that the environment names %s", async (_what, env, sentence) => {
    const { code, stderr } = await run("deploy.ts", { ...POSTGRES, AWS_ENDPOINT_URL: await answering(health()), ...env });
    expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)]);
    expect(stderr).not.toContain("hunter2");
  });

  test("an unknown option", async () => {
    const { code, stderr } = await run("deploy.ts", POSTGRES, "--stage", "prod");
    expect([code, stderr]).toEqual([2, expect.stringContaining("the only option is --yes")]);
  });
});

test("start:compose uses only the services of docker-compose.yml, whatever the environment names", async () => {
  const elsewhere = { DATABASE_URL: "postgres://10.0.0.1/prod", AWS_ENDPOINT_URL: "https://elsewhere", QUEUE_URL: "https://elsewhere/1/q" };
  const { code, stderr } = await run("start-compose.ts", { ...elsewhere, PGHOST: "10.0.0.1", PGPORT: "1", LOCALSTACK_PORT: "2" }, "--json");
  expect(code).toBe(1);
  expect(stderr).toContain("Queue      http://localhost:2/000000000000/login-queue\n");
  expect(stderr).toContain("Postgres at localhost:1/postgres as postgres cannot be reached");
});
