import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Aws, readAws } from "../../lambda/aws/environment.ts";

/** One request as it arrived. */
interface Call {
  readonly target: string;
  readonly input: Record<string, unknown>;
  readonly body: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** `hang` never answers, `stall` stops after the headers, `cut` breaks the connection; a body that is text is sent as it is, anything else as JSON. */
type Reply = { status?: number; headers?: Record<string, string>; body?: unknown } | "hang" | "stall" | "cut";

export type Answer = (call: Call) => Reply;

export interface AwsJson {
  /** For `AWS_ENDPOINT_URL`. */
  readonly url: string;
  /** The stand-in as the function would see it. @param variables further ones */
  aws(variables?: Record<string, string>): Aws;
  readonly calls: readonly Call[];
  close(): Promise<void>;
}

export const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "secret/access+key=",
  AWS_SESSION_TOKEN: "session/token+=",
};

/** KMS and Secrets Manager on loopback, as the function calls them: by JSON 1.1. @param answer the response to each call */
export async function startAwsJson(answer: Answer): Promise<AwsJson> {
  const calls: Call[] = [];
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const body = Buffer.concat(await request.toArray()).toString("utf8");
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const input = JSON.parse(body) as Record<string, unknown>;
    const call = { target: headers["x-amz-target"] ?? "", input, body, path: request.url ?? "", headers };
    calls.push(call);
    const reply = answer(call);
    if (reply === "cut") request.socket.destroy();
    if (reply === "stall") response.writeHead(200, { "content-length": 9 }).flushHeaders();
    if (typeof reply === "string") return;
    const text = typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body ?? {});
    response.writeHead(reply.status ?? 200, { "content-type": "application/x-amz-json-1.1", ...reply.headers }).end(text);
  };
  const server = createServer((request, response) => void respond(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  return {
    url,
    aws: (variables = {}) => readAws({ AWS_REGION: "eu-west-1", ...CREDENTIALS, AWS_ENDPOINT_URL: url, ...variables }),
    calls,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** KMS with one HMAC key. */
export function kmsWith(secret: Uint8Array): Answer {
  return ({ input }) => {
    const mac = createHmac("sha256", secret).update(Buffer.from(String(input.Message), "base64"));
    return { body: { KeyId: input.KeyId, MacAlgorithm: input.MacAlgorithm, Mac: mac.digest("base64") } };
  };
}

/** A refusal as AWS sends it. @param text AWS's sentence, which must not be printed anywhere */
export function refusal(type: string, text = "", status = 400): Reply {
  return { status, body: { __type: type, message: text, Message: text } };
}
