import { HttpRequest } from "@smithy/protocol-http";
import { getCanonicalQuery } from "@smithy/signature-v4";
import type { Identity } from "./environment.ts";
import { signerFor } from "./signer.ts";

/** Seconds; RDS takes no longer ones. A connection that stands outlives its token. */
const LIFETIME = 900;

/**
 * The token that RDS and Aurora take in place of a password: a presigned request, without its scheme, that is never sent.
 * Made without asking AWS. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.Connecting.html
 * @param host the database's own endpoint: an alias of it is signed in vain
 */
export async function rdsToken(to: { host: string; port: number; user: string }, identity: Identity): Promise<string> {
  const address = `${to.host}:${to.port}`;
  const request = new HttpRequest({ query: { Action: "connect", DBUser: to.user }, headers: { host: address } });
  const { query = {} } = await signerFor("rds-db", identity).presign(request, { expiresIn: LIFETIME });
  return `${address}/?${getCanonicalQuery({ ...request, query })}&X-Amz-Signature=${query["X-Amz-Signature"]}`;
}
