import { describe, expect, test } from "@jest/globals";
import {
  date,
  definePipeline,
  exact,
  ip,
  listIdentifiers,
  masked,
  type PipelineDeclaration,
  text,
} from "../../lambda/pipelines/pipeline.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";

const day = { create_date: date({ otherwise: "sent" }) };

/** A valid declaration with the test's changes. */
function declaration(changes: Partial<PipelineDeclaration> = {}): PipelineDeclaration {
  return { name: "user-logins", table: "user_logins", columns: { user_id: text({ max: 8 }), ...day }, ...changes };
}
const columns = (more: PipelineDeclaration["columns"]) => declaration({ columns: { ...more, ...day } });

describe("a pipeline", () => {
  test("has defaults for the options that its declaration omits", () => {
    expect(definePipeline(declaration())).toMatchObject({ once: "message-id", domain: "main", masking: "hmac", dateColumn: "create_date" });
  });

  test("keeps the options of its declaration", () => {
    const options = { once: "event-id", domain: "fraud", masking: { sha256: true, acceptReversible: true } } as const;
    expect(definePipeline(declaration(options))).toMatchObject(options);
  });

  test("has its columns in order, each with the field that it comes from", () => {
    const { columns: found } = definePipeline(
      columns({ user_id: text({ max: 8, required: true }), masked_ip: masked({ from: "ip", as: ip }) }),
    );
    expect(found).toMatchObject([
      { kind: "text", name: "user_id", from: "user_id", path: ["user_id"], max: 8, required: true },
      { kind: "masked", name: "masked_ip", from: "ip", path: ["ip"], ...ip },
      { kind: "date", name: "create_date", from: "create_date", otherwise: "sent" },
    ]);
  });

  test("knows the fields of a body, not the columns that they are masked into", () => {
    expect([...userLogins.fields.keys()].sort()).toEqual([
      "app_version",
      "create_date",
      "device_id",
      "device_type",
      "ip",
      "locale",
      "user_id",
    ]);
  });

  test("lists each identifier once, even if several columns mask it", () => {
    const sameTwice = columns({
      a: masked({ from: "x", as: ip }),
      b: masked({ from: "y", as: ip }),
      c: masked({ from: "z", as: exact("phone") }),
    });
    expect(listIdentifiers(definePipeline(sameTwice))).toEqual(["ip", "phone"]);
    expect(listIdentifiers(definePipeline(declaration()))).toEqual([]);
  });
});

describe("a mistake in a declaration", () => {
  test.each([
    [declaration({ name: "User Logins" }), "pipeline User Logins: name must be lower-case words joined by hyphens"],
    [declaration({ name: "" }), "pipeline : name must be lower-case words joined by hyphens"],
    [declaration({ name: "1st" }), "pipeline 1st: name must be lower-case words joined by hyphens"],
    [declaration({ table: "UserLogins" }), "pipeline user-logins: UserLogins must be a plain lower-case name of up to 63 characters"],
    [
      declaration({ table: 'x"; DROP TABLE y; --' }),
      'pipeline user-logins: x"; DROP TABLE y; -- must be a plain lower-case name of up to 63 characters',
    ],
    [declaration({ table: "user_logins\n" }), "pipeline user-logins: user_logins\n must be a plain lower-case name of up to 63 characters"],
    [declaration({ domain: "main|x" }), "pipeline user-logins: main|x must be a plain lower-case name of up to 63 characters"],
    [columns({ userId: text({ max: 8 }) }), "pipeline user-logins: userId must be a plain lower-case name of up to 63 characters"],
    [columns({ "user id": text({ max: 8 }) }), "pipeline user-logins: user id must be a plain lower-case name of up to 63 characters"],
    [columns({ message_id: text({ max: 8 }) }), "pipeline user-logins: message_id is added automatically; leave it out"],
    [
      columns({ a: masked({ from: "b", as: exact("main|ip") }) }),
      'pipeline user-logins: column a: identifier is "main|ip"; it must be a plain lower-case name',
    ],
    [
      columns({ day: date({ otherwise: "sent" }) }),
      'pipeline user-logins: exactly one date column needs otherwise: "sent"; it is half of the key',
    ],
    [
      declaration({ columns: { user_id: text({ max: 8 }) } }),
      'pipeline user-logins: exactly one date column needs otherwise: "sent"; it is half of the key',
    ],
  ])("throws a TypeError at once: %#", (mistaken, sentence) => {
    expect(() => definePipeline(mistaken)).toThrow(new TypeError(sentence));
  });

  // The compiler does not check options from a variable or a spread, or in plain JavaScript.
  const misspelt = { max: 8, require: true, from: "x" };
  test.each([
    [
      () => definePipeline({ ...declaration(), ...{ unwraps: "sns" } }),
      "pipeline user-logins: unknown option unwraps; known options: name, table",
    ],
    [
      () => definePipeline(declaration({ masking: { sha256: true, ...{ acceptReversable: true } } })),
      "pipeline user-logins, masking: unknown option acceptReversable; known options: sha256, acceptReversible",
    ],
    [
      () => definePipeline(columns({ a: text(misspelt) })),
      "pipeline user-logins: column a: unknown option require; known options: from, required",
    ],
    [
      () => definePipeline(columns({ a: masked({ ...misspelt, as: ip }) })),
      "pipeline user-logins: column a: unknown option max, require; known options: from, required",
    ],
    [
      () => definePipeline(columns({ a: masked({ from: "ip", as: { ...ip, ...{ length: 8 } } }) })),
      "pipeline user-logins: column a: unknown option length; known options: from, required",
    ],
    [
      () => definePipeline(declaration(JSON.parse('{ "once": "event_id" }'))),
      'pipeline user-logins: once is "event_id"; allowed: "message-id", "event-id"',
    ],
    ...["none", {}, { acceptReversible: true }].map((masking): [() => unknown, string] => [
      () => definePipeline(declaration(JSON.parse(JSON.stringify({ masking })))),
      'pipeline user-logins: masking must be "hmac" or { sha256: true }',
    ]),
    [
      () => definePipeline(columns({ a: date(JSON.parse('{ "otherwise": "now" }')) })),
      'pipeline user-logins: column a: otherwise is "now"; it must be "sent"',
    ],
  ])("in an option throws an error that names the option: %#", (declare, sentence) => {
    expect(declare).toThrow(sentence);
  });
});
