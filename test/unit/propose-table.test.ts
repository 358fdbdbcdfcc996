import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parse } from "../../lambda/ingest/parse.ts";
import type { ColumnSpec } from "../../lambda/pipelines/columns.ts";
import { date, definePipeline, exact, masked } from "../../lambda/pipelines/pipeline.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { readSamples } from "../../local/tables/fields.ts";
import { proposeTable } from "../../local/tables/guess.ts";
import { createMaskWriter } from "../../local/tables/mask-source.ts";
import { nameTable } from "../../local/tables/table-names.ts";
import { record } from "../support/records.ts";

/** Proposes a table for bodies. */
function propose(...bodies: unknown[]) {
  const samples = readSamples(bodies.map((body) => record(body)));
  return { samples, ...proposeTable(samples) };
}

const writeMask = createMaskWriter([userLogins]);

/** The proposal for one field with these values, in short: `integer`, `text max 16`, `caseless("email")` or `left out: …`. */
function guess(path: string, ...values: unknown[]): string {
  const { columns, leftOut } = proposeTable({ fields: [{ path, values }], events: values.length });
  if (leftOut[0]) return `left out: ${leftOut[0].why}`;
  const { kind = "", personal, options = {} } = columns[0] ?? {};
  return [personal ? writeMask(personal) : kind, ...Object.entries(options).flat()].join(" ");
}

const times = <T>(count: number, ...values: T[]): T[] => Array.from({ length: count }, () => values).flat();
const UUID = "0b0e7c9c-41a6-4a1e-9a59-0f6f1a2b3c4d";

describe("a field's kind", () => {
  test.each<[string, unknown[], string]>([
    ["id", [UUID, UUID.toUpperCase()], "uuid"],
    ["id", ["00000000-0000-4000-8000-000000000001"], "uuid"],
    ["paid", [true, false], "boolean"],
    ["paid", ["true", "FALSE"], "boolean"],
    ["size", [1, 40], "integer"],
    ["size", [123_456_789], "bigint"],
    ["size", [JSON.rawJSON("9223372036854775807")], "bigint"],
    ["size", [JSON.rawJSON("9223372036854775808")], "numeric precision 38 scale 0"],
    ["ratio", [1, 0.125], "numeric precision 15 scale 5"],
    ["total", [12, 7], "numeric precision 12 scale 2"],
    ["total", ["12.50", "7"], "numeric precision 12 scale 2"],
    ["version", ["2.10", "2.1"], "text max 16"],
    ["shipped", ["2026-03-01", "2024-02-29"], "date"],
    ["shipped", ["2026-03-01T12:00:00+02:00", "2026-03-01"], "timestamp"],
    ["shipped", ["2026-02-30"], "text max 32"],
    ["changed_at", [1_772_366_400, 1_772_366_400.5], "timestamp unix seconds"],
    ["changed_at", [1_772_366_400_000], "timestamp unix milliseconds"],
    ["sequence", [1_772_366_400], "bigint"],
    ["sku", ["A-1", "B-22"], "text max 16"],
    ["sku", ["A-1234567890"], "text max 32"],
    ["country", ["DE", "PL"], "text max 16"],
    ["status", times(5, "paid", "open"), "text max 16"],
    ["customer.id", ["c-1"], "text max 16"],
  ])("%s of %j is %s", (path, values, expected) => expect(guess(path, ...values)).toBe(expected));

  test("is required only if all of at least 50 messages have it", () => {
    expect(guess("size", ...times(50, 1))).toBe("integer required true");
    expect(guess("size", ...times(49, 1))).toBe("integer");
    const bodies = times(60, { a: 1, b: 1, c: 1 }).map((body, i) => (i === 3 ? { a: 1, b: null } : body));
    expect(propose(...bodies).columns.map(({ name, options }) => [name, options.required])).toEqual([
      ["a", true],
      ["b", undefined],
      ["c", undefined],
      ["sent_on", undefined],
    ]);
  });
});

