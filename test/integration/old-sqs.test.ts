import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { SQSEvent } from "aws-lambda";
import { consume } from "../../local/emulators/event-source.ts";
import { connectQueue } from "../../local/targets/from-env.ts";
import { type QueueTarget, readQueue } from "../../local/targets/queue.ts";

const SENT = "1772366400000";
const BODY = JSON.stringify({ user_id: "ü & <b>" });
const MD5 = createHash("md5").update(BODY).digest("hex");

/** The responses of a server that knows only SQS's query protocol, by the action. */
const RESPONSES: Readonly<Record<string, (form: URLSearchParams) => string>> = {
  GetQueueAttributes: () => `<Attribute><Name>ApproximateNumberOfMessages</Name><Value>${received ? 0 : 1}</Value></Attribute>`,
  ReceiveMessage: (form) => {
    if (received) return "";
    received = true;
    const sent = `<Attribute><Name>SentTimestamp</Name><Value>${SENT}</Value></Attribute>`;
    const escaped = BODY.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
    return `<Message><MessageId>m1</MessageId><ReceiptHandle>r1</ReceiptHandle><MD5OfBody>${MD5}</MD5OfBody><Body>${escaped}</Body>${form.get("AttributeName.1") === "All" ? sent : ""}</Message>`;
  },
  DeleteMessageBatch: () => "<DeleteMessageBatchResultEntry><Id>0</Id></DeleteMessageBatchResultEntry>",
};

let received: boolean;
let asked: string[];
let server: Server;
let queue: QueueTarget;

beforeEach(async () => {
  received = false;
  asked = [];
  server = createServer(async (request, response) => {
    const form = new URLSearchParams(await readBody(request));
    const action = form.get("Action");
    asked.push(action ?? "JSON");
    const answer = action && RESPONSES[action]?.(form);
    response.writeHead(answer === null ? 500 : 200, { "content-type": "text/xml" });
    response.end(
      answer === null
        ? "<?xml version='1.0'?><ErrorResponse><Error><Code>InternalError</Code><Message>Missing Action</Message></Error></ErrorResponse>"
        : `<?xml version='1.0'?><${action}Response><${action}Result>${answer}</${action}Result></${action}Response>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env.AWS_ACCESS_KEY_ID = "test";
  process.env.AWS_SECRET_ACCESS_KEY = "test";
  queue = connectQueue(`${origin}/000000000000/login-queue`, { AWS_REGION: "us-east-1" });
});
afterEach(() => {
  queue.client.destroy();
  server.closeAllConnections();
  server.close();
});

async function readBody(request: IncomingMessage): Promise<string> {
  return Buffer.concat(await request.toArray()).toString("utf8");
}

test("a server that knows only the older protocol of SQS is called in that one, from its first response on", async () => {
  expect((await readQueue(queue)).depth).toBe(1);
  await readQueue(queue);
  expect(asked.slice(asked.lastIndexOf("JSON") + 1)).toEqual(["GetQueueAttributes", "GetQueueAttributes"]);
});

test("a message of such a server has its body and the time at which it was sent, and is deleted", async () => {
  const events: SQSEvent[] = [];
  const handler = async (event: SQSEvent) => {
    events.push(event);
    return { batchItemFailures: [] };
  };
  const sizes = { batchSize: 10, window: 0, timeout: 5_000, poll: 0 };
  const onIdle = async () => true;
  await consume({ ...queue, queueArn: "arn:aws:sqs:us-east-1:0:q", handlers: [handler], ...sizes, onIdle }, AbortSignal.timeout(20_000));
  expect(events.flatMap(({ Records }) => Records)).toMatchObject([{ messageId: "m1", body: BODY, attributes: { SentTimestamp: SENT } }]);
  expect(asked).toContain("DeleteMessageBatch");
});
