import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { UserError } from "../../local/errors.ts";
import type { Line } from "../../local/load/line.ts";
import { readLines } from "../../local/load/read-lines.ts";
import { splitArray } from "../../local/load/split-array.ts";
import { splitCsv } from "../../local/load/split-csv.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "masqueue-lines-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function read(name: string, content: string | Buffer): Promise<Line[]> {
  writeFileSync(join(folder, name), content);
  return collect(readLines(join(folder, name)));
}

async function collect(chunks: AsyncIterable<Line[]>): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const chunk of chunks) lines.push(...chunk);
  return lines;
}

async function bodies(name: string, content: string | Buffer): Promise<(string | undefined)[]> {
  return (await read(name, content)).map(({ body }) => body);
}

async function complaint(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message.replace(`${folder}/`, "");
}

/** The text in pieces of one to three characters, so that every mark stands at an edge. */
async function* inPieces(text: string): AsyncGenerator<string> {
  const characters = Array.from(text);
  for (let size = 1; characters.length > 0; size = (size % 3) + 1) yield characters.splice(0, size).join("");
}

describe("a .jsonl file", () => {
  test("gives its lines with their numbers in an editor, and leaves blank ones out", async () => {
    expect(await read("a.jsonl", '\uFEFF{"a": 1}\r\n\n  \n{"b":2}')).toEqual([
      { number: 1, raw: '{"a": 1}', body: '{"a": 1}' },
      { number: 4, raw: '{"b":2}', body: '{"b":2}' },
    ]);
  });

  test("may hold U+2028, which ends no line of JSON, and lines that are not JSON", async () => {
    expect(await bodies("b.jsonl", '{"a":"x\u2028y"}\noops\n')).toEqual(['{"a":"x\u2028y"}', "oops"]);
  });

  test("may be packed, in several parts, and be larger than a chunk", async () => {
    const lines = Array.from({ length: 50_000 }, (_, i) => `{"user_id":"é${i}"}`);
    const packed = Buffer.concat([gzipSync(`${lines.slice(0, 9).join("\n")}\n`), gzipSync(lines.slice(9).join("\n"))]);
    expect(await bodies("C.JSONL.GZ", packed)).toEqual(lines);
  });

  test("is refused if a line does not end", async () => {
    const sentence = "d.jsonl: line 2 has more than 16 million characters.";
    expect(await complaint(read("d.jsonl", `1\n${"x".repeat(17 * 1024 * 1024)}`))).toBe(sentence);
  });
});

describe("a .json file", () => {
  test("gives the elements of its array as they are: numbers keep their digits, and a text is a body", async () => {
    expect(await read("a.json", '\uFEFF [ {"id": 12345678901234567890} ,\n"{\\"a\\":1}", [1,{"b":"],"}], null ]\n')).toEqual([
      { number: 1, raw: '{"id": 12345678901234567890}', body: '{"id": 12345678901234567890}' },
      { number: 2, raw: '"{\\"a\\":1}"', body: '{"a":1}' },
      { number: 3, raw: '[1,{"b":"],"}]', body: '[1,{"b":"],"}]' },
      { number: 4, raw: "null", body: "null" },
    ]);
  });

  test("may have elements that are not JSON: the function rejects them", async () => {
    expect(await bodies("b.json", "[oops,,{x}]")).toEqual(["oops", "", "{x}"]);
  });

  test("may hold no element", async () => {
    expect(await bodies("c.json", " [ ] ")).toEqual([]);
  });

  test("is split at its elements, whatever they are and wherever a chunk ends", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 2), async (values, indent) => {
        const lines = await collect(splitArray(inPieces(JSON.stringify(values, null, indent)), "x.json"));
        expect(lines.map(({ raw }) => JSON.stringify(JSON.parse(raw)))).toEqual(values.map((value) => JSON.stringify(value)));
      }),
    );
  });

  test.each([
    ["", "does not hold one JSON array of bodies. For a body per line, use .jsonl."],
    ['{"a":[1]}', "does not hold one JSON array of bodies. For a body per line, use .jsonl."],
    ["[1]\n[2]", "does not hold one JSON array of bodies. For a body per line, use .jsonl."],
    ["[1] x", "does not hold one JSON array of bodies. For a body per line, use .jsonl."],
    ["[1}", "does not hold one JSON array of bodies. For a body per line, use .jsonl."],
    ['[1,{"canary":"se', "ends within its array, at element 2."],
    ["[1,2", "ends within its array, at element 2."],
  ])("is refused if it holds %j", async (content, sentence) => {
    expect(await complaint(read("d.json", content))).toBe(`d.json ${sentence}`);
  });
});

