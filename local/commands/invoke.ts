import type { SQSEvent } from "aws-lambda";
import { contextFor } from "../emulators/sqs-event.ts";
import { localContainer, localMasking, localPipeline } from "../run/container.ts";
import { parsed, readText } from "../run/messages-file.ts";
import { RunTotals } from "../run/totals.ts";
import { dataDirAt } from "../targets/data-dir.ts";
import { migrateTarget, openNamedPostgres } from "../targets/open.ts";
import { confirmTargets } from "../terminal/confirm.ts";
import { UserError } from "../terminal/errors.ts";
import { checkInterrupted, interruptible } from "../terminal/signals.ts";

const TIMEOUT = 30_000;

/** Runs the handler once with an event from a file; the response goes to stdout, all else to stderr. */
export async function invoke(file: string, options: { env: boolean; yes: boolean; data?: string; pipeline: string }): Promise<number> {
  const event = readEvent(file);
  const pipeline = localPipeline(options.pipeline);
  const home = dataDirAt(options.data);
  const postgres = await openNamedPostgres(home, options.env);
  try {
    console.error(`Postgres   ${postgres.label}`);
    checkInterrupted();
    await confirmTargets([postgres], options.yes);
    if (postgres.isEmbedded) await migrateTarget(postgres);
    const tally = new RunTotals();
    const container = localContainer(pipeline, postgres, localMasking(pipeline, home, postgres), tally);
    try {
      const response = await interruptible(container.handler(event, contextFor(TIMEOUT)));
      for (const { messageId, code, field } of tally.rejections)
        console.error(`Rejected   ${messageId} ${code}${field ? ` (${field})` : ""}`);
      console.log(JSON.stringify(response, null, 2));
      return 0;
    } catch (error) {
      throw tally.failure ? new UserError(`The invocation failed: ${tally.failure.message}`) : error;
    } finally {
      await container.close();
    }
  } finally {
    await postgres.close();
  }
}

/** @throws UserError with exit code 2 where the file is not an SQS event */
function readEvent(file: string): SQSEvent {
  const event = parsed(readText(file), file);
  const records: unknown = typeof event === "object" && event !== null && "Records" in event ? event.Records : undefined;
  if (!Array.isArray(records)) throw new UserError(`${file} is not an SQS event: it needs a list Records.`, 2);
  for (const [i, record] of (records as unknown[]).entries()) {
    for (const field of ["messageId", "body"]) {
      const value: unknown = typeof record === "object" && record !== null ? (record as Record<string, unknown>)[field] : undefined;
      if (typeof value !== "string") throw new UserError(`${file} is not an SQS event: record ${i + 1} has no ${field}.`, 2);
    }
  }
  return event as SQSEvent;
}
