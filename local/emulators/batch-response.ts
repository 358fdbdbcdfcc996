import { isObject } from "../json.ts";

/**
 * Reads a handler's response as Lambda's event source mapping does.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 * @param ids the batch's message ids
 * @returns the ids that failed: none for an empty response, all for an invalid one
 */
export function readFailedIds(response: unknown, ids: ReadonlySet<string>): ReadonlySet<string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(JSON.stringify(response) ?? "null");
  } catch {
    return ids;
  }
  if (parsed !== null && !isObject(parsed)) return ids;
  const failures = parsed?.batchItemFailures ?? [];
  if (!Array.isArray(failures)) return ids;
  const failed = (failures as unknown[]).map((failure) => (isObject(failure) ? failure.itemIdentifier : undefined));
  const areValid = failed.every((id) => typeof id === "string" && ids.has(id));
  return areValid ? new Set(failed as string[]) : ids;
}
