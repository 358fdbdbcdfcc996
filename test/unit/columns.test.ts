import { describe, expect, test } from "@jest/globals";
import type { ColumnSpec } from "../../lambda/pipelines/columns.ts";
import * as p from "../../lambda/pipelines/pipeline.ts";

const declare = (columns: Record<string, ColumnSpec>) =>
  p.definePipeline({ name: "orders", table: "orders", columns: { ...columns, day: p.date({ otherwise: "sent" }) } });

/** Options that the compiler cannot check, as from plain JavaScript. */
const any = (options: unknown) => JSON.parse(JSON.stringify(options));

describe("a mistake in a column is an error that names the pipeline and the column", () => {
  test.each<[() => ColumnSpec, string]>([
    [() => p.text(any({})), "needs max"],
    [() => p.text({ max: 0 }), "max is 0; it must be a number of characters up to 10485760"],
    [() => p.text({ max: 1.5 }), "max is 1.5; it must be a number of characters up to 10485760"],
    [() => p.text(any({ max: "8" })), 'max is "8"; it must be a number of characters up to 10485760'],
    [() => p.text({ max: 8, from: "items[0].sku" }), 'from is "items[0].sku"; it must be a path like customer.email, without brackets'],
    [() => p.text({ max: 8, from: "a..b" }), 'from is "a..b"; it must be a path like customer.email, without brackets'],
    [() => p.text({ max: 8, from: "" }), 'from is ""; it must be a path like customer.email, without brackets'],
    [() => p.text(any({ max: 8, required: "yes" })), 'required is "yes"; it must be true or false'],
    [() => p.text({ max: 8, oneOf: [] }), "oneOf is []; it must be a list of texts that are not blank"],
    [() => p.text({ max: 8, oneOf: ["a", " "] }), 'oneOf is ["a"," "]; it must be a list of texts that are not blank'],
    [() => p.text({ max: 3, oneOf: ["paid"] }), "oneOf has a longer text than max"],
    [() => p.text({ max: 8, reveals: "" }), 'reveals is ""; it must be a reason in words'],
    [() => p.text(any({ max: 8, min: 1 })), "unknown option min; known options: from, required, reveals, max, numbers, oneOf"],
    [() => p.integer({ min: 2, max: 1 }), "min is larger than max"],
    [() => p.integer(any({ min: "1" })), 'min is "1"; it must be a number'],
    [() => p.integer({ max: Number.NaN }), "max is null; it must be a number"],
    [() => p.bigint({ min: 2n ** 60n, max: 1 }), "min is larger than max"],
    [() => p.numeric(any({ precision: 5 })), "needs scale"],
    [() => p.numeric({ precision: 2, scale: 3 }), "scale is larger than precision"],
    [() => p.numeric({ precision: 1001, scale: 0 }), "precision is 1001; it must be a number of digits from 1 to 1000"],
    [() => p.numeric({ precision: 5, scale: -1 }), "scale is -1; it must be a number of digits"],
    [() => p.numeric({ precision: 5, scale: 2, min: 2, max: 1 }), "min is larger than max"],
    [() => p.boolean(any({ max: 1 })), "unknown option max; known options: from, required, reveals"],
    [() => p.date({ notBefore: "2015-02-30" }), 'notBefore is "2015-02-30"; it must be a date, or a number of days like +1 day'],
    [() => p.date({ notAfter: "1 day" }), 'notAfter is "1 day"; it must be a date, or a number of days like +1 day'],
    [() => p.date({ notAfter: "+1 month" }), 'notAfter is "+1 month"; it must be a date, or a number of days like +1 day'],
    [() => p.date({ otherwise: "sent", required: true }), "required means nothing with otherwise"],
    [() => p.timestamp(any({ unix: "minutes" })), 'unix is "minutes"; it must be "seconds" or "milliseconds"'],
    [() => p.json(any({})), "needs pick"],
    [() => p.json({ pick: [] }), "pick is []; it must be a list of texts that are not blank"],
    [() => p.constant("a\0"), 'value is "a\\u0000"; it must be a text without U+0000 and halves of surrogate pairs'],
    [() => p.constant("\ud800"), 'value is "\\ud800"; it must be a text without U+0000 and halves of surrogate pairs'],
    [() => p.meta(any("body")), 'property is "body"; it must be "messageId", "sent" or "receivedAt"'],
    [() => p.masked(any({ from: "x" })), "needs identifier"],
    [() => p.masked(any({ as: p.ip })), "needs from"],
    [() => p.masked({ from: "x", as: p.exact("E-mail") }), 'identifier is "E-mail"; it must be a plain lower-case name'],
    [() => p.masked({ from: "x", as: p.ip, absent: [""] }), 'absent is [""]; it must be a list of texts that are not blank'],
    [
      () => p.masked(any({ from: "x", as: { identifier: "ip", form: "address" } })),
      'form is "address"; it must be a mask like ip or exact(…)',
    ],
    [() => any({ kind: "money" }), "must be made by text(), masked() or another function of lambda/pipelines/columns.ts"],
    [() => any({ kind: "constructor" }), "must be made by text(), masked() or another function of lambda/pipelines/columns.ts"],
    [() => any(null), "must be made by text(), masked() or another function of lambda/pipelines/columns.ts"],
  ])("%#: %s", (make, sentence) => {
    expect(() => declare({ x: make() })).toThrow(new TypeError(`pipeline orders: column x: ${sentence}`));
  });

  test("is found by the compiler, too, in a literal", () => {
    const uncompilable = () => [
      // @ts-expect-error: a text has a maximum
      p.text({}),
      // @ts-expect-error: an unknown option
      p.text({ max: 8, require: true }),
      // @ts-expect-error: numbers have no vocabulary
      p.integer({ oneOf: ["a"] }),
      // @ts-expect-error: a numeric has a scale
      p.numeric({ precision: 5 }),
      // @ts-expect-error: a bigint with decimals is none
      p.bigint({ min: "1" }),
      // @ts-expect-error: only "sent"
      p.date({ otherwise: "now" }),
      // @ts-expect-error: no such unit
      p.timestamp({ unix: "minutes" }),
      // @ts-expect-error: a whole object is never stored
      p.json({ from: "customer" }),
      // @ts-expect-error: no such property
      p.meta("body"),
      // @ts-expect-error: a masked column has a mask
      p.masked({ from: "ip" }),
      // @ts-expect-error: a mask is no column
      p.masked({ from: "ip", as: p.text({ max: 8 }) }),
      // @ts-expect-error: exact needs the name of an identifier
      p.masked({ from: "ip", as: p.exact }),
      // @ts-expect-error: a masked column shows nothing
      p.masked({ from: "ip", as: p.ip, reveals: "no" }),
      // @ts-expect-error: a table is needed
      p.definePipeline({ name: "x", columns: {} }),
      // @ts-expect-error: no such envelope
      p.definePipeline({ name: "x", table: "x", unwrap: "sqs", columns: {} }),
    ];
    expect(uncompilable).toBeInstanceOf(Function);
  });
});

