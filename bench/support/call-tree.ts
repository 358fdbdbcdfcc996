import type { Frame, Stack } from "./cpu-profile.ts";
import { type Stage, stageOf } from "./stages.ts";

/** A function called from one place, with what it called. */
export interface Call extends Frame {
  readonly stage: Stage;
  /** In it and in what it called. */
  microseconds: number;
  readonly calls: Call[];
}

/** Turns of the event loop and what the benchmark is made of, as `file name`: they only call what is looked at. */
const AROUND = /^(?:bench\/|local\/|node:(?:timers|async_hooks|internal\/(?:process\/|timers|async_hooks))| runMicrotasks$)/;

/**
 * Stacks laid on each other: who called whom, and for how long, the longest first. Waiting is left out, and so is what stands around
 * the function: a chunk that is masked in a later turn of the loop stands beside the first one.
 */
export function callTree(stacks: readonly Stack[]): Call[] {
  const top: Call[] = [];
  for (const { frames, microseconds } of stacks) {
    const stage = stageOf(frames);
    if (stage === null || stage === "waiting") continue;
    add(
      top,
      frames.filter(({ name, file }) => !AROUND.test(`${file} ${name}`)),
      microseconds,
    );
  }
  sortByTime(top);
  return top;
}

function add(top: Call[], frames: readonly Frame[], microseconds: number): void {
  let calls = top;
  for (const [i, { name, file }] of frames.entries()) {
    let call = calls.find((other) => other.name === name && other.file === file);
    if (!call) {
      call = { name, file, stage: stageOf(frames.slice(0, i + 1)) ?? "handler", microseconds: 0, calls: [] };
      calls.push(call);
    }
    call.microseconds += microseconds;
    calls = call.calls;
  }
}

function sortByTime(calls: Call[]): void {
  calls.sort((a, b) => b.microseconds - a.microseconds);
  for (const call of calls) sortByTime(call.calls);
}
