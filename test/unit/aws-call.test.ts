import { afterEach, describe, expect, test } from "@jest/globals";
import { AwsError, callAws } from "../../lambda/aws/call.ts";
import { awsIn } from "../../lambda/aws/environment.ts";
import { type Answer, type AwsJson, CREDENTIALS, refusal, startAwsJson } from "../support/aws-json.ts";
import { signatureOf } from "../support/sigv4.ts";

const CANARY = "canary-203.0.113.7";
let server: AwsJson;

afterEach(() => server.close());

/** A service that gives one answer after another, the last one for good. */
async function answering(...answers: ReturnType<Answer>[]): Promise<void> {
  server = await startAwsJson(() => (answers.length > 1 ? answers.shift() : answers[0]) ?? "cut");
}

const ask = (aws = server.aws()) => callAws(aws, "kms", "GenerateMac", { KeyId: "alias/masqueue", Message: "ÄÖ" });
const failure = async () => {
  const error: unknown = await ask().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AwsError);
  return (error as AwsError).code;
};

describe("a call", () => {
  test("gives the members of the answer", async () => {
    await answering({ body: { Mac: "bWFj" } });
    expect(await ask()).toEqual({ Mac: "bWFj" });
  });

  test("is a POST of JSON that names service and operation", async () => {
    await answering({});
    await ask();
    await callAws(server.aws(), "secretsmanager", "GetSecretValue", { SecretId: "db" });
    expect(server.calls.map(({ target, input, path }) => ({ target, input, path }))).toEqual([
      { target: "TrentService.GenerateMac", input: { KeyId: "alias/masqueue", Message: "ÄÖ" }, path: "/" },
      { target: "secretsmanager.GetSecretValue", input: { SecretId: "db" }, path: "/" },
    ]);
    expect(server.calls[0]?.headers["content-type"]).toBe("application/x-amz-json-1.1");
  });

  test.each([CREDENTIALS, { ...CREDENTIALS, AWS_SESSION_TOKEN: "" }])("is signed by AWS's definition: %j", async (credentials) => {
    await answering({});
    await ask(server.aws(credentials));
    const [call] = server.calls;
    const { authorization = "", ...headers } = call?.headers ?? {};
    const [, key, day, names = "", signature] =
      /Credential=(\w+)\/(\d+)\/.*SignedHeaders=([^,]+), Signature=(\w+)$/.exec(authorization) ?? [];
    expect({ key, day }).toEqual({ key: CREDENTIALS.AWS_ACCESS_KEY_ID, day: headers["x-amz-date"]?.slice(0, 8) });
    expect(headers["x-amz-security-token"] ?? "").toBe(credentials.AWS_SESSION_TOKEN);
    const signed = names.split(";").map((name) => [name, headers[name] ?? ""]);
    expect(signed.map(([name]) => name)).toEqual(expect.arrayContaining(["host", "x-amz-date", "x-amz-target"]));
    expect(signature).toBe(
      signatureOf({
        method: "POST",
        path: "/",
        headers: Object.fromEntries(signed),
        body: call?.body ?? "",
        date: headers["x-amz-date"] ?? "",
        region: "eu-west-1",
        service: "kms",
        secretAccessKey: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
      }),
    );
  });
});

describe("a call that fails", () => {
  test("names the system's error where nobody listens", async () => {
    await answering("cut");
    await server.close();
    expect(await failure()).toBe("ECONNREFUSED");
  });

  test.each([
    ["AWS's inner error", refusal("KMSInternalException", "", 500)],
    ["an error page", { status: 502, body: "<html>" }],
    ["throttling", refusal("ThrottlingException")],
    ["throttling by another name", refusal("TooManyRequestsException")],
    ["throttling by status", { status: 429 }],
    ["a broken connection", "cut" as const],
    ["a service that does not answer", "hang" as const],
    ["an answer that stops after its headers", "stall" as const],
  ])("is made again after %s", async (_what, answer) => {
    await answering(answer, { body: { Mac: "bWFj" } });
    expect(await ask()).toEqual({ Mac: "bWFj" });
    expect(server.calls).toHaveLength(2);
  });

  test("is made three times at most", async () => {
    await answering(refusal("KMSInternalException", "", 500));
    expect(await failure()).toBe("KMSInternalException");
    expect(server.calls).toHaveLength(3);
  });

  const SHORTEST_FUNCTION = 10_000;
  test(
    "is told before the shortest function's time is up",
    async () => {
      await answering("hang", "stall", "hang");
      expect(await failure()).toBe("TimeoutError");
      expect(server.calls).toHaveLength(3);
    },
    SHORTEST_FUNCTION,
  );

  test("is signed anew for each try, since credentials run out", async () => {
    await answering({ status: 500 }, {});
    let asked = 0;
    const credentials = async () => ({ accessKeyId: `AKID${++asked}`, secretAccessKey: "secret" });
    await ask(awsIn({ AWS_ENDPOINT_URL: server.url }, { region: async () => "eu-west-1", credentials }));
    const keys = server.calls.map(({ headers }) => /Credential=(\w+)/.exec(headers.authorization ?? "")?.[1]);
    expect(keys).toEqual(["AKID1", "AKID2"]);
  });

  test("is not made again where AWS refuses it", async () => {
    await answering(refusal("AccessDeniedException"), {});
    expect(await failure()).toBe("AccessDeniedException");
    expect(server.calls).toHaveLength(1);
  });

  test.each([
    ["with its namespace", refusal("com.amazonaws.kms#NotFoundException"), "NotFoundException"],
    ["with its address", refusal("DisabledException:http://internal.amazon.com/"), "DisabledException"],
    ["in a header", { status: 400, headers: { "x-amzn-errortype": "KeyUnavailableException" } }, "KeyUnavailableException"],
    ["by its status where it has no name", { status: 403, body: "no" }, "HTTP 403"],
    ["by its status where its name is none", refusal(`odd ${CANARY}`, CANARY, 403), "HTTP 403"],
    ["as an answer that is no JSON", { body: CANARY }, "InvalidResponse"],
  ])("names the failure %s", async (_how, answer, code) => {
    await answering(answer);
    expect(await failure()).toBe(code);
  });

  test("keeps nothing of AWS's text", async () => {
    await answering(refusal("AccessDeniedException", CANARY));
    const error: unknown = await ask().catch((thrown: unknown) => thrown);
    expect(`${(error as Error).stack}${JSON.stringify(error)}`).not.toContain(CANARY);
    expect((error as Error).cause).toBeUndefined();
  });

  test.each([
    ["the kind of error", "TokenExpired", "TokenExpired"],
    ["no kind of error that is no word,", `Token ${CANARY}`, "unknown"],
  ])("names %s where no credentials are to be had", async (_what, name, code) => {
    await answering({});
    const expired = Object.assign(new Error(CANARY), { name });
    const identity = { region: async () => "eu-west-1", credentials: () => Promise.reject(expired) };
    await expect(ask(awsIn({ AWS_ENDPOINT_URL: server.url }, identity))).rejects.toMatchObject({ name: "AwsError", code });
    expect(server.calls).toEqual([]);
  });
});