describe("a .csv file", () => {
  test("gives its records as JSON: the header names paths, and an empty cell is null", async () => {
    const text = 'id,customer.email,customer.name,"__proto__"\r\n1,a@b.c,"Q ""x"", y",\r\n\r\n2,,"two\nlines",p\r\n';
    expect(await bodies("a.csv", text)).toEqual([
      '{"id":"1","customer":{"email":"a@b.c","name":"Q \\"x\\", y"},"__proto__":null}',
      '{"id":"2","customer":{"email":null,"name":"two\\nlines"},"__proto__":"p"}',
    ]);
  });

  test("gives a record with too many or too few cells no body, and takes a stray quote as a character", async () => {
    expect(await read("b.csv", 'a,b\n1\n2,te"st\n3,"4"5\n6,7,8\n')).toEqual([
      { number: 2, raw: "1", body: undefined },
      { number: 3, raw: '2,te"st', body: '{"a":"2","b":"te\\"st"}' },
      { number: 4, raw: '3,"4"5', body: '{"a":"3","b":"\\"4\\"5"}' },
      { number: 5, raw: "6,7,8", body: undefined },
    ]);
  });

  test("may be packed, and hold nothing but its header", async () => {
    expect(await bodies("c.csv.gz", gzipSync("a,b\n"))).toEqual([]);
    expect(await bodies("c.csv.gz", gzipSync("a\n1"))).toEqual(['{"a":"1"}']);
  });

  test.each([["a,b\n1,2\r\n3,4\r5,6\n\n7,8"], ["a,b\r\n1,2\n3,4\r5,6\r\n\r\n7,8\n"], ["a,b\r1,2\n3,4\r\n5,6\r\r7,8\r\n"]])(
    "may mix line ends, which changes neither its records nor their numbers: %j",
    async (text) => {
      const lines = await collect(splitCsv(inPieces(text), "x.csv"));
      expect(lines.map(({ number, raw, body }) => [number, raw, body])).toEqual([
        [2, "1,2", '{"a":"1","b":"2"}'],
        [3, "3,4", '{"a":"3","b":"4"}'],
        [4, "5,6", '{"a":"5","b":"6"}'],
        [6, "7,8", '{"a":"7","b":"8"}'],
      ]);
    },
  );

  test("gives every text back, whatever it holds and wherever a chunk ends", async () => {
    const cell = fc.string({ unit: fc.constantFrom('"', ",", "\n", "é", "a", " ", "\\", "😀") });
    const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell)), async (rows) => {
        const text = ["a,b", ...rows.map((row) => row.map(quote).join(","))].join("\n");
        const lines = await collect(splitCsv(inPieces(text), "x.csv"));
        expect(lines.map(({ body }) => JSON.parse(body ?? ""))).toEqual(rows.map(([a, b]) => ({ a: a || null, b: b || null })));
      }),
    );
  });

  const NO_PATH = "of the header must be a path that no other cell has, like order_id or customer.email.";
  test.each([
    ["a,a\n1,2", `cell 2 ${NO_PATH}`],
    ["a,,b\n1,2,3", `cell 2 ${NO_PATH}`],
    ["a,a.b\n1,2", `cell 2 ${NO_PATH}`],
    ["a.b,a\n1,2", `cell 2 ${NO_PATH}`],
    ["a[0]\n1", `cell 1 ${NO_PATH}`],
    ["a;b\n1;2", "the header has one cell. The cells of a record are separated by commas."],
    ['a,b\n3,"canary\n', "a quote after line 1 is not closed, or a record is longer than 16 MB."],
  ])("is refused if it holds %j", async (content, sentence) => {
    expect(await complaint(read("d.csv", content))).toBe(`d.csv: ${sentence}`);
  });
});

describe("any file gets a sentence", () => {
  test.each([
    ["a.jsonl", Buffer.from([0x7b, 0xff]), "a.jsonl is not UTF-8 text."],
    ["a.csv", Buffer.from("name\nM\xfcller\n", "latin1"), "a.csv is not UTF-8 text."],
    ["a.jsonl.gz", "[1]", "a.jsonl.gz is not a complete gzip file."],
    ["cut.csv.gz", gzipSync("a\n1\n").subarray(0, 20), "cut.csv.gz is not a complete gzip file."],
    ["a.txt", "", "a.txt: the name must end in .jsonl, .json or .csv, each also with .gz."],
  ])("if it cannot be read: %s", async (name, content, sentence) => {
    expect(await complaint(read(name, content))).toBe(sentence);
  });

  test("if it is missing", async () => {
    expect(await complaint(collect(readLines(join(folder, "none.csv"))))).toBe("none.csv cannot be read (ENOENT).");
  });
});
