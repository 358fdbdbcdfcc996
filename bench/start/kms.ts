import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SECRET } from "../support/masks.ts";

export interface KmsStandIn {
  readonly endpoint: string;
  close(): void;
}

/** Answers `GenerateMac` as KMS does, under the secret of the measurements; it looks at no signature, and speaks no TLS. */
export async function startKms(): Promise<KmsStandIn> {
  const server = createServer(async (request, response) => {
    const { Message } = JSON.parse(Buffer.concat(await request.toArray()).toString("utf8")) as { Message: string };
    const Mac = createHmac("sha256", SECRET).update(Buffer.from(Message, "base64")).digest("base64");
    response.setHeader("Content-Type", "application/x-amz-json-1.1").end(JSON.stringify({ Mac, MacAlgorithm: "HMAC_SHA_256" }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
