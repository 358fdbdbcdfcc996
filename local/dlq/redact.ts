import { isObject } from "../../lambda/pipelines/path.ts";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";

const REDACTED = "[redacted]";

/**
 * Copies a body and keeps only what the pipeline stores unmasked. A field that no column reads may be personal, too, and so may the
 * members of an object that stands in the place of a text.
 * @param pipeline undefined for a message of no pipeline: nothing is kept
 */
export function redact(body: object, pipeline: Pipeline | undefined): unknown {
  const shown = new Set<string>();
  for (const column of pipeline?.columns ?? []) {
    if (column.kind === "json") for (const member of column.pick) shown.add([...column.path, member].join("\0"));
    else if (column.kind !== "masked") shown.add(column.path.join("\0"));
  }
  for (const { path } of pipeline?.when ?? []) shown.add(path.join("\0"));
  for (const column of pipeline?.columns ?? []) if (column.kind === "masked") shown.delete(column.path.join("\0"));
  return copy(body, [], shown);
}

function copy(value: unknown, path: readonly string[], shown: ReadonlySet<string>): unknown {
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copy(member, [...path, name], shown)]));
  if (value === null) return null;
  return !Array.isArray(value) && shown.has(path.join("\0")) ? value : REDACTED;
}
