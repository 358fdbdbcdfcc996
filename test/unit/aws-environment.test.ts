import { describe, expect, test } from "@jest/globals";
import { readAws } from "../../lambda/aws/environment.ts";

const endpoint = async (service: "kms" | "secretsmanager", variables: Record<string, string>) =>
  String(await readAws({ AWS_REGION: "eu-west-1", ...variables }).endpoint(service));

describe("the endpoint of a service", () => {
  test("is AWS's for the region by default", async () => {
    expect(await endpoint("kms", {})).toBe("https://kms.eu-west-1.amazonaws.com/");
    expect(await endpoint("secretsmanager", { AWS_REGION: "us-gov-west-1" })).toBe("https://secretsmanager.us-gov-west-1.amazonaws.com/");
    expect(await endpoint("kms", { AWS_REGION: "cn-north-1" })).toBe("https://kms.cn-north-1.amazonaws.com.cn/");
  });

  test("is the one that the environment names, for one service or for all", async () => {
    const all = { AWS_ENDPOINT_URL: "http://localhost:4566" };
    const one = { ...all, AWS_ENDPOINT_URL_SECRETS_MANAGER: "http://localhost:4567", AWS_ENDPOINT_URL_KMS: "" };
    expect(await endpoint("kms", all)).toBe("http://localhost:4566/");
    expect(await endpoint("kms", one)).toBe("http://localhost:4566/");
    expect(await endpoint("secretsmanager", one)).toBe("http://localhost:4567/");
    expect(await endpoint("kms", { AWS_ENDPOINT_URL_KMS: "http://localhost:4568" })).toBe("http://localhost:4568/");
  });

  test("that is not a URL is reported, and not quoted", async () => {
    await expect(endpoint("kms", { AWS_ENDPOINT_URL: "local host" })).rejects.toMatchObject({
      code: "configuration",
      message: "AWS_ENDPOINT_URL_KMS or AWS_ENDPOINT_URL is not a URL like http://localhost:4566.",
    });
  });
});

describe("the caller", () => {
  const keys = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };

  test("is the function's role, by the variables that Lambda sets", async () => {
    expect(await readAws(keys).credentials()).toEqual({ accessKeyId: "id", secretAccessKey: "secret" });
    expect(await readAws({ ...keys, AWS_SESSION_TOKEN: "token" }).credentials()).toEqual({
      accessKeyId: "id",
      secretAccessKey: "secret",
      sessionToken: "token",
    });
  });

  test.each([
    [{ AWS_REGION: "eu-west-1" }, "AWS_ACCESS_KEY_ID is not set."],
    [{ AWS_REGION: "eu-west-1", AWS_ACCESS_KEY_ID: "id" }, "AWS_SECRET_ACCESS_KEY is not set."],
  ])("is reported if it is missing: %j", async (variables, message) => {
    await expect(readAws(variables).credentials()).rejects.toMatchObject({ code: "configuration", message });
  });

  test("needs a region", async () => {
    await expect(readAws(keys).endpoint("kms")).rejects.toMatchObject({ code: "configuration", message: "AWS_REGION is not set." });
  });

  test("may be someone else, whose credentials are read at each call", async () => {
    let reads = 0;
    const credentials = async () => ({ accessKeyId: String(++reads), secretAccessKey: "secret" });
    const aws = readAws({}, { region: async () => "eu-west-1", credentials });
    expect(await aws.credentials()).toMatchObject({ accessKeyId: "1" });
    expect(await aws.credentials()).toMatchObject({ accessKeyId: "2" });
    expect(String(await aws.endpoint("kms"))).toBe("https://kms.eu-west-1.amazonaws.com/");
  });
});
