import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { route } from "../../lambda/ingest/route.ts";
import type { MaskSpec } from "../../lambda/masking/tokens.ts";
import type { Condition } from "../../lambda/pipelines/condition.ts";
import {
  caseless,
  date,
  definePipeline,
  digits,
  exact,
  masked,
  network,
  type PipelineDeclaration,
  text,
  uuid,
} from "../../lambda/pipelines/pipeline.ts";
import { shareQueue, skip, toQueue } from "../../lambda/pipelines/queue.ts";
import { readRegistry } from "../../lambda/pipelines/registry.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { record } from "../support/records.ts";

const declare = (name: string, when?: Condition, more: Partial<PipelineDeclaration> = {}) =>
  definePipeline({ name, table: "t", ...(when && { when }), columns: { id: text({ max: 8 }), day: date({ otherwise: "sent" }) }, ...more });
const orders = declare("orders", { type: "order" });
const clicks = declare("clicks", { type: ["click", "tap"], "client.internal": false });

describe("a message goes", () => {
  const events = shareQueue("events", [orders, clicks, skip({ type: ["ping", 7, true] })]);
  /** The name of the pipeline, `skipped`, or the code of the rejection. */
  const where = (body: unknown, queue = events) => {
    const { shares, unrouted } = route([record(body)], queue);
    const [outcome] = unrouted.outcomes;
    return shares[0]?.pipeline.name ?? (outcome?.kind === "rejected" ? outcome.code : outcome?.kind);
  };

  test.each([
    [{ type: "order" }, "orders"],
    [{ type: "click", client: { internal: false } }, "clicks"],
    [{ type: "tap", client: { internal: false } }, "clicks"],
    [{ type: "tap", client: { internal: true } }, "no_pipeline"],
    [{ type: "tap", client: [{ internal: false }] }, "no_pipeline"],
    [{ type: "tap", "client.internal": false }, "no_pipeline"],
    [{ type: "ping" }, "skipped"],
    [{ type: 7 }, "skipped"],
    [{ type: "7" }, "no_pipeline"],
    [{ type: true }, "skipped"],
    [{ type: ["order"] }, "no_pipeline"],
    [{ type: "Order" }, "no_pipeline"],
    [{}, "no_pipeline"],
    ['{"__proto__":{"type":"order"}}', "no_pipeline"],
    ["[]", "not_an_object"],
    ["{", "not_json"],
  ])("by its fields: %j to %s", (body, name) => {
    expect(where(body)).toBe(name);
  });

  test("to the first pipeline whose condition holds", () => {
    const both = declare("both", { type: ["order", "refund"] });
    expect(where({ type: "order" }, shareQueue("q", [both, orders]))).toBe("both");
    expect(where({ type: "order" }, shareQueue("q", [orders, both]))).toBe("orders");
  });

  test("to the last pipeline if that one has no condition", () => {
    expect(where({ type: "else" }, shareQueue("q", [orders, userLogins]))).toBe("user-logins");
  });

  test("nowhere if the only pipeline of a queue has another condition", () => {
    expect(where({ type: "click" }, toQueue(orders))).toBe("no_pipeline");
  });

  test("to exactly one place, in the batch's order, whatever it is", () => {
    const type = fc.constantFrom("order", "click", "ping", "other", 7, null);
    const body = fc.oneof(
      fc.record({ type, client: fc.record({ internal: fc.boolean() }) }).map((value) => JSON.stringify(value)),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(body, { maxLength: 20 }), (bodies) => {
        const records = bodies.map((body) => record(body));
        const { shares, unrouted } = route(records, events);
        const placed = [...shares.map((share) => share.records), unrouted.records];
        for (const part of placed) expect(part).toEqual(records.filter((one) => part.includes(one)));
        expect(new Set(placed.flat())).toEqual(new Set(records));
        expect(placed.flat()).toHaveLength(records.length);
        expect(unrouted.outcomes).toHaveLength(unrouted.records.length);
        for (const { records, events } of shares) expect(events).toHaveLength(records.length);
      }),
    );
  });
});

