import type { SQSEvent } from "aws-lambda";
import { type MaskedRow, mask } from "../../lambda/ingest/mask.ts";
import type { Message } from "../../lambda/ingest/message.ts";
import { parse } from "../../lambda/ingest/parse.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { tokenize } from "./masks.ts";

/** The function's first two stages alone: records in, masked rows out, in the records' order. What is rejected is left out. */
export function maskAll({ Records }: SQSEvent): MaskedRow[] {
  return [...maskLazily(messagesOf(Records))];
}

/** As {@link maskAll}, each row when it is asked for and in the order of the table's key. */
export function maskInKeyOrder({ Records }: SQSEvent): Iterable<MaskedRow> {
  return maskLazily(messagesOf(Records).sort((a, b) => (keyText(a) < keyText(b) ? -1 : 1)));
}

function messagesOf(records: SQSEvent["Records"]): Message[] {
  return records.map((record, i) => parse(record, i, userLogins)).filter((result) => result.kind === "message");
}

function* maskLazily(messages: readonly Message[]): Generator<MaskedRow> {
  for (const message of messages) yield mask(message, userLogins, tokenize);
}

function keyText({ key }: Message): string {
  return `${key.date} ${key.id}`;
}
