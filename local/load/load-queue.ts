import type { Queue } from "../../lambda/pipelines/queue.ts";

/** The queue as lines are loaded into it: a line has no producer's event-id, for whose sake the function would expect duplicates and be slower. */
export function toLoadQueue(queue: Queue): Queue {
  return { ...queue, pipelines: queue.pipelines.map((pipeline) => ({ ...pipeline, once: "message-id" })) };
}
