import { CloudFormation } from "@aws-sdk/client-cloudformation";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { Lambda } from "@aws-sdk/client-lambda";
import * as errors from "../errors.ts";
import type { Result } from "../status/types.ts";
import { explainError } from "../terminal/program.ts";
import { interrupted } from "../terminal/signals.ts";

/** An account and region, and their clients. `id`: null if the credentials do not name it. */
export type Account = Awaited<ReturnType<typeof openAccount>>;

/**
 * Opens the account that the environment gives access to, by the AWS SDK's own rules: variables, profiles, roles, AWS_ENDPOINT_URL.
 * @throws UserError with exit code 2 if the region or the credentials are missing
 */
export async function openAccount() {
  const { AWS_PROFILE: profile } = process.env;
  checkEnvironment(process.env);
  const cloudFormation = new CloudFormation();
  const region = await cloudFormation.config.region().catch(() => {
    throw profile ? errors.noRegionInProfile(profile) : errors.unknownRegion();
  });
  const { accountId: id = null } = await cloudFormation.config.credentials().catch((error: unknown) => {
    const reason = explainError(error).replace(/\.$/, "");
    throw profile ? errors.noCredentialsInProfile(reason, profile) : errors.noCredentials(reason);
  });
  const clients = { cloudFormation, lambda: new Lambda(), cloudWatch: new CloudWatchClient(), logs: new CloudWatchLogsClient() };
  return { region, id, ...clients, [Symbol.dispose]: () => destroyAll(clients) };
}

/** Ends the clients' connections. */
export function destroyAll(clients: Readonly<Record<string, { destroy(): void }>>): void {
  for (const client of Object.values(clients)) client.destroy();
}

/** Checks what the SDK would report only as "Invalid URL" or as a missing region. */
function checkEnvironment(env: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(env)) {
    if (!value) continue;
    const isUrl = /^https?:$/.test(URL.parse(value)?.protocol ?? "");
    if (name.startsWith("AWS_ENDPOINT_URL") && !isUrl) throw errors.invalidEndpoint(name, value);
    if (/^AWS_(DEFAULT_)?REGION$/.test(name) && !/^[a-z0-9-]+$/.test(value)) throw errors.invalidRegion(name, value);
  }
}

const DENIED = /AccessDenied|NotAuthorized|UnauthorizedOperation/;
const MAX_CHARACTERS = 200;

/**
 * Makes one call of AWS. An error becomes a few words in the result, so that the other calls go on.
 * @param permission the IAM action that the call needs
 * @param seconds after which the call is given up
 */
export async function tryCall<T>(permission: string, call: (signal: AbortSignal) => Promise<T>, seconds = 20): Promise<Result<T>> {
  const late = AbortSignal.timeout(seconds * 1000);
  try {
    return { value: await call(AbortSignal.any([late, interrupted])) };
  } catch (error) {
    if (late.aborted) return { failed: `no response within ${seconds} s` };
    const name = error instanceof Error ? error.name : "Error";
    if (DENIED.test(name)) return { failed: `not allowed (${name}): it needs ${permission}` };
    const text = explainError(error).split("\n")[0]?.slice(0, MAX_CHARACTERS) ?? "";
    return { failed: name === "Error" ? text : `${name}: ${text}` };
  }
}
