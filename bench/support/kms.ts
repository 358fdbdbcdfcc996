import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SECRET } from "./rows.ts";

/**
 * Answers `GenerateMac` as KMS does, under the secret key of the measurements, without TLS and without a look at the signature.
 * @returns the endpoint
 */
export async function startKms(): Promise<string> {
  const server = createServer(async (request, response) => {
    const { Message } = JSON.parse(Buffer.concat(await request.toArray()).toString("utf8")) as { Message: string };
    const Mac = createHmac("sha256", SECRET).update(Buffer.from(Message, "base64")).digest("base64");
    response.setHeader("Content-Type", "application/x-amz-json-1.1").end(JSON.stringify({ Mac, MacAlgorithm: "HMAC_SHA_256" }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
