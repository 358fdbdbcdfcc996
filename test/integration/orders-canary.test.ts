import { randomInt } from "node:crypto";
import { beforeEach, expect, test } from "@jest/globals";
import { canaryLogin } from "../support/canaries.ts";
import { IN_PROCESS, useCage } from "../support/canary-cage.ts";
import { ORDERS_MIGRATION, order } from "../support/order-records.ts";
import { events } from "../support/orders.ts";
import { record } from "../support/records.ts";

const cage = useCage();

/** Values of an order that exist nowhere else. */
interface OrderCanaries {
  readonly email: string;
  readonly phone: string;
  readonly phoneDigits: string;
  readonly total: string;
  readonly ledgerNo: string;
  readonly color: string;
  readonly orderId: string;
}
let canaries: OrderCanaries;

const number = (length: number) => Array.from({ length }, () => randomInt(1, 10)).join("");

beforeEach(async () => {
  await cage.database.client.query(ORDERS_MIGRATION);
  const { deviceId, host, locale } = cage.canaries;
  const phoneDigits = number(15);
  canaries = {
    email: `${host}@${locale}`,
    phone: phoneDigits.replace(/(...)(...)(....)/, "+$1 ($2) $3-"),
    phoneDigits,
    total: `${number(10)}.${number(2)}`,
    ledgerNo: number(18),
    color: `${locale}\t"${deviceId}`,
    orderId: `${number(8)}-${number(4)}-4${number(3)}-8${number(3)}-${number(12)}`,
  };
});

const customer = (fields: Record<string, unknown> = {}) => ({ country: "DE", email: canaries.email, phone: canaries.phone, ...fields });

/** An order with canaries in all its fields; its numbers keep all their digits. */
function canaryOrder(fields: Record<string, unknown> = {}): Record<string, unknown> {
  const { total, ledgerNo, color, orderId } = canaries;
  const numbers = { total: JSON.rawJSON(total), ledger_no: JSON.rawJSON(ledgerNo) };
  const personal = { customer: customer(), device_id: cage.canaries.deviceId, attributes: { color } };
  return order({ order_id: orderId, ...personal, ...numbers, ...fields });
}

/** Orders of which each is rejected before it reaches Postgres. */
const bad = (): unknown[] => [
  canaryOrder({ order_id: canaries.email }),
  canaryOrder({ order_id: null }),
  canaryOrder({ status: canaries.phone.slice(0, 12) }),
  canaryOrder({ status: canaries.email.repeat(2) }),
  canaryOrder({ customer: customer({ country: canaries.email }) }),
  canaryOrder({ customer: customer({ email: { address: canaries.email } }) }),
  canaryOrder({ customer: customer({ phone: `${canaries.phone}\0` }) }),
  canaryOrder({ customer: customer({ phone: JSON.rawJSON(canaries.phoneDigits) }) }),
  canaryOrder({ device_id: `${canaries.email}\ud800` }),
  canaryOrder({ quantity: JSON.rawJSON(canaries.phoneDigits) }),
  canaryOrder({ ledger_no: `${canaries.ledgerNo}${canaries.ledgerNo}` }),
  canaryOrder({ total: `${canaries.total}1` }),
  canaryOrder({ gift: canaries.color }),
  canaryOrder({ shipped_on: canaries.phone }),
  canaryOrder({ ordered_at: canaries.phoneDigits }),
  canaryOrder({ attributes: { color: customer() } }),
  { ...canaryOrder(), type: canaries.email },
  { type: { order: canaries.email } },
  `{"type": "order", "total": ${canaries.total}, ${canaries.email}`,
];

const start = () => cage.start(IN_PROCESS[1], cage.database.config, { queue: events });

test("an order leaves no trace outside its table: stored, delivered again, with undeclared fields, beside logins", async () => {
  const lambda = await start();
  const odd = { customer: customer({ [canaries.email]: canaries.phone, name: canaries.color }), [canaries.color]: 1 };
  const bodies = [canaryOrder(), canaryOrder(odd), canaryOrder(odd), canaryLogin(cage.canaries, { type: "login" })];
  const records = bodies.map((body) => record(body));
  for (const _delivery of [1, 2]) expect(await lambda.invoke(records)).toEqual([]);
  expect(await cage.database.rows("SELECT DISTINCT total, ledger_no FROM orders")).toEqual([
    { total: canaries.total, ledger_no: canaries.ledgerNo },
  ]);
  const { output, log } = await cage.open();
  expect(output).toContain('"customer.name"');
  expect(log).toContain('duplicate key value violates unique constraint "orders_');
  expect(await cage.escaped(canaries)).toEqual([]);
});

test("a bad order of each sort leaves no trace", async () => {
  const lambda = await start();
  const records = bad().map((body) => record(body));
  expect((await lambda.invoke(records)).length).toBe(records.length);
  const { rejections } = await cage.open();
  for (const word of ["customer.email", "customer.phone", "attributes", "no_pipeline", "not_allowed", "out_of_range"])
    expect(rejections).toContain(word);
  expect(await cage.escaped(canaries)).toEqual([]);
});

test.each([
  ["a check refuses a row", "ALTER TABLE orders ADD CONSTRAINT guard CHECK (total < 1)", "guard"],
  ["a column has become too narrow for its numbers", "ALTER TABLE orders ALTER total TYPE numeric(4, 2)", "numeric field overflow"],
  ["a column is gone", "ALTER TABLE orders DROP attributes", 'column "attributes"'],
])("if %s, the order leaves no trace", async (_what, spoil, logged) => {
  const lambda = await start();
  expect(await lambda.invoke([])).toEqual([]);
  await cage.database.client.query(spoil);
  const records = [record(canaryOrder()), record(canaryLogin(cage.canaries, { type: "login" }))];
  expect(await lambda.invoke(records)).toEqual([records[0]?.messageId]);
  expect((await cage.open()).log).toContain(logged);
  expect(await cage.escaped(canaries)).toEqual([]);
});
