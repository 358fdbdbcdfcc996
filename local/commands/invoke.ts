import type { SQSEvent } from "aws-lambda";
import { IngestError } from "../../lambda/errors.ts";
import { isObject } from "../../lambda/pipelines/path.ts";
import { createContext } from "../emulators/sqs-event.ts";
import * as errors from "../errors.ts";
import { parseJson, readText } from "../files.ts";
import { createContainer, findQueue, openMasking } from "../run/container.ts";
import { RunTotals } from "../run/totals.ts";
import { resolveDataDir } from "../targets/data-dir.ts";
import { migrateTarget, openRequiredPostgres } from "../targets/postgres.ts";
import { confirmTargets } from "../terminal/confirm.ts";
import { checkInterrupted, interruptible } from "../terminal/signals.ts";

/** Invokes the function once with an event from a file; the response goes to stdout, all else to stderr. @returns the exit code */
export async function invoke(file: string, options: { env: boolean; yes: boolean; data?: string; pipeline: string }): Promise<number> {
  const event = readEvent(file);
  const queue = findQueue(options.pipeline);
  const dataDir = resolveDataDir(options.data);
  await using postgres = await openRequiredPostgres(dataDir, options.env);
  console.error(`Postgres   ${postgres.label}`);
  checkInterrupted();
  await confirmTargets([postgres], options.yes);
  if (postgres.isEmbedded) await migrateTarget(postgres);
  const totals = new RunTotals();
  await using container = createContainer(queue, postgres, openMasking(queue, postgres, dataDir), totals);
  const response = await interruptible(container.handler(event, createContext())).catch((error: unknown) => {
    throw error instanceof IngestError ? errors.failedInvocation(error.message) : error;
  });
  for (const { messageId, code, field } of totals.rejections) console.error(`Rejected   ${messageId} ${code}${field ? ` (${field})` : ""}`);
  const failure = totals.takeFailure();
  if (failure) console.error(`Failed     ${failure.message}`);
  console.log(JSON.stringify(response, null, 2));
  return 0;
}

/** @throws UserError with exit code 2 if the file is not an SQS event */
function readEvent(file: string): SQSEvent {
  const event = parseJson(readText(file), file);
  if (!isObject(event) || !Array.isArray(event.Records)) throw errors.noRecords(file);
  for (const [i, record] of (event.Records as unknown[]).entries()) {
    for (const field of ["messageId", "body"])
      if (!isObject(record) || typeof record[field] !== "string") throw errors.incompleteRecord(file, i + 1, field);
  }
  return { Records: event.Records };
}
