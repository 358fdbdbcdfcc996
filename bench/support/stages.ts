import type { Frame, Stack } from "./cpu-profile.ts";

/** What a batch's time goes into, in the order of its path; what each name means in the report. */
export const STAGES = {
  reading: "JSON.parse and reading",
  masking: "canonical forms and HMAC",
  ordering: "ordering, rows kept",
  encoding: "encoding for COPY",
  sending: "socket and driver",
  report: "report and log line",
  handler: "rest of the handler",
  loop: "event loop, outside JavaScript",
  garbage: "garbage collection",
  waiting: "waiting",
} as const;

export type Stage = keyof typeof STAGES;

/** Frames that belong to a stage, as `file name`; the first that fits counts. `null`: the benchmark itself, which is no part of a batch. */
const OURS: readonly (readonly [Stage | null, RegExp])[] = [
  ["reading", /^lambda\/ingest\/(?:parse|row-key|dates|wrapped|message)\.ts /],
  ["masking", /^lambda\/(?:masking\/|ingest\/mask\.ts )/],
  ["ordering", /^lambda\/ingest\/rows\.ts /],
  ["encoding", /^lambda\/postgres\/copy\.ts (?:encodeRows?|escaped)$/],
  ["sending", /^lambda\/postgres\/|node_modules\/pg(?:-\w+)?\//],
  ["report", /^lambda\/(?:ingest\/(?:report|drift)|telemetry)\.ts /],
  ["handler", /^lambda\/|node_modules\/@middy\//],
  [null, /^(?:bench|local)\//],
];

/** What V8 says where no JavaScript runs. */
const STATES: Readonly<Record<string, Stage>> = { "(garbage collector)": "garbage", "(idle)": "waiting", "(program)": "loop" };

/** Node's own way to a socket. */
const STREAM = /^node:(?:net|internal\/(?:streams\/|stream_base_commons|js_stream_socket)|_?stream)/;

/**
 * The stage of the innermost function: its own, or, where it is native or Node's, that of the nearest caller which has one. A stream's
 * functions are the socket's, whoever writes there; unless it is the log.
 * @returns null for the benchmark itself
 */
export function stageOf(frames: readonly Frame[]): Stage | null {
  let usesStream = false;
  for (const { name, file } of frames.toReversed()) {
    const state = file === "" ? STATES[name] : undefined;
    if (state) return state;
    usesStream ||= STREAM.test(file);
    const found = OURS.find(([, pattern]) => pattern.test(`${file} ${name}`));
    if (found) return usesStream && found[0] !== "report" ? "sending" : found[0];
  }
  return usesStream ? "sending" : "loop";
}

/** Microseconds in each stage. */
export function timesOf(stacks: readonly Stack[]): Record<Stage, number> {
  const times = Object.fromEntries(Object.keys(STAGES).map((stage) => [stage, 0])) as Record<Stage, number>;
  for (const { frames, microseconds } of stacks) {
    const stage = stageOf(frames);
    if (stage) times[stage] += microseconds;
  }
  return times;
}
