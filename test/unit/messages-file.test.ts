import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { UserError } from "../../local/errors.ts";
import { readMessages } from "../../local/run/messages-file.ts";

const ID = "7bd61c09-1a2b-4c3d-8e4f-5a6b7c8d9e0f";
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "masqueue-messages-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A file with this content; its path. */
function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
const bodies = (path: string) => readMessages(path).map(({ body }) => body);
const received = (...messages: unknown[]) => readMessages(file("received.json", JSON.stringify({ Messages: messages })));
const string = (StringValue: string) => ({ DataType: "String", StringValue });

function complaint(path: string): string {
  try {
    readMessages(path);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).exitCode).toBe(2);
    return (error as UserError).message.replace(`${folder}/`, "");
  }
  return "";
}

describe("messages of a .jsonl file", () => {
  test("are its lines as they are, blank ones left out", () => {
    expect(bodies(file("a.jsonl", '{"a": 1}\n\n  \n{"b":2}\n'))).toEqual(['{"a": 1}', '{"b":2}']);
  });

  test("may end without a line feed, with carriage returns, and begin with a byte order mark", () => {
    expect(bodies(file("b.jsonl", '\uFEFF{"a":1}\r\n{"b":2}'))).toEqual(['{"a":1}', '{"b":2}']);
  });

  test("need not be JSON: the function rejects them", () => {
    expect(bodies(file("c.jsonl", "oops\n{"))).toEqual(["oops", "{"]);
  });

  test("may be packed, and the name may be in capitals", () => {
    expect(bodies(file("d.jsonl.gz", gzipSync('{"a":1}\n{"b":"é"}')))).toEqual(['{"a":1}', '{"b":"é"}']);
    expect(bodies(file("E.JSONL.GZ", gzipSync("1")))).toEqual(["1"]);
  });

  test("may be one body, like the sample of a pipeline", () => {
    expect(bodies(file("sample.json", '{ "a": {"b": 1} }'))).toEqual(['{"a":{"b":1}}']);
  });

  test("have no attributes", () => {
    expect(readMessages(file("f.jsonl", "1"))).toEqual([{ body: "1" }]);
  });
});

describe("messages of a .json file", () => {
  test("are the elements of an array: objects as JSON, strings as they are", () => {
    expect(bodies(file("a.json", '\uFEFF[{"a": 1}, "text", null, 2]'))).toEqual(['{"a":1}', "text", "null", "2"]);
  });

  test("may be packed", () => {
    expect(bodies(file("b.json.gz", gzipSync('[{"a":1}]')))).toEqual(['{"a":1}']);
  });
});

describe("messages that aws sqs receive-message printed", () => {
  test("keep their first id and time, so that sending them twice stores them once", () => {
    expect(received({ MessageId: ID, Body: '{"a":1}', Attributes: { SentTimestamp: "1772366400000" } })).toEqual([
      { body: '{"a":1}', attributes: { "masqueue-id": string(ID), "masqueue-sent": string("1772366400000") } },
    ]);
  });

  test("keep their attributes, and an id and time that they have from before", () => {
    const first = {
      "masqueue-id": string("00000000-0000-4000-8000-000000000000"),
      "masqueue-sent": string("1"),
      "event-id": string("e-1"),
    };
    const [message] = received({ MessageId: ID, Body: "x", Attributes: { SentTimestamp: "2" }, MessageAttributes: first });
    expect(message?.attributes).toEqual(first);
  });

  test("keep binary attributes, which are printed in base64, as their bytes", () => {
    const [message] = received({ Body: "x", MessageAttributes: { raw: { DataType: "Binary", BinaryValue: "AP9h" } } });
    expect(message?.attributes).toEqual({ raw: { DataType: "Binary", BinaryValue: Buffer.from([0, 255, 97]) } });
  });

  test("lack an id or a time that was not printed or is invalid", () => {
    expect(received({ Body: "x" }, { MessageId: "m-1", Body: "y", Attributes: { SentTimestamp: "yesterday" } })).toEqual([
      { body: "x", attributes: {} },
      { body: "y", attributes: {} },
    ]);
  });

  test.each([[{ MessageId: ID }], [{ Body: 1 }], [null], ["text"]])("must have a Body, which %j has not", (message) => {
    const path = file("bodiless.json", JSON.stringify({ Messages: [{ Body: "x" }, message] }));
    expect(complaint(path)).toBe("bodiless.json: message 2 has no Body.");
  });
});

describe("a file that cannot be used gets a sentence", () => {
  test.each(["a.txt", "a.json.zip", "jsonl", "a.gz", "a.jsonlines"])("for its name: %s", (name) => {
    expect(complaint(join(folder, name))).toBe(`${name}: the name must end in .jsonl or .json, or in .jsonl.gz or .json.gz.`);
  });

  test("if it does not exist, or is a folder", () => {
    mkdirSync(join(folder, "folder.json"));
    expect(complaint(join(folder, "missing.json"))).toBe("missing.json cannot be read (ENOENT).");
    expect(complaint(join(folder, "folder.json"))).toBe("folder.json cannot be read (EISDIR).");
  });

  test.each([
    ["broken.json", '{"ip": canary', "broken.json is not JSON."],
    ["nothing.json", "", "nothing.json is not JSON."],
    ["unpacked.json.gz", "[1]", "unpacked.json.gz is not a complete gzip file."],
    ["no-messages.json", "[]", "no-messages.json holds no messages."],
    ["drained.json", '{"Messages": []}', "drained.json holds no messages."],
    ["blank.jsonl", "\n \n", "blank.jsonl holds no messages."],
    ["empty-body.json", '["x", ""]', "empty-body.json: element 2 is empty; SQS accepts no empty message."],
    ["empty-message.json", '{"Messages":[{"Body":""}]}', "empty-message.json: message 1 is empty; SQS accepts no empty message."],
    [
      "object.json",
      '{"Records": ["canary"]}',
      'object.json holds neither an array of bodies nor the output of `aws sqs receive-message` ({"Messages": [...]}).',
    ],
    ["number.json", "1", 'number.json holds neither an array of bodies nor the output of `aws sqs receive-message` ({"Messages": [...]}).'],
  ])("if its content cannot be used, as in %s", (name, content, sentence) => {
    expect(complaint(file(name, content))).toBe(sentence);
  });
});
