import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { readPostgres } from "../../lambda/config.ts";
import { type AwsJson, CREDENTIALS, refusal, startAwsJson } from "../support/aws-json.ts";

type Environment = Record<string, string | undefined>;

const PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
let folder: string;
let aws: AwsJson | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "masqueue-login-"));
  writeFileSync(join(folder, "ca.pem"), `Amazon RDS\n${PEM}`);
  writeFileSync(join(folder, "empty.pem"), "");
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  await aws?.close();
  aws = undefined;
});

function environment(changes: Environment): Environment {
  return { PGHOST: "db.example.org", PGUSER: "masqueue_ingest", PGDATABASE: "logins", AWS_REGION: "eu-west-1", ...CREDENTIALS, ...changes };
}

function readErrorMessage(changes: Environment): string {
  try {
    readPostgres(environment(changes));
  } catch (error) {
    expect(error).toMatchObject({ name: "IngestError", code: "configuration" });
    return (error as Error).message;
  }
  return "";
}

/** The password that a new connection would use. */
async function password(changes: Environment): Promise<string> {
  const { password: given } = readPostgres(environment(changes));
  expect(given).toBeInstanceOf(Function);
  return typeof given === "function" ? given() : "";
}

describe("the login", () => {
  test("uses the password of the environment, which may be empty", () => {
    expect(readPostgres(environment({ PGPASSWORD: "p" })).password).toBe("p");
    expect(readPostgres(environment({})).password).toBe("");
  });

  test("uses a secret, which is read for each new connection", async () => {
    let version = 0;
    aws = await startAwsJson(() => ({ body: { SecretString: `{"password":"p${++version}"}` } }));
    const { password: given } = readPostgres(environment({ PGPASSWORD_SECRET: "db", AWS_ENDPOINT_URL: aws.url, PGSSLMODE: "disable" }));
    expect(aws.calls).toEqual([]);
    expect(typeof given === "function" && [await given(), await given()]).toEqual(["p1", "p2"]);
  });

  test("fails with its own code if the secret cannot be read", async () => {
    aws = await startAwsJson(() => refusal("ResourceNotFoundException"));
    await expect(password({ PGPASSWORD_SECRET: "db", AWS_ENDPOINT_URL: aws.url })).rejects.toMatchObject({ code: "login_unavailable" });
  });

  test("uses a token of the function's role, for this host, port and user", async () => {
    const token = await password({ PG_IAM_AUTH: "true", PGPORT: "6432" });
    expect(token).toMatch(/^db\.example\.org:6432\/\?Action=connect&DBUser=masqueue_ingest&.*%2Feu-west-1%2Frds-db%2F/);
  });

  test.each([
    [
      { PGPASSWORD: "canary", PGPASSWORD_SECRET: "db" },
      "PGPASSWORD and PGPASSWORD_SECRET are set; set only one of them: a login comes from one place.",
    ],
    [
      { PGPASSWORD: "canary", PG_IAM_AUTH: "true" },
      "PGPASSWORD and PG_IAM_AUTH are set; set only one of them: a login comes from one place.",
    ],
    [
      { PGPASSWORD_SECRET: "db", PG_IAM_AUTH: "true" },
      "PGPASSWORD_SECRET and PG_IAM_AUTH are set; set only one of them: a login comes from one place.",
    ],
    [{ PG_IAM_AUTH: "yes" }, 'PG_IAM_AUTH is "yes"; allowed: true, or nothing.'],
    [{ PG_IAM_AUTH: "true", PGSSLMODE: "disable" }, "PG_IAM_AUTH needs TLS: set PGSSLMODE to verify-full."],
  ])("is refused if its variables are invalid or contradict each other: %j", (changes, sentence) => {
    expect(readErrorMessage(changes)).toBe(sentence);
  });
});

describe("the certificate authorities", () => {
  test("come from the PEM file", () => {
    expect(readPostgres(environment({ PGSSLROOTCERT: join(folder, "ca.pem") })).ssl).toEqual({
      rejectUnauthorized: true,
      ca: `Amazon RDS\n${PEM}`,
    });
  });

  test("are Node's list if no file is named", () => {
    expect(readPostgres(environment({ PGSSLROOTCERT: "" })).ssl).toEqual({ rejectUnauthorized: true });
  });

  test.each(["missing.pem", "empty.pem"])("are refused if the file is missing or holds no certificate: %s", (name) => {
    const file = join(folder, name);
    expect(readErrorMessage({ PGSSLROOTCERT: file })).toBe(`PGSSLROOTCERT names ${file}, which is not a readable PEM file.`);
  });

  test("are ignored without TLS", () => {
    expect(readPostgres(environment({ PGSSLMODE: "disable", PGSSLROOTCERT: "missing.pem" })).ssl).toBe(false);
  });
});
