import { createHmac } from "node:crypto";
import type { Cell } from "./compare.ts";
import { createRandom, type Random } from "./random.ts";

/** A message with its result, which this file computes without the function's code. */
export interface Planned {
  readonly body: string;
  /** Message attributes of type String. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Sent a second time, as by a producer's retry or a redrive. */
  readonly isTwice: boolean;
  /** Its row, or the reason of its rejection as `code field sqlstate`. */
  readonly expected: PlannedRow | string;
}

interface PlannedRow {
  readonly table: string;
  /** The row's `message_id`, if the message names it; undefined if it is the id that SQS gives. */
  readonly id: string | undefined;
  readonly cells: Readonly<Record<string, Cell>>;
}

/** A cell that is known only when the message is sent. */
export const SENT_DAY = "the day of sending";

/** The master key of the masks. */
export const SECRET = Buffer.alloc(32, 11);

/** Constraints that refuse some rows. */
export const CONSTRAINTS = [
  "ALTER TABLE user_logins ADD CONSTRAINT no_fax CHECK (device_type <> 'fax')",
  "ALTER TABLE payments ADD CONSTRAINT not_thirteen CHECK (quantity <> 13)",
];

/** Changes that make a message invalid, each with the reason. The text is the whole body. */
type Fault = readonly [change: Readonly<Record<string, unknown>> | string, reason: string];
const BROKEN: readonly Fault[] = [
  ["{", "not_json - -"],
  ["[]", "not_an_object - -"],
];
const FAULTS: Readonly<Record<string, readonly Fault[]>> = {
  user_logins: [
    ...BROKEN,
    [{ user_id: null }, "missing_field user_id -"],
    [{ locale: "x".repeat(33) }, "too_long locale -"],
    [{ device_id: 7 }, "wrong_type device_id -"],
    [{ user_id: "a\0b" }, "nul_character user_id -"],
    [{ create_date: "2026-02-30" }, "bad_date create_date -"],
    [{ device_type: "fax" }, "refused_by_database - 23514"],
    [{ device_type: "fax" }, "refused_by_database - 23514"],
  ],
  payments: [
    ...BROKEN,
    [{ quantity: 1001 }, "out_of_range quantity -"],
    [{ total: "1.234" }, "out_of_range total -"],
    [{ payment_id: "7" }, "wrong_type payment_id -"],
    [{ quantity: 13 }, "refused_by_database - 23514"],
    [{ quantity: 13 }, "refused_by_database - 23514"],
  ],
};

/** Texts that stand in messages only: each user, device, e-mail, locale and address begins with one of them. */
export function plantCanaries(seed: number) {
  const random = createRandom(seed, "canaries");
  // Letters that are not hexadecimal digits, so that no id or token can look like the word.
  const word = Array.from({ length: 9 }, () => random.pick([..."ghjkmnpqrstvwxyz"])).join("");
  const octet = () => 100 + random.below(100);
  return { word, network: `${octet()}.${octet()}.`, network6: `fd9b:${random.hex(4)}` };
}

type Canaries = ReturnType<typeof plantCanaries>;
type Draft = Pick<Planned, "attributes"> & { readonly body: Readonly<Record<string, unknown>>; readonly expected: PlannedRow };

/** Plans the i-th message of a seed. */
export function planMessage(seed: number, i: number, canaries: Canaries): Planned {
  const random = createRandom(seed, `message ${i}`);
  const { body, attributes, expected } = random.oneIn(3) ? draftPayment(i, random, canaries) : draftLogin(i, random, canaries);
  if (random.oneIn(120)) {
    const [change, reason] = random.pick(FAULTS[expected.table] ?? []);
    const text = typeof change === "string" ? change : write({ ...body, ...change });
    return { body: text, attributes, isTwice: false, expected: reason };
  }
  return { body: write(body), attributes, isTwice: expected.id !== undefined && random.oneIn(10), expected };
}

/** The embedded SQS server refuses characters beyond U+FFFF, so they are escaped. */
function write(body: object): string {
  return JSON.stringify(body).replace(/[\ud800-\udfff]/g, (half) => `\\u${half.charCodeAt(0).toString(16)}`);
}

