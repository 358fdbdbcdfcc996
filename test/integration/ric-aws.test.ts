import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { ENV } from "../../lambda/names.ts";
import { type Lambda, startLambda } from "../../local/emulators/lambda-runtime/lambda.ts";
import { type Answer, type AwsJson, CREDENTIALS, kmsWith, refusal, startAwsJson } from "../support/aws-json.ts";
import { type Bundle, bundleFunction } from "../support/bundle.ts";
import { TEST_SECRET } from "../support/container.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { type Rds, startRds } from "../support/rds.ts";
import { eventOf, record } from "../support/records.ts";

/** The function as it is deployed, with stand-ins for what AWS has around it. */
let bundle: Bundle;
let database: TestDatabase;
let rds: Rds;
let aws: AwsJson;
let answer: Answer;
let lambda: Lambda;
let output: string;

const done = { isError: false, payload: { batchItemFailures: [] } };
const rows = () => database.rows("SELECT message_id, masked_ip, masked_device_id FROM user_logins ORDER BY message_id");

beforeAll(async () => {
  bundle = await bundleFunction();
});
beforeEach(async () => {
  database = await createDatabase();
  rds = await startRds(database.config);
  answer = kmsWith(TEST_SECRET);
  aws = await startAwsJson((call) => answer(call));
  output = "";
});
afterEach(async () => {
  await stop();
  await aws.close();
  await rds.close();
  await database.drop();
});
afterAll(() => bundle.remove());

/** Starts a container with a key in KMS and a password in the open. @param changes to its environment; undefined leaves a variable out */
async function start(changes: Record<string, string | undefined> = {}): Promise<void> {
  const { host = "", port, user = "", password, database: name = "" } = database.config;
  const variables = {
    ...CREDENTIALS,
    AWS_ENDPOINT_URL: aws.url,
    [ENV.pipeline]: "user-logins",
    [ENV.host]: host,
    [ENV.port]: String(port),
    [ENV.user]: user,
    [ENV.password]: String(password),
    [ENV.database]: name,
    [ENV.sslMode]: "disable",
    [ENV.kmsKey]: "alias/masqueue",
    ...changes,
  };
  lambda = await startLambda(
    bundle.folder,
    Object.fromEntries(Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined)),
  );
}

async function stop(): Promise<void> {
  await lambda.stop();
  output += lambda.output().toString("utf8");
}

/** A login at the stand-in for RDS, by a token. */
function byToken(): Record<string, string | undefined> {
  const authority = join(bundle.folder, "authority.pem");
  writeFileSync(authority, rds.authority);
  const login = { [ENV.password]: undefined, [ENV.iamAuth]: "true", [ENV.sslMode]: undefined, [ENV.sslRootCert]: authority };
  return { ...login, [ENV.host]: rds.host, [ENV.port]: String(rds.port) };
}

/** Nothing that signs, logs in or masks is ever printed. */
function expectNoSecrets(): void {
  const secrets = [
    ...Object.values(CREDENTIALS),
    String(database.config.password),
    "X-Amz-Signature",
    ...rds.logins.map(({ password }) => password),
  ];
  for (const secret of secrets) expect(output).not.toContain(secret);
}

describe("a key in KMS", () => {
  test("gives the tokens that the same secret gives in a file", async () => {
    const [first, second] = [record(), record()];
    await start();
    expect(await lambda.invoke(eventOf(first))).toEqual(done);
    await stop();
    const keyFile = join(bundle.folder, "mask.key");
    writeFileSync(keyFile, TEST_SECRET);
    await start({ [ENV.kmsKey]: undefined, [ENV.keyFile]: keyFile });
    expect(await lambda.invoke(eventOf(second))).toEqual(done);
    const [one, other] = await rows();
    expect(one?.masked_ip).toMatch(/^v1\.[0-9a-f]{32}$/);
    expect({ ...one, message_id: "" }).toEqual({ ...other, message_id: "" });
  });

  test("is asked once for each identifier of a container, with the session of the function's role", async () => {
    await start();
    for (let batch = 0; batch < 2; batch++) expect(await lambda.invoke(eventOf(record()))).toEqual(done);
    expect(aws.calls.map(({ target, headers }) => [target, headers["x-amz-security-token"]])).toEqual(
      Array(2).fill(["TrentService.GenerateMac", CREDENTIALS.AWS_SESSION_TOKEN]),
    );
    await stop();
    expectNoSecrets();
  });

  test("that is refused fails the batch with its code, and is asked again by the next", async () => {
    answer = () => refusal("DisabledException", "canary: alias/masqueue is disabled");
    await start();
    const message = record();
    expect(await lambda.invoke(eventOf(message))).toMatchObject({
      isError: true,
      payload: { errorType: "IngestError", errorMessage: expect.stringContaining("DisabledException") },
    });
    answer = kmsWith(TEST_SECRET);
    expect(await lambda.invoke(eventOf(message))).toEqual(done);
    await stop();
    expect(output).toContain("mask_key_unavailable");
    expect(output).not.toContain("canary");
  });
});

describe("a password in Secrets Manager", () => {
  test("lets the function in", async () => {
    const secret = JSON.stringify({ username: "postgres", password: database.config.password });
    answer = (call) => (call.target === "secretsmanager.GetSecretValue" ? { body: { SecretString: secret } } : kmsWith(TEST_SECRET)(call));
    await start({ [ENV.password]: undefined, [ENV.passwordSecret]: "masqueue/db" });
    expect(await lambda.invoke(eventOf(record()))).toEqual(done);
    expect(aws.calls.map(({ input }) => input.SecretId).filter(Boolean)).toEqual(["masqueue/db"]);
    await stop();
    expectNoSecrets();
  });

  test("that cannot be read fails the batch with its own code", async () => {
    answer = (call) => (call.target === "secretsmanager.GetSecretValue" ? refusal("AccessDeniedException") : kmsWith(TEST_SECRET)(call));
    await start({ [ENV.password]: undefined, [ENV.passwordSecret]: "masqueue/db" });
    expect(await lambda.invoke(eventOf(record()))).toMatchObject({
      isError: true,
      payload: {
        errorMessage: expect.stringMatching(/^The secret that PGPASSWORD_SECRET names cannot be used: AccessDeniedException\./),
      },
    });
    await stop();
    expect(output).toContain("login_unavailable");
  });
});

describe("a login at RDS by IAM", () => {
  test("is by TLS and a token, once a connection", async () => {
    await start(byToken());
    for (let batch = 0; batch < 2; batch++) expect(await lambda.invoke(eventOf(record()))).toEqual(done);
    expect(await rows()).toHaveLength(2);
    const token = expect.stringMatching(new RegExp(`^localhost:${rds.port}/\\?Action=connect&DBUser=postgres&X-Amz-`));
    expect(rds.logins).toEqual([{ user: "postgres", password: token }]);
    await stop();
    expectNoSecrets();
  });

  test("that is refused is tried once more with a new token", async () => {
    await start(byToken());
    rds.refuseOnce();
    expect(await lambda.invoke(eventOf(record()))).toEqual(done);
    expect(rds.logins).toHaveLength(2);
  });

  test("goes to no server without a certificate from a trusted authority", async () => {
    await start({ ...byToken(), [ENV.sslRootCert]: undefined });
    expect(await lambda.invoke(eventOf(record()), 2)).toMatchObject({ isError: true, payload: { errorType: "IngestError" } });
    expect(rds.logins).toEqual([]);
    await stop();
    expect(output).toContain("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  });
});
