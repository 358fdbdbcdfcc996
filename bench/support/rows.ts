import type { SQSEvent, SQSRecord } from "aws-lambda";
import { deriveKeys, importMasterKey } from "../../lambda/masking/keys.ts";
import { createHmacTokenizer } from "../../lambda/masking/tokens.ts";
import { exact, ip } from "../../lambda/pipelines/pipeline.ts";

/** The columns of `user_logins`, in the order of a row's cells. */
export const COLUMNS = [
  "user_id",
  "device_type",
  "masked_ip",
  "masked_device_id",
  "locale",
  "app_version",
  "create_date",
  "message_id",
] as const;

/** The cells of a row, in the order of {@link COLUMNS}. */
export type Row = readonly (string | null)[];

/** The secret key of every measurement; the values that it masks are made up. */
export const SECRET = Buffer.alloc(32, 7);

export const masterKey = importMasterKey(SECRET);

const DEVICE = exact("device_id");

export const tokenize = createHmacTokenizer(await deriveKeys(masterKey, [ip.identifier, DEVICE.identifier], "main"));

// The expected rows are made with the same masks, so a wrong mask would not show. This token was computed with another implementation.
if (tokenize(ip, "1.2.3.4")?.token !== "v1.b122f09ca4f55536e00d8e023e1d9adb")
  throw new Error("The function's masks are wrong: the token of 1.2.3.4 is not the expected one.");

interface Login {
  user_id: string;
  device_type: string;
  ip: string;
  device_id: string;
  locale: string | null;
  app_version: string;
  create_date?: string;
}

/** Reads and masks a login as a baseline does: with the function's masks, and without any check of the fields. */
export function toRow({ messageId, body, attributes }: SQSRecord): Row {
  const login = JSON.parse(body) as Login;
  return [
    login.user_id,
    login.device_type,
    tokenize(ip, login.ip)?.token ?? null,
    tokenize(DEVICE, login.device_id)?.token ?? null,
    login.locale,
    login.app_version,
    login.create_date ?? new Date(Number(attributes.SentTimestamp)).toISOString().slice(0, 10),
    messageId,
  ];
}

/** The rows of an event in the order of the table's key, masked lazily. */
export function* toRows({ Records }: SQSEvent): Generator<Row> {
  for (const record of Records.toSorted((a, b) => (a.messageId < b.messageId ? -1 : 1))) yield toRow(record);
}

/** A line of COPY's text format. The made-up values need no escapes. */
export function toCopyLine(row: Row): string {
  return `${row.map((cell) => cell ?? "\\N").join("\t")}\n`;
}
