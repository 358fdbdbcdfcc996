import { afterEach, describe, expect, test } from "@jest/globals";
import { AwsError, callAws } from "../../lambda/aws/call.ts";
import { readAws } from "../../lambda/aws/environment.ts";
import { type Answer, type AwsJson, CREDENTIALS, refusal, startAwsJson } from "../support/aws-json.ts";
import { computeSignature } from "../support/sigv4.ts";

const CANARY = "canary-203.0.113.7";
let server: AwsJson;

afterEach(() => server.close());

/** A service that gives one answer after another, and repeats the last one. */
async function answering(...answers: ReturnType<Answer>[]): Promise<void> {
  server = await startAwsJson(() => (answers.length > 1 ? answers.shift() : answers[0]) ?? "cut");
}

const generateMac = (aws = server.aws()) => callAws(aws, "kms", "GenerateMac", { KeyId: "alias/masqueue", Message: "ÄÖ" });
const failure = async () => {
  const error: unknown = await generateMac().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AwsError);
  return (error as AwsError).code;
};

describe("a call", () => {
  test("returns the members of the response", async () => {
    await answering({ body: { Mac: "bWFj" } });
    expect(await generateMac()).toEqual({ Mac: "bWFj" });
  });

  test("is a POST of JSON that names service and operation", async () => {
    await answering({});
    await generateMac();
    await callAws(server.aws(), "secretsmanager", "GetSecretValue", { SecretId: "db" });
    expect(server.calls.map(({ target, input, path }) => ({ target, input, path }))).toEqual([
      { target: "TrentService.GenerateMac", input: { KeyId: "alias/masqueue", Message: "ÄÖ" }, path: "/" },
      { target: "secretsmanager.GetSecretValue", input: { SecretId: "db" }, path: "/" },
    ]);
    expect(server.calls[0]?.headers["content-type"]).toBe("application/x-amz-json-1.1");
  });

  test.each([CREDENTIALS, { ...CREDENTIALS, AWS_SESSION_TOKEN: "" }])("is signed by AWS's definition: %j", async (credentials) => {
    await answering({});
    await generateMac(server.aws(credentials));
    const [call] = server.calls;
    const { authorization = "", ...headers } = call?.headers ?? {};
    const [, key, day, names = "", signature] =
      /Credential=(\w+)\/(\d+)\/.*SignedHeaders=([^,]+), Signature=(\w+)$/.exec(authorization) ?? [];
    expect({ key, day }).toEqual({ key: CREDENTIALS.AWS_ACCESS_KEY_ID, day: headers["x-amz-date"]?.slice(0, 8) });
    expect(headers["x-amz-security-token"] ?? "").toBe(credentials.AWS_SESSION_TOKEN);
    const signed = names.split(";").map((name) => [name, headers[name] ?? ""]);
    expect(signed.map(([name]) => name)).toEqual(expect.arrayContaining(["host", "x-amz-date", "x-amz-target"]));
    expect(signature).toBe(
      computeSignature({
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
  test("reports the system's error if nothing listens", async () => {
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
    ["a response that stops after its headers", "stall" as const],
  ])("is retried after %s", async (_what, answer) => {
    await answering(answer, { body: { Mac: "bWFj" } });
    expect(await generateMac()).toEqual({ Mac: "bWFj" });
    expect(server.calls).toHaveLength(2);
  });

  test("is attempted three times at most", async () => {
    await answering(refusal("KMSInternalException", "", 500));
    expect(await failure()).toBe("KMSInternalException");
    expect(server.calls).toHaveLength(3);
  });

  const SHORTEST_FUNCTION = 10_000;
  test(
    "is reported before the shortest function's time is over",
    async () => {
      await answering("hang", "stall", "hang");
      expect(await failure()).toBe("TimeoutError");
      expect(server.calls).toHaveLength(3);
    },
    SHORTEST_FUNCTION,
  );

  test("is signed anew for each attempt, since credentials expire", async () => {
    await answering({ status: 500 }, {});
    let reads = 0;
    const credentials = async () => ({ accessKeyId: `AKID${++reads}`, secretAccessKey: "secret" });
    await generateMac(readAws({ AWS_ENDPOINT_URL: server.url }, { region: async () => "eu-west-1", credentials }));
    const keys = server.calls.map(({ headers }) => /Credential=(\w+)/.exec(headers.authorization ?? "")?.[1]);
    expect(keys).toEqual(["AKID1", "AKID2"]);
  });

  test("is not retried if AWS refuses it", async () => {
    await answering(refusal("AccessDeniedException"), {});
    expect(await failure()).toBe("AccessDeniedException");
    expect(server.calls).toHaveLength(1);
  });

  test.each([
    ["with its namespace", refusal("com.amazonaws.kms#NotFoundException"), "NotFoundException"],
    ["with its address", refusal("DisabledException:http://internal.amazon.com/"), "DisabledException"],
    ["in a header", { status: 400, headers: { "x-amzn-errortype": "KeyUnavailableException" } }, "KeyUnavailableException"],
    ["by its status if it has no name", { status: 403, body: "no" }, "HTTP 403"],
    ["by its status if its name is not one", refusal(`odd ${CANARY}`, CANARY, 403), "HTTP 403"],
    ["as a response that is not JSON", { body: CANARY }, "InvalidResponse"],
  ])("reports the failure %s", async (_how, answer, code) => {
    await answering(answer);
    expect(await failure()).toBe(code);
  });

  test("keeps nothing of AWS's text", async () => {
    await answering(refusal("AccessDeniedException", CANARY));
    const error: unknown = await generateMac().catch((thrown: unknown) => thrown);
    expect(`${(error as Error).stack}${JSON.stringify(error)}`).not.toContain(CANARY);
    expect((error as Error).cause).toBeUndefined();
  });

  test.each([
    ["the kind of error", "TokenExpired", "TokenExpired"],
    ["no kind of error that is not a word,", `Token ${CANARY}`, "unknown"],
  ])("reports %s if the credentials cannot be read", async (_what, name, code) => {
    await answering({});
    const expired = Object.assign(new Error(CANARY), { name });
    const identity = { region: async () => "eu-west-1", credentials: () => Promise.reject(expired) };
    await expect(generateMac(readAws({ AWS_ENDPOINT_URL: server.url }, identity))).rejects.toMatchObject({ name: "AwsError", code });
    expect(server.calls).toEqual([]);
  });
});
