import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type AwsJson, kmsWith, startAwsJson } from "../support/aws-json.ts";
import { TEST_SECRET } from "../support/container.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { dataFolder, masqueue } from "../support/masqueue.ts";

let database: TestDatabase;
let kms: AwsJson;
const data = dataFolder();

beforeEach(async () => {
  database = await createDatabase();
  kms = await startAwsJson(kmsWith(TEST_SECRET));
});
afterEach(async () => {
  await kms.close();
  await database.drop();
  data.remove();
});

/** Invokes the function on the test's database, with a key in KMS and this AWS configuration in the user's home. */
function invoke(configuration: string, variables: Record<string, string> = {}) {
  const home = join(data.path, "home");
  mkdirSync(join(home, ".aws"), { recursive: true });
  writeFileSync(join(home, ".aws/config"), configuration);
  const { host, port, user, password, database: name } = database.config;
  return masqueue(["invoke", "events/batch.json", "--env", "--data", data.path], {
    DATABASE_URL: `postgres://${user}:${password}@${host}:${port}/${name}`,
    MASK_KMS_KEY_ID: "alias/masqueue",
    AWS_ENDPOINT_URL_KMS: kms.url,
    HOME: home,
    ...variables,
  });
}

test("a key in KMS is used with the credentials and the region of a profile, as the AWS SDK finds them", async () => {
  const profile = "[profile work]\nregion = eu-central-2\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = secret\n";
  const { code } = await invoke(profile, { AWS_PROFILE: "work" });
  expect(code).toBe(0);
  const scope = expect.stringMatching(/Credential=AKIDPROFILE\/\d+\/eu-central-2\/kms\/aws4_request/);
  expect(kms.calls.map(({ headers }) => headers.authorization)).toEqual([scope, scope]);
  expect(await database.rows("SELECT count(*)::int AS masked FROM user_logins WHERE masked_ip LIKE 'v1.%'")).not.toEqual([{ masked: 0 }]);
});

test("a key in KMS without a region is reported in a sentence", async () => {
  const { code, stderr } = await invoke("", { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" });
  expect(code).toBe(1);
  expect(stderr).toContain("The invocation failed: AWS_REGION is not set, and no profile of the AWS SDK names a region.");
  expect(kms.calls).toEqual([]);
});
