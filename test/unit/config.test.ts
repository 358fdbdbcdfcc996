import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readConfig } from "../../lambda/config.ts";
import { IngestError } from "../../lambda/errors.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";

type Environment = Record<string, string | undefined>;

const SECRET = Buffer.alloc(32, 7);
let folder: string;
let keyFile: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "masqueue-config-"));
  keyFile = join(folder, "key");
  writeFileSync(keyFile, SECRET);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A valid environment with the test's changes. */
function environment(changes: Environment = {}): Environment {
  return {
    PIPELINE: "user-logins",
    PGHOST: "db.example.org",
    PGUSER: "masqueue",
    PGPASSWORD: "canary-password",
    PGDATABASE: "logins",
    MASK_KEY_FILE: keyFile,
    ...changes,
  };
}

function readErrorMessage(changes: Environment): string {
  try {
    readConfig(environment(changes));
  } catch (error) {
    expect(error).toBeInstanceOf(IngestError);
    expect((error as IngestError).code).toBe("configuration");
    return (error as IngestError).message;
  }
  return "";
}

describe("a complete environment", () => {
  test("gives the queue and the connection, by default with verified TLS on port 5432", () => {
    const config = readConfig(environment());
    expect(config.queue.pipelines).toEqual([userLogins]);
    expect(config.postgres).toMatchObject({
      host: "db.example.org",
      port: 5432,
      user: "masqueue",
      password: "canary-password",
      database: "logins",
      ssl: { rejectUnauthorized: true },
      application_name: "masqueue",
    });
  });

  test("may set another port and disable TLS", () => {
    expect(readConfig(environment({ PGPORT: "6432", PGSSLMODE: "disable" })).postgres).toMatchObject({ port: 6432, ssl: false });
  });

  test("may leave the optional variables empty, as a stack without a value does", () => {
    const empty = { PGPORT: "", PGSSLMODE: "", MASK_KMS_KEY_ID: "" };
    expect(readConfig(environment(empty)).postgres).toMatchObject({ port: 5432, ssl: { rejectUnauthorized: true } });
  });

  test("gives the master key of the key file", async () => {
    const { masking } = readConfig(environment());
    expect(await (masking.mode === "hmac" && masking.masterKey(Buffer.from("message")))).toEqual(
      createHmac("sha256", SECRET).update("message").digest(),
    );
  });

  test("may name a key in KMS instead of a file, and KMS is not called yet", () => {
    const config = readConfig(environment({ MASK_KEY_FILE: undefined, MASK_KMS_KEY_ID: "alias/masqueue" }));
    expect(config.masking).toEqual({ mode: "hmac", masterKey: expect.any(Function) });
  });
});

describe("a missing variable", () => {
  test.each(["PIPELINE", "PGHOST", "PGUSER", "PGDATABASE"])("is named: %s", (name) => {
    expect(readErrorMessage({ [name]: undefined })).toBe(`${name} is not set.`);
    expect(readErrorMessage({ [name]: "" })).toBe(`${name} is not set.`);
  });

  test("is named with its alternative if it is the masking key", () => {
    expect(readErrorMessage({ MASK_KEY_FILE: undefined })).toBe(
      "No masking key: set MASK_KMS_KEY_ID to an HMAC key in KMS (or, outside AWS, MASK_KEY_FILE to a file that holds the key).",
    );
  });
});

describe("an invalid variable", () => {
  test.each([
    [{ PIPELINE: "logins" }, 'PIPELINE is "logins"; allowed: user-logins.'],
    [{ PIPELINE: "constructor" }, 'PIPELINE is "constructor"; allowed: user-logins.'],
    [{ PGPORT: "postgres" }, 'PGPORT is "postgres"; allowed: a port from 1 to 65535.'],
    [{ PGPORT: "0" }, 'PGPORT is "0"; allowed: a port from 1 to 65535.'],
    [{ PGPORT: "65536" }, 'PGPORT is "65536"; allowed: a port from 1 to 65535.'],
    [{ PGPORT: "5432.5" }, 'PGPORT is "5432.5"; allowed: a port from 1 to 65535.'],
    [{ PGSSLMODE: "require" }, 'PGSSLMODE is "require"; allowed: verify-full, disable.'],
    [{ MASK_KEY_FILE: "/nowhere/key" }, "MASK_KEY_FILE names /nowhere/key, which is not a readable file."],
    [{ MASK_KMS_KEY_ID: "alias/masqueue" }, "MASK_KMS_KEY_ID and MASK_KEY_FILE are set; set only one of them: a key comes from one place."],
  ])("is named with the allowed values: %j", (changes, sentence) => {
    expect(readErrorMessage(changes)).toBe(sentence);
  });

  test("may name a key file that is too short, of which the error holds only the length", () => {
    const short = join(folder, "short");
    writeFileSync(short, "canary-key");
    expect(readErrorMessage({ MASK_KEY_FILE: short })).toBe("The masking key has 10 bytes; it needs at least 32.");
  });

  test("never causes an error that quotes a secret", () => {
    const mistakes: Environment[] = [{ PGHOST: "" }, { PGPORT: "x" }, { PGSSLMODE: "x" }, { PIPELINE: "x" }, { MASK_KEY_FILE: "" }];
    for (const mistake of mistakes) expect(readErrorMessage(mistake)).not.toMatch(/canary|^$/);
  });
});
