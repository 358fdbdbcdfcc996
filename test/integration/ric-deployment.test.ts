import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { bundle } from "../../infra/bundle.ts";
import { ENV, ROLES } from "../../lambda/names.ts";
import { startLambda } from "../../local/emulators/lambda-runtime/lambda.ts";
import { type AwsJson, CREDENTIALS, kmsWith, startAwsJson } from "../support/aws-json.ts";
import { TEST_SECRET } from "../support/container.ts";
import type { TestDatabase } from "../support/database.ts";
import { type Rds, startRds } from "../support/rds.ts";
import { eventOf, record } from "../support/records.ts";
import { MASTER, type RoleServer, startRoleServer } from "../support/roles.ts";

/** A first deployment with the deployed bundles: first the migrate function, then the ingest function, both by IAM. */
let folder: string;
let server: RoleServer;
let database: TestDatabase;
let rds: Rds;
let aws: AwsJson;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "masqueue-deployment-"));
  server = await startRoleServer();
  database = await server.database();
  rds = await startRds(database.config);
  const secret = JSON.stringify({ username: MASTER.user, password: MASTER.password });
  aws = await startAwsJson((call) => (call.target.startsWith("secrets") ? { body: { SecretString: secret } } : kmsWith(TEST_SECRET)(call)));
});
afterAll(async () => {
  await rds.close();
  await aws.close();
  await database.drop();
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** Bundles a function, invokes it once and ends it. */
async function run(name: "ingest" | "migrate", event: unknown, variables: Record<string, string>) {
  const code = { folder: join(folder, name), remove: () => {} };
  await bundle(name, code.folder);
  writeFileSync(join(folder, "authority.pem"), rds.authority);
  const lambda = await startLambda(code.folder, {
    ...CREDENTIALS,
    AWS_ENDPOINT_URL: aws.url,
    [ENV.host]: rds.host,
    [ENV.port]: String(rds.port),
    [ENV.database]: database.config.database ?? "",
    [ENV.iamAuth]: "true",
    [ENV.sslRootCert]: join(folder, "authority.pem"),
    ...variables,
  });
  const answer = await lambda.invoke(event);
  await lambda.stop();
  return answer;
}

test("the migrate function makes roles and tables, by which the ingest function stores", async () => {
  const migrate = () =>
    run("migrate", {}, { _HANDLER: "schema/index.handler", [ENV.user]: ROLES.migrate, [ENV.adminSecret]: "arn:aws:secretsmanager:db" });
  expect(await migrate()).toMatchObject({ isError: false, payload: { applied: expect.arrayContaining(["001_user_logins"]) } });
  expect(new Set(rds.logins.map(({ user }) => user))).toEqual(new Set([ROLES.migrate, MASTER.user]));
  expect(await migrate()).toEqual({ isError: false, payload: { applied: [] } });
  const message = record();
  const variables = { [ENV.user]: ROLES.ingest, [ENV.pipeline]: "user-logins", [ENV.kmsKey]: "alias/masqueue" };
  expect(await run("ingest", eventOf(message), variables)).toEqual({ isError: false, payload: { batchItemFailures: [] } });
  expect(await database.rows("SELECT message_id FROM user_logins")).toEqual([{ message_id: message.messageId }]);
  expect(rds.logins.at(-1)).toEqual({ user: ROLES.ingest, password: expect.stringContaining(`&DBUser=${ROLES.ingest}&`) });
});
