import { HttpRequest } from "@smithy/protocol-http";
import { getCanonicalQuery } from "@smithy/signature-v4";
import type { Identity } from "./environment.ts";
import { createSigner } from "./signer.ts";

/** Seconds; RDS accepts no more. An open connection outlives its token. */
const LIFETIME = 900;

/**
 * Signs the token that RDS and Aurora accept in place of a password: a presigned request without its scheme, which is never sent.
 * AWS is not called. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.Connecting.html
 * @param to the endpoint that RDS gave the database: it refuses a token for an alias
 */
export async function signRdsToken(to: { host: string; port: number; user: string }, identity: Identity): Promise<string> {
  const address = `${to.host}:${to.port}`;
  const request = new HttpRequest({ query: { Action: "connect", DBUser: to.user }, headers: { host: address } });
  const { query = {} } = await createSigner("rds-db", identity).presign(request, { expiresIn: LIFETIME });
  return `${address}/?${getCanonicalQuery({ ...request, query })}&X-Amz-Signature=${query["X-Amz-Signature"]}`;
}
