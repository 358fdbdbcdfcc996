/**
 * Reads a handler's answer as Lambda's event source mapping does.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 * @param ids the batch's message ids
 * @returns the ids that failed: none for an empty answer, all for one that cannot be trusted
 */
export function failedIds(response: unknown, ids: ReadonlySet<string>): ReadonlySet<string> {
  let answer: unknown;
  try {
    answer = JSON.parse(JSON.stringify(response) ?? "null");
  } catch {
    return ids;
  }
  if (answer === null) return new Set();
  if (typeof answer !== "object" || Array.isArray(answer)) return ids;
  const failures: unknown = "batchItemFailures" in answer ? answer.batchItemFailures : null;
  if (failures === null) return new Set();
  if (!Array.isArray(failures)) return ids;
  const failed = new Set<string>();
  for (const failure of failures as unknown[]) {
    const id = typeof failure === "object" && failure !== null && "itemIdentifier" in failure ? failure.itemIdentifier : undefined;
    if (typeof id !== "string" || !ids.has(id)) return ids;
    failed.add(id);
  }
  return failed;
}
