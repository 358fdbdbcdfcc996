import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { bundle } from "../../infra/bundle.ts";
import { handler } from "../../lambda/functions/migrate.ts";
import { ENV, ROLES } from "../../lambda/names.ts";
import { startLambda } from "../../local/emulators/lambda-runtime/lambda.ts";
import { type AwsJson, CREDENTIALS, refusal, startAwsJson } from "../support/aws-json.ts";
import type { TestDatabase } from "../support/database.ts";
import { MASTER, type RoleServer, startRoleServer } from "../support/roles.ts";
import { ALL_FILES } from "../support/schema-deployment.ts";

type Variables = Record<string, string>;
/** The function's answer, as Lambda returns it to the caller. */
type Invoke = (variables: Variables) => Promise<{ payload: unknown; isError: boolean }>;

const SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!db-1";

let server: RoleServer;
let database: TestDatabase;
let aws: AwsJson;
let secret: string | undefined;

beforeAll(async () => {
  server = await startRoleServer();
  aws = await startAwsJson(() => (secret === undefined ? refusal("AccessDeniedException") : { body: { SecretString: secret } }));
});
beforeEach(async () => {
  database = await server.database();
  secret = JSON.stringify({ username: MASTER.user, password: MASTER.password });
});
afterEach(async () => {
  await database.drop();
  await server.sql(`DROP ROLE IF EXISTS ${ROLES.migrate}, ${ROLES.ingest}`);
});
afterAll(async () => {
  await aws.close();
  await server.stop();
});

/** The environment of the deployed function, with a password in place of IAM. */
function variables(changes: Variables = {}): Variables {
  const { host = "", port, database: name = "" } = database.config;
  return {
    ...CREDENTIALS,
    AWS_REGION: "eu-west-1",
    AWS_ENDPOINT_URL: aws.url,
    [ENV.host]: host,
    [ENV.port]: String(port),
    [ENV.user]: ROLES.migrate,
    [ENV.database]: name,
    [ENV.sslMode]: "disable",
    [ENV.adminSecret]: SECRET,
    ...changes,
  };
}

describe("the migrate function", () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  describeFunction(async (given) => {
    Object.assign(process.env, given);
    return handler().then(
      (payload) => ({ payload, isError: false }),
      ({ name, message }: Error) => ({ payload: { errorType: name, errorMessage: message }, isError: true }),
    );
  });
});

describe("the migrate function, bundled and under Lambda's runtime,", () => {
  const folder = mkdtempSync(join(tmpdir(), "masqueue-migrate-"));
  let output = "";

  beforeAll(() => bundle("migrate", folder));
  afterAll(() => rmSync(folder, { recursive: true }));

  describeFunction(async (given) => {
    const lambda = await startLambda(folder, { ...given, _HANDLER: "schema/index.handler" });
    const answer = await lambda.invoke({});
    await lambda.stop();
    output += lambda.output().toString("utf8");
    return answer;
  });

  test("prints no secret", () => {
    expect(output).toContain("MigrationError");
    for (const value of [MASTER.password, ...Object.values(CREDENTIALS)]) expect(output).not.toContain(value);
  });
});

function describeFunction(invoke: Invoke): void {
  test("creates everything in an empty database with the master user's secret, and does not read it again", async () => {
    expect(await invoke(variables())).toEqual({ isError: false, payload: { applied: ALL_FILES } });
    const calls = aws.calls.length;
    expect(await invoke(variables())).toEqual({ isError: false, payload: { applied: [] } });
    expect(aws.calls.slice(calls)).toEqual([]);
    expect(aws.calls.at(-1)?.input).toEqual({ SecretId: SECRET });
  });

  test("fails with the migration's message, and leaves nothing of it", async () => {
    await database.client.query(
      "CREATE TABLE rejections (id int); GRANT ALL ON rejections TO PUBLIC; ALTER TABLE rejections OWNER TO master",
    );
    expect(await invoke(variables())).toEqual({
      isError: true,
      payload: expect.objectContaining({
        errorType: "MigrationError",
        errorMessage: expect.stringMatching(/^Role master owns rejections\./),
      }),
    });
    expect(await database.rows("SELECT to_regclass('user_logins') AS made")).toEqual([{ made: null }]);
  });

  test.each([
    ["that it may not read", undefined, /^The secret that ADMIN_SECRET names cannot be used: AccessDeniedException/],
    ["without a user name", JSON.stringify({ password: "canary" }), /not a JSON object with the texts "username" and "password"/],
    ["that is not JSON", "canary", /not a JSON object with the texts "username" and "password"/],
  ])("fails with a sentence about a secret %s", async (_what, given, sentence) => {
    secret = given;
    const { payload, isError } = await invoke(variables());
    expect({ payload, isError }).toMatchObject({
      isError: true,
      payload: { errorType: "IngestError", errorMessage: expect.stringMatching(sentence) },
    });
    expect(JSON.stringify(payload)).not.toContain("canary");
  });

  test("fails with a sentence about a variable that is missing", async () => {
    expect(await invoke(variables({ [ENV.host]: "" }))).toMatchObject({ isError: true, payload: { errorMessage: "PGHOST is not set." } });
  });
}
