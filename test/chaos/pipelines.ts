import {
  type Column,
  date,
  definePipeline,
  exact,
  integer,
  masked,
  numeric,
  text,
  timestamp,
  uuid,
} from "../../lambda/pipelines/pipeline.ts";
import { type Queue, shareQueue } from "../../lambda/pipelines/queue.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";

const declare = (added: Parameters<typeof definePipeline>[0]["columns"]) =>
  definePipeline({
    name: "payments",
    table: "payments",
    when: { type: "payment" },
    once: "event-id",
    columns: {
      payment_id: uuid({ required: true }),
      masked_email: masked({ from: "customer.email", as: exact("email") }),
      masked_device_id: masked({ from: "device_id", as: exact("device_id") }),
      quantity: integer({ min: 0, max: 1000 }),
      total: numeric({ precision: 12, scale: 2 }),
      paid_at: timestamp({ from: "at" }),
      paid_on: date({ from: "at", otherwise: "sent" }),
      ...added,
    },
  });

/** The second pipeline, as it is deployed first and as it is deployed in the middle of a run: with one column more. */
export const payments = declare({});
export const paymentsNext = declare({ channel: text({ max: 16 }) });
export const addedColumn = paymentsNext.columns.find(({ name }) => name === "channel") as Column;

/** Both pipelines on one queue, by the version of the code. */
export const QUEUES: Readonly<Record<string, Queue>> = {
  "1": shareQueue("events", [payments, userLogins]),
  "2": shareQueue("events", [paymentsNext, userLogins]),
};