describe("a personal field is masked", () => {
  test.each<[string, unknown[], string]>([
    ["ip", ["192.0.2.1", "2001:db8::1"], "ip"],
    ["origin", ["192.0.2.1"], "ip"],
    ["clientIPAddress", ["unreadable"], "ip"],
    ["login", ["a@example.org"], 'caseless("email")'],
    ["customer.emailAddress", ["nothing"], 'caseless("email")'],
    ["phone", ["0151 234567", 4915112345], 'digits("phone") numbers true'],
    ["call", ["+48 601 234 567"], 'digits("phone")'],
    ["call", ["0601234567", "+48601234567", "031123456"], 'digits("phone")'],
    ["handy", [601234567], 'digits("phone") numbers true'],
    ["reference", ["756.9217.0769.85"], 'caseless("national_id")'],
    ["patient.mrn", ["A-1"], 'caseless("national_id")'],
    ["plate", ["ZH 1"], 'caseless("licence_plate")'],
    ["d_o_b", ["1980-01-01"], 'exact("birth_date")'],
    ["dob", ["1980-01-01"], 'exact("birth_date")'],
    ["geburtsdatum", ["1980-01-01"], 'exact("birth_date")'],
    ["device_id", ["593-47-5928"], 'exact("device_id")'],
    ["device.id", [UUID], 'exact("device_id")'],
    ["imei", [490154203237518], 'exact("device_id") numbers true'],
    ["lastName", ["Kowalska"], 'caseless("name")'],
    ["customer.name.first", ["Anna"], 'caseless("name")'],
    ["device_name", ["Anna's"], 'caseless("name")'],
    ["created_by", ["anna"], 'caseless("name")'],
    ["nickname", ["anna92"], 'caseless("username")'],
    ["shipping.address.line1", ["Main St"], 'caseless("address")'],
    ["zip", ["10115"], 'caseless("address")'],
    ["birthDate", ["1980-01-01"], 'exact("birth_date")'],
    ["customer.dob", [19800101], 'exact("birth_date") numbers true'],
    ["passport_no", ["X1"], 'caseless("national_id")'],
    ["reference", ["593-47-5928"], 'caseless("national_id")'],
    ["card", ["4111 1111 1111 1111"], 'digits("card_number")'],
    ["reference", [4111111111111111], 'digits("card_number") numbers true'],
    ["reference", ["GB82 WEST 1234 5698 7654 32"], 'caseless("iban")'],
    ["user_agent", ["x"], 'exact("user_agent")'],
    ["client", ["Mozilla/5.0 (X11)"], 'caseless("name")'],
    ["app", ["Mozilla/5.0 (X11)"], 'exact("user_agent")'],
    ["location.lat", [52.5], 'exact("geo_position") numbers true'],
    ["place", ["52.520, 13.404"], 'exact("geo_position")'],
    ["mac", ["00:00:5e:00:53:01"], 'caseless("mac_address")'],
    ["session_id", [UUID], 'exact("session_id")'],
    ["idfa", [UUID], 'caseless("advertising_id")'],
  ])("%s of %j by %s", (path, values, expected) => expect(guess(path, ...values)).toBe(expected));

  test("but not what says something about one", () => {
    expect(guess("email_verified", true)).toBe("boolean");
    expect(guess("email_sent_at", "2026-03-01T12:00:00Z")).toBe("timestamp");
    expect(guess("device_type", ...times(5, "iOS", "android"))).toBe("text max 16");
    expect(guess("phone_minutes", 12)).toBe("integer");
    expect(guess("product_name", "X-1")).toBe("text max 16");
    expect(guess("app_version", "2.3.0")).toBe("text max 16");
  });

  test("and values that stand for no one are NULL", () => {
    expect(guess("ip", "192.0.2.1", "unknown", "")).toBe("ip absent unknown");
    expect(guess("origin", "192.0.2.1", "0.0.0.0")).toBe("ip absent 0.0.0.0");
  });

  test("in the form in which another table masks the same identifier", () => {
    const people = definePipeline({
      name: "people",
      table: "people",
      columns: { a: masked({ from: "a", as: exact("email") }), day: date({ otherwise: "sent" }) },
    });
    const [email] = propose({ email: "a@example.org" }).columns;
    expect(email?.personal && createMaskWriter([people])(email.personal)).toBe('exact("email")');
    expect(email?.personal && createMaskWriter([{ ...people, domain: "ads" }])(email.personal)).toBe('caseless("email")');
  });
});