function draftLogin(i: number, random: Random, { word, network, network6 }: Canaries): Draft {
  const [day, isDated, number, byte] = [drawDay(random), random.oneIn(2), random.below(5000), random.below(256)];
  const id = random.oneIn(3) ? drawUuid(random) : undefined;
  const [ip, maskedIp] = random.pick([
    [`${network}7.${byte}`, maskAddress([...MAPPED, ...network.split(".", 2).map(Number), 7, byte])],
    [`${network6.toUpperCase()}::${byte.toString(16)}`, maskAddress([...Buffer.from(network6.replace(":", ""), "hex"), ...ZEROS, byte])],
    [`${word}.${byte}`, maskText("ip", `${word}.${byte}`)],
    [null, null],
  ] as const);
  const [version, storedVersion] = random.pick([
    ["2.3.0", "2.3.0"],
    [2.5, "2.5"],
    [undefined, null],
  ] as const);
  // Characters that JSON and COPY escape.
  const [userId, locale, deviceType] = [`${word}"\\é🦊\t\n${i}`, `${word}_${byte}`, random.pick(["iOS", "\\N", null])];
  return {
    body: {
      ...{ user_id: userId, ip, device_id: ` ${word}-${number} `, locale, device_type: deviceType, app_version: version },
      ...(isDated && { create_date: spellDay(day, random) }),
      ...(random.oneIn(10) && { nickname: word }),
    },
    attributes: { ...(id && { "masqueue-id": id.toUpperCase() }), ...(id && !isDated && { "masqueue-sent": String(Date.parse(day)) }) },
    expected: {
      ...{ table: "user_logins", id },
      cells: {
        ...{ user_id: userId, device_type: deviceType, masked_ip: maskedIp, masked_device_id: maskText("device_id", `${word}-${number}`) },
        ...{ locale, app_version: storedVersion, create_date: id || isDated ? day : SENT_DAY },
      },
    },
  };
}

function draftPayment(i: number, random: Random, { word }: Canaries): Draft {
  const [day, number, quantity, second] = [drawDay(random), random.below(5000), random.below(13), random.below(10)];
  const [id, paymentId, total] = [
    random.oneIn(5) ? undefined : `payment:${i}`,
    drawUuid(random),
    random.pick([null, "0.5", "9999999999.99"]),
  ];
  return {
    body: {
      ...{ type: "payment", payment_id: paymentId.toUpperCase(), customer: { email: `${word}@${number}` }, device_id: `${word}-${number}` },
      ...{ quantity, total, at: `${day}T12:00:0${second}Z`, channel: "shop" },
    },
    attributes: id ? { "event-id": id } : {},
    expected: {
      ...{ table: "payments", id },
      cells: {
        ...{ payment_id: paymentId, masked_email: maskText("email", `${word}@${number}`), quantity: String(quantity) },
        ...{ masked_device_id: maskText("device_id", `${word}-${number}`), total: total === "0.5" ? "0.50" : total },
        ...{ paid_at: `${day} 12:00:0${second}+00`, paid_on: day },
        // Only the later version of the code has this column.
        channel: [null, "shop"],
      },
    },
  };
}

/** Digits of a token. */
const TOKEN_DIGITS = 32;
const [ADDRESS, TEXT] = [1, 2];
/** The first bytes of an IPv4 address among IPv6 addresses, and the middle of a short IPv6 address. */
const MAPPED = [...Array<number>(10).fill(0), 255, 255];
const ZEROS = Array<number>(11).fill(0);

const maskAddress = (bytes: readonly number[]) => maskBytes("ip", [ADDRESS, ...bytes]);
const maskText = (identifier: string, text: string) => maskBytes(identifier, [TEXT, ...Buffer.from(text)]);

function maskBytes(identifier: string, bytes: readonly number[]): string {
  const key = createHmac("sha256", SECRET).update(`masqueue|v1|main|${identifier}`).digest();
  return `v1.${createHmac("sha256", key).update(Buffer.from(bytes)).digest("hex").slice(0, TOKEN_DIGITS)}`;
}

const FIRST_DAY = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;

function drawDay(random: Random): string {
  return new Date(FIRST_DAY + random.below(60) * DAY).toISOString().slice(0, 10);
}

/** A text whose day in UTC is this one. */
function spellDay(day: string, random: Random): string {
  const next = new Date(Date.parse(day) + DAY).toISOString().slice(0, 10);
  return random.pick([day, `${day}T23:59:59.999Z`, `${next}T01:00:00+02:00`]);
}

function drawUuid(random: Random): string {
  return [8, 4, 4, 4, 12].map((digits) => random.hex(digits)).join("-");
}
