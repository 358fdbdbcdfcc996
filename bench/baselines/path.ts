import type { SQSEvent } from "aws-lambda";
import type { MaskedRow } from "../../lambda/ingest/mask.ts";
import { type RecordOutcome, reportOf, responseOf } from "../../lambda/ingest/report.ts";
import { telemetry } from "../../lambda/telemetry.ts";
import { contextFor } from "../../local/emulators/sqs-event.ts";
import { maskInKeyOrder } from "../support/path.ts";

/** Writes rows and commits them. @returns how many were stored */
export type Write = (rows: Iterable<MaskedRow>) => Promise<number>;

const STORED: RecordOutcome = { kind: "stored" };
const NO_DRIFT = { count: 0, names: [] };

/**
 * The function's path with another way of writing: parse, mask, write, log line, metrics and response. What it leaves out speaks for it:
 * no second try, no way to find a bad row, no look at fields that nobody declared.
 */
export function pathWith(write: Write): (event: SQSEvent) => Promise<void> {
  const reporter = telemetry("rival");
  return async (event) => {
    const { Records } = event;
    reporter.begin(contextFor(0));
    const began = Date.now();
    const stored = await write(maskInKeyOrder(event));
    const committed = Date.now();
    const outcomes = Records.map(() => STORED);
    const report = reportOf("rival", Records, outcomes, { unknownFields: NO_DRIFT, maskedAsText: 0, committed });
    reporter.batch({ ...report, batchTime: committed - began });
    const { batchItemFailures } = responseOf(report);
    if (stored !== Records.length || batchItemFailures.length > 0) throw new Error(`${stored} of ${Records.length} rows were stored.`);
  };
}