describe("a field of which it cannot tell is left out", () => {
  test.each<[string, unknown[], string]>([
    ["tags", [["a"]], "lists"],
    ["empty", [], "without a value"],
    ["mixed", [1, "a1"], "values of several types"],
    ["mixed", [true, "a1"], "values of several types"],
    ["mixed", [{}, 1], "objects in some messages only"],
    ["note", times(50, "call Anna"), "free text"],
    ["title", ["blue shirt"], "free text"],
    ["code", ["x1".repeat(40)], "texts of more than 64 characters"],
    ["who", ["anna"], "words that may be names of persons"],
    ["who", times(50, "Anna", "Jan"), "words that may be names of persons"],
    ["page", ["https://example.org/?user=1"], "links, which can hold personal values"],
    ["to", ["<a@example.org>"], "texts with an @"],
    ["to", ["a@example.org", "x1"], "some values look like e-mail addresses"],
    ["peer", ["192.0.2.5:8080"], "texts with an IP address"],
    ["peer", ["[2001:db8::1]:443"], "texts with an IP address"],
    ["peer", ["192.0.2.5,192.0.2.6"], "texts with an IP address"],
    ["origin", ["192.0.2.1", "x1"], "some values look like IP addresses"],
    ["password", ["x1"], "secrets, by their name or values"],
    ["apiKey", ["x1"], "secrets, by their name or values"],
    ["x", ["eyJhbGciOi.eyJzdWIiOiI.x"], "secrets, by their name or values"],
    ["size", [JSON.rawJSON(`1${"0".repeat(600)}`)], "numbers that no column holds"],
    [`${"long_".repeat(13)}`, [1], "a name of more than 63 characters"],
  ])("%s of %j: %s", (path, values, reason) => expect(guess(path, ...values)).toBe(`left out: ${reason}`));

  test.each(["customer_id", "bankCustomerNumber"])("but %s is shown as the id of a person", (path) => {
    const { columns } = proposeTable({ fields: [{ path, values: ["A-1"] }], events: 1 });
    expect(columns[0]?.why).toBe("ids of persons, readable as in user_logins");
  });

  test("an order number is no card number because one in ten has its check digit", () => {
    const numbers = Array.from({ length: 100 }, (_, i) => String(5_000_000_000_000_000 + 7919 * i));
    expect(guess("reference", ...numbers)).toBe("text max 32 required true");
  });
});

describe("the name of a table", () => {
  test("is that of a pipeline, a table and an export", () => {
    expect(nameTable("web-orders-2")).toEqual({ name: "web-orders-2", table: "web_orders_2", identifier: "webOrders2" });
  });

  test.each([
    ["Orders", "The name of a table has at most 40 lower-case letters"],
    ["../orders", "The name of a table has at most 40 lower-case letters"],
    ["", "The name of a table has at most 40 lower-case letters"],
    ["web--orders", "The name of a table has at most 40 lower-case letters"],
    ["a".repeat(41), "The name of a table has at most 40 lower-case letters"],
    ["order", "order is a word of SQL or TypeScript"],
    ["class", "class is a word of SQL or TypeScript"],
    ["date", "date is a word of SQL or TypeScript"],
    ["define-pipeline", "define-pipeline is a word of SQL or TypeScript"],
    ["user-logins", "There is a pipeline, queue or table user-logins already"],
    ["mask-keys", "There is a pipeline, queue or table mask-keys already"],
    ["migrations", "There is a pipeline, queue or table migrations already"],
  ])("cannot be %j", (name, sentence) => expect(() => nameTable(name)).toThrow(sentence));
});

