import { type Condition, compileCondition, type Test } from "./condition.ts";
import type { EnvelopeKind, Pipeline, PipelineMasking } from "./pipeline.ts";

/** A queue with the pipelines of its messages; a function and an SQS queue are deployed for each. */
export interface Queue {
  /** The name of the only pipeline, or that of the shared queue. */
  readonly name: string;
  /** A message belongs to the first pipeline whose `when` holds. */
  readonly pipelines: readonly Pipeline[];
  /** Messages that belong to no pipeline and are done at once; undefined if there are none. */
  readonly skips: Test | undefined;
  readonly unwrap: EnvelopeKind | undefined;
  readonly masking: PipelineMasking;
  readonly keepsDigits: boolean;
}

/** The messages that a shared queue leaves out. */
export interface Skip {
  readonly skip: Condition;
}

/** Ends the list of a shared queue: messages that hold this are done and counted as skipped. */
export function skip(condition: Condition): Skip {
  return { skip: condition };
}

/** The queue of one pipeline alone. */
export function toQueue(pipeline: Pipeline): Queue {
  const { name, unwrap, masking, keepsDigits } = pipeline;
  return { name, pipelines: [pipeline], skips: undefined, unwrap, masking, keepsDigits };
}

/**
 * Lets several pipelines share a queue: a message goes to the first whose `when` holds, and is rejected as `no_pipeline` if none does.
 * @param members the pipelines; `skip(…)` may be the last
 * @throws TypeError for a mistake, because that is a mistake in code
 */
export function shareQueue(name: string, members: readonly (Pipeline | Skip)[]): Queue {
  const fail = (what: string): never => {
    throw new TypeError(`queue ${name}: ${what}`);
  };
  if (!/^[a-z][a-z0-9-]*$/.test(name)) fail("name must be lower-case words joined by hyphens");
  const last = members.at(-1);
  const skips = last && "skip" in last ? compileCondition(`queue ${name}, skip`, last.skip) : undefined;
  const pipelines = (skips ? members.slice(0, -1) : members).map((member) =>
    "skip" in member ? fail("only the last member may be skip(…)") : member,
  );
  const [first, ...others] = pipelines;
  if (!first) return fail("at least one pipeline is needed");
  const always = pipelines.slice(0, skips ? undefined : -1).find(({ when }) => when.length === 0);
  if (always) fail(`pipeline ${always.name} takes every message, so no other gets one; give it a when, or put it last`);
  for (const other of others) {
    if (other.unwrap !== first.unwrap)
      fail(`pipelines ${first.name} and ${other.name} unwrap differently; a queue has one kind of envelope`);
    if ((other.masking === "hmac") !== (first.masking === "hmac"))
      fail(`pipelines ${first.name} and ${other.name} mask differently; a queue has one way of masking`);
  }
  return { ...toQueue(first), name, pipelines, skips, keepsDigits: pipelines.some(({ keepsDigits }) => keepsDigits) };
}
