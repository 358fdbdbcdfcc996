import { awsIn, type Environment } from "../aws/environment.ts";
import { readSecret } from "../aws/secret.ts";
import { readPostgres } from "../config.ts";
import { IngestError } from "../errors.ts";
import { ENV } from "../names.ts";
import { type AdminLogin, updateSchema } from "../schema/update.ts";

/**
 * The function that a deployment runs before it touches any ingest function. What it throws fails the deployment with its message.
 * @returns the names of the files that ran; none where the database is up to date or ahead
 */
export async function handler(): Promise<{ applied: string[] }> {
  const { env } = process;
  const secret = env[ENV.adminSecret];
  const admin = secret ? () => readAdmin(secret, env) : undefined;
  return { applied: await updateSchema({ postgres: readPostgres(env), admin }) };
}

/**
 * The master user as RDS keeps it: a JSON object with `username` and `password`. Who has made a role is a member of it, and may so have
 * become one of `rds_iam`: then RDS takes that user's password no more, but a token.
 */
async function readAdmin(id: string, env: Environment): Promise<AdminLogin[]> {
  const { username: user, password } = membersIn(await readSecret(id, ENV.adminSecret, awsIn(env)));
  if (typeof user === "string" && typeof password === "string") {
    const byToken = env[ENV.iamAuth] ? [readPostgres({ ...env, [ENV.user]: user }).password ?? ""] : [];
    return [password, ...byToken].map((way) => ({ user, password: way }));
  }
  throw new IngestError(
    "configuration",
    `The secret that ${ENV.adminSecret} names is no JSON object with the texts "username" and "password".`,
  );
}

function membersIn(text: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(text) };
  } catch {
    return {};
  }
}
