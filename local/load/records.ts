import type { SQSRecord } from "aws-lambda";
import { readEvent } from "../../lambda/ingest/read-event.ts";
import { holds } from "../../lambda/pipelines/condition.ts";
import { type Path, readPath } from "../../lambda/pipelines/path.ts";
import type { Queue } from "../../lambda/pipelines/queue.ts";
import { type Rejection, reject } from "../../lambda/rows/outcome.ts";
import { toSqsRecord } from "../emulators/sqs-event.ts";
import type { Line } from "./line.ts";
import { toLineId, toValueId } from "./line-ids.ts";

/** Why a line is not stored. `wrong_cells`: a record of a CSV file has not as many cells as the header. */
export type LineRejection = Omit<Rejection, "code"> & { readonly code: Rejection["code"] | "wrong_cells" };

/** What the messages of a file have in common. */
export interface Origin {
  /** The name of the file, without its folder and `.gz`. */
  readonly name: string;
  readonly queue: Queue;
  /** The field whose value identifies a line. @default the name of the file and the line's number identify it */
  readonly id?: Path | undefined;
  /** The time at which all lines were sent, in milliseconds since 1970. @default unknown */
  readonly sent?: number | undefined;
}

/** Makes the messages of a batch, line by line. @param mayBeStored whether lines near these were stored by an earlier run */
export function createRecordMaker({ name, queue, id, sent }: Origin, mayBeStored: boolean): (line: Line) => SQSRecord | LineRejection {
  const Attributes = {
    ApproximateReceiveCount: mayBeStored ? "2" : "1",
    ApproximateFirstReceiveTimestamp: String(Date.now()),
    SentTimestamp: sent === undefined ? "" : String(sent),
  };
  const common = toSqsRecord({ Attributes }, "");
  return ({ number, body }) => {
    if (body === undefined) return { ...reject("not_json"), code: "wrong_cells" };
    const record = { ...common, messageId: toLineId(name, number), body };
    return id ? addValueId(record, queue, id) : record;
  };
}

/** The value's id is that of the row, as if the message had been redriven. */
function addValueId(record: SQSRecord, queue: Queue, id: Path): SQSRecord | LineRejection {
  const event = readEvent(record, { unwrap: queue.unwrap, keepsDigits: true });
  if (event.kind === "rejected") return event;
  const value = readPath(event.body, id) ?? "";
  const text = JSON.isRawJSON(value) ? value.rawJSON : value;
  if (text === "") return reject("missing_field", id.join("."));
  if (typeof text !== "string" && typeof text !== "number") return reject("wrong_type", id.join("."));
  const pipeline = queue.pipelines.find(({ when }) => holds(when, event.body)) ?? queue;
  const stringValue = toValueId(pipeline.name, String(text));
  const attribute = { stringValue, stringListValues: [], binaryListValues: [], dataType: "String" };
  return { ...record, messageAttributes: { "masqueue-id": attribute } };
}
