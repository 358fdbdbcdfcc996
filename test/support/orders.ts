import {
  bigint,
  boolean,
  caseless,
  constant,
  date,
  definePipeline,
  digits,
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

/** A second pipeline beside the logins, as a shop would declare it. It has each kind of column. */
export const orders = definePipeline({
  name: "orders",
  table: "orders",
  when: { type: "order" },
  columns: {
    order_id: uuid({ required: true }),
    status: text({ max: 16, oneOf: ["open", "paid", "shipped"] }),
    country: text({ from: "customer.country", max: 2 }),
    masked_email: masked({ from: "customer.email", as: caseless("email"), absent: ["unknown"] }),
    masked_phone: masked({ from: "customer.phone", as: digits("phone") }),
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
const typedLogins = definePipeline({
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
