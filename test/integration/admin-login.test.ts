import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { handler } from "../../lambda/functions/migrate.ts";
import { ENV, ROLES } from "../../lambda/names.ts";
import { type AwsJson, CREDENTIALS, startAwsJson } from "../support/aws-json.ts";
import { type Rds, startRds } from "../support/rds.ts";
import { MASTER } from "../support/roles.ts";
import { ALL_FILES, useSchemaDeployment } from "../support/schema-deployment.ts";

/** The migrate function with a stand-in for RDS. */
const fixture = useSchemaDeployment();
const before = { ...process.env };
let folder: string;
let aws: AwsJson;
let rds: Rds;
let acceptsPassword: boolean;

/** @param tokensOf the user whose token is accepted */
async function start(tokensOf: string): Promise<void> {
  const { host, port, database = "" } = fixture.database.config;
  rds = await startRds({ host, port, user: tokensOf, password: MASTER.password });
  writeFileSync(join(folder, "authority.pem"), rds.authority);
  Object.assign(process.env, {
    ...CREDENTIALS,
    AWS_REGION: "eu-west-1",
    AWS_ENDPOINT_URL: aws.url,
    [ENV.host]: rds.host,
    [ENV.port]: String(rds.port),
    [ENV.database]: database,
    [ENV.user]: ROLES.migrate,
    [ENV.iamAuth]: "true",
    [ENV.sslRootCert]: join(folder, "authority.pem"),
    [ENV.adminSecret]: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:admin",
  });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "masqueue-admin-"));
  acceptsPassword = true;
  // The secret is read just before the login with it.
  aws = await startAwsJson(() => {
    if (!acceptsPassword) rds.refuseOnce();
    return { body: { SecretString: JSON.stringify({ username: MASTER.user, password: MASTER.password }) } };
  });
});
afterEach(async () => {
  process.env = { ...before };
  await rds.close();
  await aws.close();
  rmSync(folder, { recursive: true });
});

const adminLogins = () => rds.logins.filter(({ user }) => user === MASTER.user).map(({ password }) => password);
const token = expect.stringMatching(/Action=connect.*&DBUser=master&.*X-Amz-Signature=/);

describe("the user that creates the roles", () => {
  test("logs in with the password, and signs no token", async () => {
    await start(ROLES.migrate);
    expect(await handler()).toEqual({ applied: ALL_FILES });
    expect(adminLogins()).toEqual([MASTER.password]);
  });

  test("logs in with a token if RDS no longer accepts its password", async () => {
    acceptsPassword = false;
    await start(MASTER.user);
    expect(await handler()).toEqual({ applied: ALL_FILES });
    expect(adminLogins()).toEqual([MASTER.password, token]);
  });

  test("gets the probable cause and two remedies if both are refused", async () => {
    acceptsPassword = false;
    await start("nobody");
    await expect(handler()).rejects.toMatchObject({
      name: "MigrationError",
      message: expect.stringMatching(
        /refused the login of master .*member of rds_iam.*rds-db:connect as that user \(set database\.adminUser.*by hand with a token/,
      ),
    });
    expect(adminLogins()).toEqual([MASTER.password, token]);
  });
});