describe("a field that one column masks", () => {
  const masked = p.masked({ from: "customer.email", as: p.exact("email") });

  test.each<[string, ColumnSpec, string]>([
    ["the same field", p.text({ from: "customer.email", max: 99 }), "stores customer.email"],
    ["a member of it", p.text({ from: "customer.email.domain", max: 99 }), "stores customer.email"],
    ["what contains it", p.text({ from: "customer", max: 99 }), "stores customer.email"],
    ["a picked member", p.json({ from: "customer", pick: ["age", "email"] }), "stores customer.email"],
    ["a date", p.date({ from: "customer.email" }), "stores customer.email"],
  ])("cannot stand in a plain column: %s", (_what, plain, stores) => {
    expect(() => declare({ token: masked, plain })).toThrow(
      `pipeline orders: column plain ${stores}, which column token masks; if that is intended, add reveals: "the reason"`,
    );
    expect(() => declare({ plain, token: masked })).toThrow("which column token masks");
  });

  test("can if the column says why", () => {
    const plain = p.text({ from: "customer.email", max: 99, reveals: "the newsletter needs it" });
    expect(() => declare({ token: masked, plain })).not.toThrow();
  });

  test("does not concern its neighbours, nor columns without a field", () => {
    const others = {
      age: p.integer({ from: "customer.age" }),
      rest: p.json({ from: "customer", pick: ["age"] }),
      customer: p.constant("x"),
    };
    expect(() => declare({ token: masked, again: masked, ...others })).not.toThrow();
  });
});