describe("the fields of messages", () => {
  test("are those of nested objects by their paths, to a depth", () => {
    const { columns, leftOut } = propose({ a: { b: { c: { d: 1, e: { f: 2 } } } } });
    expect(columns.map(({ name, from }) => [name, from])).toEqual([
      ["a_b_c_d", "a.b.c.d"],
      ["sent_on", "sent_on"],
    ]);
    expect(leftOut).toEqual([{ from: "a.b.c.e", why: "objects below 4 levels" }]);
  });

  test("that are objects in some messages only are left out, and the members are kept", () => {
    const { columns, leftOut } = propose({ a: "x1" }, { a: "x1" }, { a: { b: 1 } }, { a: { b: 2 } });
    expect(columns[0]).toMatchObject({ name: "a_b", from: "a.b" });
    expect(leftOut).toEqual([{ from: "a", why: "objects in some messages only" }]);
  });

  test("that are objects, or empty, are no fields themselves", () => {
    const { columns, leftOut } = propose({ a: null }, { a: {} }, { a: { b: 1 } }, { a: { b: 2 } });
    expect([columns.map(({ from }) => from), leftOut]).toEqual([["a.b", "sent_on"], []]);
  });

  test("have distinct columns, and none is the id of the message", () => {
    const { columns } = propose({ message_id: "x1", userKey: 1, user_key: 2, xmin: 1, _1: 1, _: 1 });
    expect(columns.map(({ name }) => name)).toEqual(["message_id_2", "user_key", "user_key_2", "xmin_2", "field_1", "field_", "sent_on"]);
  });

  test("are left out below a name that a literal of JavaScript cannot have", () => {
    const { columns, leftOut } = propose({ ["__proto__"]: 2, a: { ["__proto__"]: { b: 1 } } });
    expect(columns.map(({ name }) => name)).toEqual(["sent_on"]);
    expect(leftOut.map(({ from }) => from)).toEqual(["__proto__", "a.__proto__.b"]);
  });

  test("whose names may be values are counted only", () => {
    const { samples, columns } = propose(
      { "a@example.org": 1, "a.b": 1, "a[0]": 1, "": 1, kept: 1, anna: 1 },
      { "a@example.org": 1, "a.b": 1, kept: 1 },
    );
    expect(columns.map(({ from }) => from)).toEqual(["kept", "sent_on"]);
    expect(samples.unnamed).toBe(5);
  });

  test.each([
    [
      "sns",
      (body: object) => ({ Type: "Notification", TopicArn: "arn", Message: JSON.stringify(body), Timestamp: "2026-03-01T12:00:00Z" }),
    ],
    ["eventbridge", (body: object) => ({ "detail-type": "x", source: "y", detail: body })],
  ] as const)("are read out of envelopes of %s", (unwrap, wrap) => {
    const { samples, columns } = propose(wrap({ size: 1 }), wrap({ size: 2 }), "not json", [1]);
    expect(samples).toMatchObject({ unwrap, events: 2, unreadable: 2 });
    expect(columns[0]).toMatchObject({ from: "size", kind: "integer" });
  });
});

describe("the date of the key", () => {
  test.each([
    ["is the day of the event's time", { due_at: "2026-05-01T00:00:00Z", createdAt: "2026-03-01T12:00:00Z" }, "created_on", "createdAt"],
    ["is the date of the event", { order_date: "2026-03-01" }, "order_date", "order_date"],
    ["has a name if the time has none", { timestamp: "2026-03-01T12:00:00Z" }, "event_on", "timestamp"],
    ["is no time that the event is about", { birth_date: "1980-01-01", delivery_date: "2026-03-01" }, "sent_on", "sent_on"],
    ["is no date within an object", { customer: { created_at: "2026-03-01T12:00:00Z" } }, "sent_on", "sent_on"],
    ["is no number", { created_at: 1_772_366_400 }, "sent_on", "sent_on"],
  ])("%s", (_, body, name, from) => {
    const keys = propose(body).columns.filter(({ options }) => options.otherwise === "sent");
    expect(keys).toMatchObject([{ name, from, kind: "date" }]);
  });
});

/** Bodies of one sender: few names, values of any kind. */
const anyBodies = fc.array(
  fc.dictionary(
    fc.constantFrom("id", "name", "email", "ip", "phone", "amount", "created_at", "a", "b", "_", "_1", "ctid"),
    fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom<unknown>(
        "a@example.org",
        "192.0.2.1",
        "2026-03-01",
        "2026-03-01T12:00:00Z",
        "A-1",
        "true",
        "12.50",
        "",
        "unknown",
        UUID,
      ),
      fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }).map((digits) => JSON.rawJSON(String(digits))),
    ),
  ),
  { minLength: 1, maxLength: 60 },
);

test("a proposed table stores every message that it was proposed for", () => {
  fc.assert(
    fc.property(anyBodies, (bodies) => {
      const { columns } = propose(...bodies);
      const specs = columns.map(({ name, from, kind, options, personal }) => {
        const spec = personal ? masked({ from, as: exact(personal.identifier), ...options }) : { kind, from, ...options };
        return [name, spec as ColumnSpec];
      });
      const pipeline = definePipeline({ name: "proposed", table: "proposed", columns: Object.fromEntries(specs) });
      for (const body of bodies) expect(parse(record(body), pipeline)).toMatchObject({ kind: "message" });
    }),
    { numRuns: 300 },
  );
});
