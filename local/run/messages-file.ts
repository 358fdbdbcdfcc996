import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Message, MessageAttributeValue } from "@aws-sdk/client-sqs";
import { UserError } from "../terminal/errors.ts";

/** A message to be sent. */
export interface Outgoing {
  body: string;
  attributes?: Record<string, MessageAttributeValue>;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Reads messages out of a file: `.jsonl` (a body a line), `.json` (an array of bodies, or what `aws sqs receive-message` prints),
 * either also `.gz`. A line that is not JSON is a message all the same: what becomes of it is for the function to say.
 * @throws UserError naming the file and what is wrong with it; never a value
 */
export function readMessages(file: string): Outgoing[] {
  const kind = /\.(jsonl?)(?:\.gz)?$/i.exec(file)?.[1]?.toLowerCase();
  if (!kind) throw new UserError(`${file}: the name must end in .jsonl or .json, or in .jsonl.gz or .json.gz.`, 2);
  const content = readText(file);
  const messages = kind === "jsonl" ? lines(content) : entries(parsed(content, file), file);
  if (messages.length === 0) throw new UserError(`${file} holds no messages.`, 2);
  return messages;
}

/** A text file, unpacked where its name ends in `.gz`. */
export function readText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new UserError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, 2);
  }
  const unpacked = /\.gz$/i.test(file) ? unpack(bytes, file) : bytes;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(unpacked);
  } catch {
    throw new UserError(`${file} is not UTF-8 text.`, 2);
  }
}

function unpack(bytes: Buffer, file: string): Buffer {
  try {
    return gunzipSync(bytes);
  } catch {
    throw new UserError(`${file} is not a whole gzip file.`, 2);
  }
}

/** JSON, or a sentence that names the file. The text of JSON.parse's error quotes the content, so it is left out. */
export function parsed(content: string, file: string): unknown {
  try {
    return JSON.parse(content.replace(/^\uFEFF/, ""));
  } catch {
    throw new UserError(`${file} is not JSON.`, 2);
  }
}

function lines(content: string): Outgoing[] {
  const bodies = content.replace(/^\uFEFF/, "").split(/\r?\n/);
  return bodies.filter((line) => line.trim() !== "").map((body) => ({ body }));
}

function entries(content: unknown, file: string): Outgoing[] {
  if (Array.isArray(content))
    return content.map((body: unknown, i) => ({
      body: nonEmpty(typeof body === "string" ? body : JSON.stringify(body), `${file}: element ${i + 1}`),
    }));
  const messages: unknown = typeof content === "object" && content !== null && "Messages" in content ? content.Messages : undefined;
  if (Array.isArray(messages)) return messages.map((message: Message | null, i) => received(message, `${file}: message ${i + 1}`));
  throw new UserError(`${file} holds neither an array of bodies nor what \`aws sqs receive-message\` prints ({"Messages": [...]}).`, 2);
}

/** A message that was received elsewhere takes its first id and time along, so that sending it twice stores it once. */
function received(message: Message | null, where: string): Outgoing {
  if (typeof message?.Body !== "string") throw new UserError(`${where} has no Body.`, 2);
  const attributes = Object.fromEntries(
    Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [name, attribute(value, where)]),
  );
  const first = (name: string, value: string | undefined, isValid: RegExp) => {
    if (value && isValid.test(value)) attributes[name] ??= { DataType: "String", StringValue: value };
  };
  first("masqueue-id", message.MessageId, UUID);
  first("masqueue-sent", message.Attributes?.SentTimestamp, /^\d+$/);
  return { body: nonEmpty(message.Body, where), attributes };
}

/** The command line prints binary values in base64. */
function attribute(value: MessageAttributeValue | null, where: string): MessageAttributeValue {
  if (typeof value?.DataType !== "string") throw new UserError(`${where} has a message attribute without a DataType.`, 2);
  const { BinaryValue } = value as { BinaryValue?: unknown };
  return typeof BinaryValue === "string" ? { ...value, BinaryValue: Buffer.from(BinaryValue, "base64") } : value;
}

function nonEmpty(body: string, where: string): string {
  if (body === "") throw new UserError(`${where} is empty; SQS takes no empty message.`, 2);
  return body;
}
