import type { SQSRecord } from "aws-lambda";
import { commentTable, createTable, grantTable } from "../../local/tables/ddl.ts";
import { idOf } from "./fixture.ts";
import { orders } from "./orders.ts";
import { login, type RecordOptions, record, SENT } from "./records.ts";

/** The statements of the table's migration, and those of its grants. */
export const ORDERS_MIGRATION = `${createTable(orders)}\n${commentTable(orders)}`;
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
