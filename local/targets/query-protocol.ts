import type { SQSClient } from "@aws-sdk/client-sqs";
import { AwsQueryProtocol } from "@aws-sdk/core/protocols";

const SETTINGS = {
  defaultNamespace: "com.amazonaws.sqs",
  xmlNamespace: "http://queue.amazonaws.com/doc/2012-11-05/",
  version: "2012-11-05",
};

/**
 * Lets a client call servers that know only SQS's older protocol, such as LocalStack before version 3. They answer the newer one, which is
 * JSON, in XML. The client then repeats the request in the older one, and uses that from then on.
 */
export function fallBackToQueryProtocol(client: SQSClient): SQSClient {
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        const isXml = error instanceof Error && error.name === "SyntaxError";
        if (!isXml || client.config.protocol instanceof AwsQueryProtocol) throw error;
        client.config.protocol = new AwsQueryProtocol({ ...SETTINGS, ...client.config.protocolSettings });
        return next(args);
      }
    },
    { step: "initialize", name: "fallBackToQueryProtocol" },
  );
  return client;
}
