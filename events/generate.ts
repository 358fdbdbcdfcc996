import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes the samples of this folder, the same ones for the same seed: `npm run events`. All values are invented. */
const SEED = 20_260_301;

/** A small generator of even numbers below 1 (mulberry32), so that samples do not change from run to run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomFrom(SEED);
const below = (limit: number) => Math.floor(random() * limit);
const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;
const hex = (digits: number) => Array.from({ length: digits }, () => below(16).toString(16)).join("");
const times = <T>(count: number, make: () => T) => Array.from({ length: count }, make);

const uuid = () => `${hex(8)}-${hex(4)}-4${hex(3)}-${pick(["8", "9", "a", "b"])}${hex(3)}-${hex(12)}`;
const device = () => `${100 + below(900)}-${10 + below(90)}-${1000 + below(9000)}`;
// Addresses of the ranges for documentation, so that no sample names a real device.
const ipv4 = () => `${pick(["192.0.2", "198.51.100", "203.0.113"])}.${1 + below(254)}`;
const ipv6 = () => `2001:db8:${hex(4)}::${hex(4)}`;

const users = times(90, uuid);
const sharedDevices = times(12, device);
const sharedAddresses = times(10, ipv4);

interface Login {
  user_id: string;
  app_version: string;
  device_type: string;
  ip: string;
  locale: string | null;
  device_id: string;
  create_date?: string;
}

function login(): Login {
  const day = `2026-03-0${1 + below(5)}`;
  return {
    user_id: pick(users),
    app_version: pick(["0.3.7", "1.0.3", "2.0.8", "2.3.0", "2.3.1", "4.1.6"]),
    device_type: pick(["android", "iOS"]),
    ip: random() < 0.25 ? pick(sharedAddresses) : random() < 0.2 ? ipv6() : ipv4(),
    locale: random() < 0.3 ? null : pick(["RU", "US", "DE", "FR", "NL", "BR", "JP"]),
    device_id: random() < 0.3 ? pick(sharedDevices) : device(),
    ...(random() < 0.5 && { create_date: random() < 0.5 ? day : `${day}T${String(below(24)).padStart(2, "0")}:15:00Z` }),
  };
}

const ODD = [
  { foo: "oops_wrong_msg_type", bar: "123" },
  { type: "heartbeat", at: "2026-03-02T08:00:00Z" },
];

const SENT = Date.UTC(2026, 2, 1, 12);

function record(body: unknown, attributes: Record<string, string> = {}) {
  return {
    messageId: uuid(),
    receiptHandle: "sample",
    body: typeof body === "string" ? body : JSON.stringify(body),
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: String(SENT),
      SenderId: "sample",
      ApproximateFirstReceiveTimestamp: String(SENT + 5),
      ...attributes,
    },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:login-queue",
    awsRegion: "us-east-1",
  };
}

/** The ten messages of batch.json; README.md describes each. */
const mixed: unknown[] = [
  login(),
  { ...login(), locale: null },
  { ...login(), ip: "::FFFF:192.0.2.7" },
  { ...login(), ip: " 192.0.2.7 " },
  { ...login(), app_version: 2.3, campaign: "spring" },
  { ...login(), ip: "", device_id: null },
  ODD[0],
  '{"user_id": "cut off',
  { ...login(), create_date: "2026-02-30" },
  { ...login(), locale: "a locale that is far too long for its column" },
];

const logins: unknown[] = times(198, login);
logins.splice(61, 0, ODD[0]);
logins.splice(140, 0, ODD[1]);

const write = (name: string, text: string) => writeFileSync(join(import.meta.dirname, name), text);
const event = (...records: unknown[]) => `${JSON.stringify({ Records: records }, null, 2)}\n`;
const once = record(login());
write("login.json", event(record(login())));
write("batch.json", event(...mixed.map((body) => record(body))));
write(
  "redelivery.json",
  event(once, { ...once, receiptHandle: "sample-2", attributes: { ...once.attributes, ApproximateReceiveCount: "2" } }),
);
write("logins.jsonl", `${logins.map((body) => JSON.stringify(body)).join("\n")}\n`);
