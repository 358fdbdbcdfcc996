import type { SQSEvent } from "aws-lambda";
import { confirmTargets } from "../confirm.ts";
import { localContainer, localMasterKey, localPipeline } from "../handler.ts";
import { checkInterrupted, interruptible } from "../interrupt.ts";
import { parsed, readText } from "../messages-file.ts";
import { homeAt } from "../services/home.ts";
import { migrateTarget, openNamedPostgres } from "../services/open.ts";
import { contextFor } from "../sqs-event.ts";
import { Tally } from "../tally.ts";
import { UserError } from "../user-error.ts";

const TIMEOUT = 30_000;

/** Runs the handler once with an event from a file; the response goes to stdout, all else to stderr. */
export async function invoke(file: string, options: { env: boolean; yes: boolean; data?: string; pipeline: string }): Promise<number> {
  const event = readEvent(file);
  const pipeline = localPipeline(options.pipeline);
  const home = homeAt(options.data);
  const postgres = await openNamedPostgres(home, options.env);
  try {
    console.error(`Postgres   ${postgres.label}`);
    checkInterrupted();
    await confirmTargets([postgres], options.yes);
    if (postgres.isEmbedded) await migrateTarget(postgres);
    const tally = new Tally();
    const container = localContainer(pipeline, postgres, localMasterKey(home, postgres), tally);
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