describe("a mistake in a condition or a shared queue throws a TypeError", () => {
  const always = declare("always");
  test.each<[() => unknown, string]>([
    [() => declare("p", {}), "pipeline p, when: names no field"],
    [() => declare("p", { "items[0]": 1 }), "pipeline p, when: items[0] must be a path like order.type, without brackets"],
    [() => declare("p", { type: [] }), "pipeline p, when: type must be a text, a number, a boolean or a list of these"],
    [() => declare("p", JSON.parse('{"type":null}')), "pipeline p, when: type must be a text, a number, a boolean or a list of these"],
    [() => declare("p", JSON.parse('{"type":{"a":1}}')), "pipeline p, when: type must be a text, a number, a boolean or a list of these"],
    [() => shareQueue("Events", [orders]), "queue Events: name must be lower-case words joined by hyphens"],
    [() => shareQueue("events", []), "queue events: at least one pipeline is needed"],
    [() => shareQueue("events", [skip({ type: "ping" })]), "queue events: at least one pipeline is needed"],
    [() => shareQueue("events", [orders, skip({})]), "queue events, skip: names no field"],
    [() => shareQueue("events", [skip({ type: "ping" }), orders]), "queue events: only the last member may be skip(…)"],
    [
      () => shareQueue("events", [always, orders]),
      "queue events: pipeline always takes every message, so no other gets one; give it a when, or put it last",
    ],
    [
      () => shareQueue("events", [orders, always, skip({ type: "ping" })]),
      "queue events: pipeline always takes every message, so no other gets one; give it a when, or put it last",
    ],
    [
      () => shareQueue("events", [orders, declare("p", { type: "p" }, { unwrap: "sns" })]),
      "queue events: pipelines orders and p unwrap differently; a queue has one kind of envelope",
    ],
    [
      () => shareQueue("events", [orders, declare("p", { type: "p" }, { masking: { sha256: true } })]),
      "queue events: pipelines orders and p mask differently; a queue has one way of masking",
    ],
  ])("%#", (declare, sentence) => {
    expect(declare).toThrow(new TypeError(sentence));
  });
});

describe("the registry", () => {
  test("has a queue for each shared queue and for each pipeline that shares none", () => {
    const { pipelines, queues } = readRegistry([userLogins, clicks, shareQueue("events", [orders, clicks])]);
    expect(Object.keys(pipelines).sort()).toEqual(["clicks", "orders", "user-logins"]);
    expect(Object.keys(queues).sort()).toEqual(["events", "user-logins"]);
  });

  test.each([
    [[orders, declare("orders")]],
    [[orders, shareQueue("orders", [clicks])]],
    [[shareQueue("q", [orders]), shareQueue("q", [clicks])]],
  ])("refuses two of one name: %#", (declared) => {
    expect(() => readRegistry(declared)).toThrow(/^two pipelines or queues are called (orders|q)$/);
  });

  const masking = (name: string, as: MaskSpec, domain = "main") =>
    declare(name, undefined, { domain, columns: { x: masked({ from: "x", as }), day: date({ otherwise: "sent" }) } });

  test.each<[string, MaskSpec, MaskSpec]>([
    ["exact and caseless", exact("email"), caseless("email")],
    ["exact and digits", exact("phone"), digits("phone")],
    ["exact and uuid", exact("device_id"), uuid("device_id")],
    ["caseless and uuid", caseless("id"), uuid("id")],
    ["networks of other IPv4 prefixes", network({ v4: 24, v6: 48 }), network({ v4: 25, v6: 48 })],
    ["networks of other IPv6 prefixes", network({ v4: 24, v6: 48 }), network({ v4: 24, v6: 128 })],
  ])("refuses one identifier in two forms: %s", (_forms, one, other) => {
    expect(() => readRegistry([masking("a", one), masking("b", other)])).toThrow(
      `a.x and b.x mask identifier ${one.identifier} in two forms: use one form, or another identifier`,
    );
  });

  test("takes one form that was made twice, and two forms in two domains", () => {
    expect(() => readRegistry([masking("a", network({ v4: 24, v6: 48 })), masking("b", network({ v4: 24, v6: 48 }))])).not.toThrow();
    expect(() => readRegistry([masking("a", exact("email")), masking("b", caseless("email"), "ads")])).not.toThrow();
  });
});
