import type { SQSRecord } from "aws-lambda";
import { formatTimestamp, parseMillis } from "../dates.ts";
import { Sensitive } from "../masking/sensitive.ts";
import { listUndeclared, readPath } from "../pipelines/path.ts";
import type { Column, Pipeline } from "../pipelines/pipeline.ts";
import type { RowKey } from "../rows/masked-row.ts";
import { type Rejection, reject } from "../rows/outcome.ts";
import { type Event, readEvent } from "./read-event.ts";
import { readValue } from "./read-value.ts";
import { findLimitBase, readKey, readSent } from "./row-key.ts";

/** A parsed message: its key is open, every other value from its body is sensitive. */
export interface Message {
  readonly kind: "message";
  readonly key: RowKey;
  /** One value for each column of the pipeline, in its order; the key's date is null, because it is in the key. */
  readonly values: Sensitive<readonly (string | null)[]>;
  /** Paths in the body that the pipeline does not declare. A name can be personal, too. */
  readonly unknownFields: Sensitive<readonly string[]>;
}

/**
 * Reads one record by its pipeline's declaration. Pure, and never throws because of a record's content.
 * @param event the record's event, if it has been read. @default it is read here
 */
export function parse(record: SQSRecord, pipeline: Pipeline, event = readEvent(record, pipeline)): Message | Rejection {
  if (event.kind === "rejected") return event;
  const sent = readSent(record, event);
  const values: (string | null)[] = [];
  for (const column of pipeline.columns) {
    const value = column === pipeline.keyDate ? null : readColumn(column, record, event, sent);
    if (typeof value === "object" && value !== null) return value;
    values.push(value);
  }
  const key = readKey(record, event, sent, pipeline);
  if ("code" in key) return key;
  return { kind: "message", key, values: new Sensitive(values), unknownFields: new Sensitive(listUndeclared(event.body, pipeline.fields)) };
}

function readColumn(column: Column, record: SQSRecord, { body }: Event, sent: number): string | null | Rejection {
  if (column.kind === "constant") return column.value;
  if (column.kind === "meta") {
    if (column.property === "messageId") return record.messageId;
    return formatTimestamp(column.property === "sent" ? sent : parseMillis(record.attributes?.ApproximateFirstReceiveTimestamp));
  }
  const value = readPath(body, column.path);
  if (value === undefined || value === null) return column.required ? reject("missing_field", column.from) : null;
  const read = readValue(value, column, findLimitBase(record, sent));
  return typeof read === "string" ? read : reject(read.code, column.from);
}
