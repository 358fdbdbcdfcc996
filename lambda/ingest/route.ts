import type { SQSRecord } from "aws-lambda";
import { holds } from "../pipelines/condition.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import type { Queue } from "../pipelines/queue.ts";
import { type Outcome, reject, SKIPPED } from "../rows/outcome.ts";
import { type Event, readEvent } from "./read-event.ts";

/** The records of a batch that belong to one pipeline. */
export interface Share {
  readonly pipeline: Pipeline;
  readonly records: SQSRecord[];
  /** The event of each record; empty if none was read to find the pipeline. */
  readonly events: Event[];
}

/** The records of a batch that belong to no pipeline, with their outcomes. */
export interface Unrouted {
  readonly records: SQSRecord[];
  readonly outcomes: Outcome[];
}

/**
 * Gives each record to the first pipeline whose `when` holds. Pure. The bodies stay unread if the queue has one pipeline that takes every
 * message: they are then read one by one, while earlier rows are on their way to the database.
 */
export function route(records: readonly SQSRecord[], queue: Queue): { shares: readonly Share[]; unrouted: Unrouted } {
  const shares = queue.pipelines.map((pipeline): Share => ({ pipeline, records: [], events: [] }));
  const unrouted: Unrouted = { records: [], outcomes: [] };
  const [only, ...others] = shares;
  if (only && others.length === 0 && only.pipeline.when.length === 0) return { shares: [{ ...only, records: [...records] }], unrouted };

  for (const record of records) {
    const event = readEvent(record, queue);
    const share = event.kind === "event" ? shares.find(({ pipeline }) => holds(pipeline.when, event.body)) : undefined;
    if (share && event.kind === "event") {
      share.records.push(record);
      share.events.push(event);
    } else {
      unrouted.records.push(record);
      unrouted.outcomes.push(settleUnrouted(event, queue));
    }
  }
  return { shares: shares.filter((share) => share.records.length > 0), unrouted };
}

function settleUnrouted(event: ReturnType<typeof readEvent>, { skips }: Queue): Outcome {
  if (event.kind === "rejected") return event;
  return skips && holds(skips, event.body) ? SKIPPED : reject("no_pipeline");
}
