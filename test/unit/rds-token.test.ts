import { expect, test } from "@jest/globals";
import { readAws } from "../../lambda/aws/environment.ts";
import { signRdsToken } from "../../lambda/aws/rds-token.ts";
import { CREDENTIALS } from "../support/aws-json.ts";
import { computeSignature } from "../support/sigv4.ts";

const HOST = "masqueue.abcdefghijkl.eu-west-1.rds.amazonaws.com";
const to = { host: HOST, port: 5432, user: "masqueue_ingest" };

test.each([
  ["a role's session", CREDENTIALS, "masqueue_ingest"],
  ["a user without a session", { ...CREDENTIALS, AWS_SESSION_TOKEN: "" }, "masqueue_ingest"],
  ["a name with every kind of character", CREDENTIALS, "a b+c/d=e!f'g(h)*ü"],
])("a token is a presigned request for 15 minutes, without its scheme: %s", async (_who, credentials, user) => {
  const token = await signRdsToken({ ...to, user }, readAws({ AWS_REGION: "eu-west-1", ...credentials }));
  expect(token).toMatch(/^[\x21-\x7e]+$/);
  const url = new URL(`https://${token}`);
  expect({ host: url.host, path: url.pathname }).toEqual({ host: `${HOST}:5432`, path: "/" });
  const { "X-Amz-Signature": signature, "X-Amz-Date": date = "", ...query } = Object.fromEntries(url.searchParams);
  expect(query).toEqual({
    Action: "connect",
    DBUser: user,
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": `AKIDEXAMPLE/${date.slice(0, 8)}/eu-west-1/rds-db/aws4_request`,
    "X-Amz-Expires": "900",
    "X-Amz-SignedHeaders": "host",
    ...(credentials.AWS_SESSION_TOKEN && { "X-Amz-Security-Token": credentials.AWS_SESSION_TOKEN }),
  });
  expect(signature).toBe(
    computeSignature({
      method: "GET",
      path: "/",
      query: { ...query, "X-Amz-Date": date },
      headers: { host: `${HOST}:5432` },
      body: "",
      date,
      region: "eu-west-1",
      service: "rds-db",
      secretAccessKey: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
    }),
  );
});
