import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import { SMOKE_ATTRIBUTE } from "../../lambda/ingest/event.ts";
import { isObject } from "../../lambda/pipelines/path.ts";
import * as errors from "../errors.ts";
import { parseJson, readText } from "../files.ts";

/** A message to be sent. */
export interface Outgoing {
  body: string;
  attributes?: Record<string, MessageAttributeValue>;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Reads messages from a file: `.jsonl` (a body per line), `.json` (a body, an array of bodies, or the output of `aws sqs receive-message`),
 * either also `.gz`. A line that is not JSON is a message, too: the function rejects it.
 * @throws UserError with the file and what is wrong with it; never a value
 */
export function readMessages(file: string): Outgoing[] {
  const type = /\.(jsonl?)(?:\.gz)?$/i.exec(file)?.[1]?.toLowerCase();
  if (!type) throw errors.unknownFileType(file);
  const content = readText(file);
  const messages = type === "jsonl" ? toLines(content) : toMessages(parseJson(content, file), file);
  if (messages.length === 0) throw errors.noMessages(file);
  return messages;
}

function toLines(content: string): Outgoing[] {
  const bodies = content.replace(/^\uFEFF/, "").split(/\r?\n/);
  return bodies.filter((line) => line.trim() !== "").map((body) => ({ body }));
}

function toMessages(content: unknown, file: string): Outgoing[] {
  if (Array.isArray(content)) {
    const bodies = content.map((body: unknown) => (typeof body === "string" ? body : JSON.stringify(body)));
    return bodies.map((body, i) => ({ body: nonEmpty(body, `${file}: element ${i + 1}`) }));
  }
  if (isEvent(content)) return [{ body: JSON.stringify(content) }];
  if (!isObject(content) || !Array.isArray(content.Messages)) throw errors.notMessages(file);
  return content.Messages.map((message: unknown, i) => toOutgoing(message, `${file}: message ${i + 1}`));
}

/** Whether an object is a body, like the sample of a pipeline: not the output of a tool, and not empty. */
function isEvent(content: unknown): boolean {
  return isObject(content) && Object.keys(content).length > 0 && !("Messages" in content) && !("Records" in content);
}

function toOutgoing(message: unknown, where: string): Outgoing {
  if (!isObject(message) || typeof message.Body !== "string") throw errors.noBody(where);
  const { MessageId, Body, Attributes, MessageAttributes } = message;
  const attributes = Object.fromEntries(Object.entries(MessageAttributes ?? {}).map(([name, value]) => [name, toAttribute(value, where)]));
  const sent = isObject(Attributes) ? Attributes.SentTimestamp : undefined;
  return { body: nonEmpty(Body, where), attributes: addOrigin(attributes, MessageId, sent) };
}

type Attributes = Record<string, MessageAttributeValue>;

/** What SQS allows. */
const MAX_ATTRIBUTES = 10;
const ORIGIN: readonly string[] = ["masqueue-id", "masqueue-sent"];
/** Other attributes that the function reads. */
const READ: readonly string[] = ["event-id", "event-time", SMOKE_ATTRIBUTE];

/**
 * Adds the first id and time of a message that was received before, so that sending it again stores it once, with its date. If it has
 * them already, they stay. If there are too many attributes, the last of those that the function does not read make room.
 */
export function addOrigin(attributes: Attributes, id: unknown, sent: unknown): Attributes {
  const origin: Attributes = {};
  const keep = (name: string, value: unknown, format: RegExp) => {
    if (attributes[name]) origin[name] = attributes[name];
    else if (typeof value === "string" && format.test(value)) origin[name] = { DataType: "String", StringValue: value };
  };
  keep("masqueue-id", id, UUID);
  keep("masqueue-sent", sent, /^\d+$/);
  const others = Object.entries(attributes).filter(([name]) => !ORIGIN.includes(name));
  const [read, unread] = [others.filter(([name]) => READ.includes(name)), others.filter(([name]) => !READ.includes(name))];
  const room = MAX_ATTRIBUTES - Object.keys(origin).length;
  return { ...Object.fromEntries([...read, ...unread].slice(0, room)), ...origin };
}

/** The command line of AWS prints binary values in base64. */
function toAttribute(value: unknown, where: string): MessageAttributeValue {
  if (!isObject(value) || typeof value.DataType !== "string") throw errors.noDataType(where);
  const { DataType, BinaryValue } = value;
  return typeof BinaryValue === "string" ? { ...value, DataType, BinaryValue: Buffer.from(BinaryValue, "base64") } : { ...value, DataType };
}

function nonEmpty(body: string, where: string): string {
  if (body === "") throw errors.emptyMessage(where);
  return body;
}
