import { type Environment, readAws } from "../aws/environment.ts";
import { readSecret } from "../aws/secret.ts";
import { readPostgres } from "../config.ts";
import { secretUnusable } from "../errors.ts";
import { parseObject } from "../json.ts";
import { ENV } from "../names.ts";
import { type AdminLogin, updateSchema } from "../schema/update.ts";

/**
 * The function that a deployment runs before it changes any ingest function. An error fails the deployment with its message.
 * @returns the names of the files that ran; none if the database is up to date or ahead
 */
export async function handler(): Promise<{ applied: string[] }> {
  const { env } = process;
  const secret = env[ENV.adminSecret];
  const admin = secret ? () => readAdmin(secret, env) : undefined;
  return { applied: await updateSchema({ postgres: readPostgres(env), admin }) };
}

/**
 * Reads the master user's logins from the secret that RDS keeps: a JSON object with `username` and `password`. The creator of a role
 * becomes a member of it, and so perhaps a member of `rds_iam`; RDS then accepts a token from that user, but no longer the password.
 */
async function readAdmin(id: string, env: Environment): Promise<AdminLogin[]> {
  const { username: user, password } = parseObject(await readSecret(id, ENV.adminSecret, readAws(env))) ?? {};
  if (typeof user !== "string" || typeof password !== "string")
    throw secretUnusable(ENV.adminSecret, 'it is not a JSON object with the texts "username" and "password"');
  const byToken = env[ENV.iamAuth] ? [readPostgres({ ...env, [ENV.user]: user }).password ?? ""] : [];
  return [password, ...byToken].map((login) => ({ user, password: login }));
}
