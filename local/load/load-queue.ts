import { DAY, formatDay } from "../../lambda/dates.ts";
import type { DateLimit } from "../../lambda/pipelines/column-rules.ts";
import type { Column, Pipeline } from "../../lambda/pipelines/pipeline.ts";
import type { Queue } from "../../lambda/pipelines/queue.ts";

/**
 * The queue as lines are loaded into it. Lines have ids, but no time of sending: only an envelope or `--sent` gives one. Without it, limits
 * like `+1 day` count from today.
 */
export function toLoadQueue(queue: Queue, sent: number | undefined, now: number): Queue {
  const countsFromToday = sent === undefined && !queue.unwrap;
  const pipelines = queue.pipelines.map((pipeline) => {
    // A line has no producer's event-id. With `once: "event-id"`, the function would expect duplicates and be slower.
    const once = { ...pipeline, once: "message-id" as const };
    return countsFromToday ? fixLimits(once, now) : once;
  });
  return { ...queue, pipelines };
}

function fixLimits(pipeline: Pipeline, now: number): Pipeline {
  const fix = (limit: DateLimit | undefined) => (typeof limit === "number" ? (formatDay(now + limit * DAY) ?? undefined) : limit);
  const fixed = new Map(pipeline.columns.map((column) => [column, { ...column, first: fix(column.first), last: fix(column.last) }]));
  return { ...pipeline, columns: [...fixed.values()], keyDate: fixed.get(pipeline.keyDate) as Column };
}
