import type { SQSRecord } from "aws-lambda";
import {
  bigint,
  boolean,
  constant,
  date,
  definePipeline,
  exact,
  integer,
  ip,
  json,
  masked,
  meta,
  numeric,
  text,
  timestamp,
  uuid,
} from "../../lambda/pipelines/pipeline.ts";
import { shareQueue, skip } from "../../lambda/pipelines/queue.ts";
import { commentTable, createTable, grantTable } from "../../local/tables/ddl.ts";
import { idOf } from "./fixture.ts";
import { login, type RecordOptions, record, SENT } from "./records.ts";

/** A second pipeline beside the logins, as a shop would declare it. It has each kind of column. */
export const orders = definePipeline({
  name: "orders",
  table: "orders",
  when: { type: "order" },
  columns: {
    order_id: uuid({ required: true }),
    status: text({ max: 16, oneOf: ["open", "paid", "shipped"] }),
    country: text({ from: "customer.country", max: 2 }),
    // MERGE: caseless("email") and digits("phone").
    masked_email: masked({ from: "customer.email", as: exact("email"), absent: ["unknown"] }),
    masked_phone: masked({ from: "customer.phone", as: exact("phone") }),
    // The identifier of the logins: a device has one token in both tables.
    masked_device_id: masked({ from: "device_id", as: exact("device_id") }),
    quantity: integer({ min: 1, max: 1000 }),
    ledger_no: bigint(),
    total: numeric({ precision: 12, scale: 2, min: 0 }),
    is_gift: boolean({ from: "gift" }),
    shipped_on: date(),
    ordered_at: timestamp({ notBefore: "2015-01-01", notAfter: "+1 day" }),
    attributes: json({ pick: ["color", "sizes"] }),
    source: constant("shop"),
    sqs_id: meta("messageId"),
    sent_at: meta("sent"),
    received_at: meta("receivedAt"),
    ordered_on: date({ from: "ordered_at", otherwise: "sent" }),
  },
});

/** Logins that share a queue with other types. */
export const typedLogins = definePipeline({
  name: "typed-logins",
  table: "user_logins",
  when: { type: "login" },
  columns: {
    user_id: text({ max: 128, required: true }),
    masked_ip: masked({ from: "ip", as: ip }),
    masked_device_id: masked({ from: "device_id", as: exact("device_id") }),
    create_date: date({ otherwise: "sent" }),
  },
});

/** One queue for both. */
export const events = shareQueue("events", [typedLogins, orders, skip({ type: ["ping", "heartbeat"] })]);

/** The statements of the table's migration, and those of its grants. */
// MERGE: tokens of 35 characters fit as they are; remove the replacement.
export const ORDERS_MIGRATION = `${createTable(orders).replaceAll("varchar(64)", "varchar(67)")}\n${commentTable(orders)}`;
export const ORDERS_GRANTS = grantTable(orders);

/** The body of an order as the shop sends it. */
export function order(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    type: "order",
    order_id: "{8F14E45F-CEEA-467F-A2E8-0D1B4C5F6A7B}",
    status: "paid",
    customer: { country: "DE", email: "ada@example.org", phone: "+49 30 901820" },
    device_id: "593-47-5928",
    quantity: 3,
    ledger_no: 1001,
    total: 1249.9,
    gift: "TRUE",
    shipped_on: "2026-03-02",
    ordered_at: "2026-03-01T13:30:00.25+02:00",
    attributes: { color: "red", sizes: ["S", 42, null] },
    ...fields,
  };
}

/** A number beyond 2^53, which a double would round. */
const ledgerNo = (i: number) => String(9_007_199_254_740_993n + BigInt(i));

/** Orders with the ids 0 to n-1. @param fields the special fields of the i-th */
export function orderRecords(
  count: number,
  fields: (i: number) => Record<string, unknown> = () => ({}),
  options: RecordOptions = {},
): SQSRecord[] {
  const body = (i: number) => order({ ledger_no: JSON.rawJSON(ledgerNo(i)), ...fields(i) });
  return Array.from({ length: count }, (_, i) => record(body(i), { messageId: idOf(i), ...options }));
}

/** A login of the shared queue. */
export function typedLogin(fields: Record<string, unknown> = {}): Record<string, unknown> {
  const { user_id, ip: address, device_id } = login();
  return { type: "login", user_id, ip: address, device_id, ...fields };
}

/** The plain cells of the i-th of {@link orderRecords}, as Postgres prints them in UTC. */
export function orderCells(i: number): Record<string, string | null> {
  const sent = new Date(SENT).toISOString().replace("T", " ").replace(".000Z", "+00");
  return {
    order_id: "8f14e45f-ceea-467f-a2e8-0d1b4c5f6a7b",
    status: "paid",
    country: "DE",
    quantity: "3",
    ledger_no: ledgerNo(i),
    total: "1249.90",
    is_gift: "true",
    shipped_on: "2026-03-02",
    ordered_at: "2026-03-01 11:30:00.25+00",
    attributes: '{"color": "red", "sizes": ["S", 42, null]}',
    source: "shop",
    sqs_id: idOf(i),
    sent_at: sent,
    received_at: sent,
    ordered_on: "2026-03-01",
    message_id: idOf(i),
  };
}
