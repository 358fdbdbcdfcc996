import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startAws } from "../support/aws.ts";
import { masqueue } from "../support/masqueue.ts";
import { createQueue, type TestQueue } from "../support/queue.ts";

let queue: TestQueue;
beforeEach(async () => {
  queue = await createQueue();
});
afterEach(() => queue.stop());

const files = mkdtempSync(join(tmpdir(), "masqueue-files-"));
afterAll(() => rmSync(files, { recursive: true, force: true }));

function file(content: string): string {
  const path = join(files, "logins.jsonl");
  writeFileSync(path, content);
  return path;
}

const named = () => ({
  ...{ QUEUE_URL: queue.url, AWS_ENDPOINT_URL: queue.endpoint },
  ...{ AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
});
const send = (content: string) => masqueue(["send", file(content), "--env"], named());
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `{"user_id":"${i}"}\n`).join("");

describe("masqueue send FILE --env", () => {
  test("sends each message and prints the ids alone on stdout, in the file's order", async () => {
    const { code, stdout, stderr } = await send(numbered(47));
    expect(code).toBe(0);
    expect(stderr).toContain("Sent 47 messages.");
    const ids = stdout.trimEnd().split("\n");
    expect(new Set(ids).size).toBe(47);
    expect(await queue.depth()).toBe(47);
    const { Messages = [] } = await queue.client.send(new ReceiveMessageCommand({ QueueUrl: queue.url, MaxNumberOfMessages: 10 }));
    const numbers = Messages.map(({ MessageId = "", Body = "" }) => [ids.indexOf(MessageId), Number(JSON.parse(Body).user_id)]);
    expect(numbers).toHaveLength(10);
    for (const [position, number] of numbers) expect(position).toBe(number);
  });

  test("names a message that SQS refuses by its position, sends the rest, and ends with 1", async () => {
    const { code, stdout, stderr } = await send('{"user_id":"a"}\nbad\u0001line\n{"user_id":"b"}\n');
    expect(code).toBe(1);
    expect(stdout.trimEnd().split("\n")).toHaveLength(2);
    expect(stderr).toContain("Not sent: SQS refused message 2 of the file (InvalidMessageContents).");
    expect(stderr).toContain("Sent 2 of 3 messages.");
  });

  test("asks before it sends to a remote queue", async () => {
    const env = { ...named(), AWS_ENDPOINT_URL: "https://sqs.eu-west-1.amazonaws.com" };
    const { code, stdout, stderr } = await masqueue(["send", file(numbered(1)), "--env"], env);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("pass --yes to continue");
  });

  test("reports that a queue does not exist", async () => {
    const { code, stderr } = await masqueue(["send", file(numbered(1)), "--env"], { ...named(), QUEUE_URL: `${queue.url}-not` });
    expect(code).toBe(1);
    expect(stderr).toContain("it does not exist: check QUEUE_URL and AWS_REGION.");
  });

  test("reads the queue before it sends anything", async () => {
    const aws = await startAws();
    aws.failing.GetQueueAttributes = ["QueueDoesNotExist", "The specified queue does not exist."];
    const env = { ...named(), QUEUE_URL: `${aws.endpoint}/123456789012/none`, AWS_ENDPOINT_URL: aws.endpoint };
    const { code } = await masqueue(["send", file(numbered(1)), "--env"], env);
    await aws.stop();
    expect(code).toBe(1);
    expect(new Set(aws.calls)).toEqual(new Set(["GetQueueAttributes"]));
  });

  test.each([
    [["--env"], "--env: QUEUE_URL is not set."],
    [[], "send needs --env and QUEUE_URL: an embedded queue ends with its run"],
  ])("with %j and no queue is misuse", async (options, sentence) => {
    const { code, stderr } = await masqueue(["send", file(numbered(1)), ...options]);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
  });
});
