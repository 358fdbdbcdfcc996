import type { Profiler } from "node:inspector";
import { Session } from "node:inspector/promises";
import { pathToFileURL } from "node:url";
import { ROOT } from "../../local/targets/data-dir.ts";

/** A function on the stack. */
export interface Frame {
  readonly name: string;
  /** From the project's folder (`lambda/ingest/handler.ts`), `node:…`, or empty for what is native. */
  readonly file: string;
}

/** Functions that called each other, the outermost first, and how long the innermost one was on the processor. */
export interface Stack {
  readonly frames: readonly Frame[];
  readonly microseconds: number;
}

/** Microseconds between two looks at the stack: enough of them for a batch of ten within a second, few enough to cost some percent. */
const INTERVAL = 100;

/** Profiles this process's main thread while `work` goes on. */
export async function profileOf(work: () => Promise<void>): Promise<Stack[]> {
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.setSamplingInterval", { interval: INTERVAL });
    await session.post("Profiler.start");
    await work();
    return stacksOf((await session.post("Profiler.stop")).profile);
  } finally {
    session.disconnect();
  }
}

/** The stacks of a profile, without the profiler's own. Pure. */
export function stacksOf(
  { nodes, samples = [], timeDeltas = [] }: Profiler.Profile,
  root: string = pathToFileURL(`${ROOT}/`).href,
): Stack[] {
  const times = new Map<number, number>();
  // The time before the first sample is that of the profiler's start.
  for (let i = 1; i < samples.length; i++) {
    const id = samples[i] as number;
    times.set(id, (times.get(id) ?? 0) + Math.max(0, timeDeltas[i] ?? 0));
  }
  const callers = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)));
  return nodes.flatMap((node) => {
    const microseconds = times.get(node.id) ?? 0;
    const frames: Frame[] = [];
    // All but the last, which is the profile's `(root)`.
    for (let at = node; callers.has(at.id); at = callers.get(at.id) as Profiler.ProfileNode) frames.unshift(frameOf(at, root));
    return microseconds === 0 || frames.some(isProfiler) ? [] : [{ frames, microseconds }];
  });
}

function frameOf({ callFrame: { functionName, url } }: Profiler.ProfileNode, root: string): Frame {
  return { name: functionName || "(anonymous)", file: url.replace(root, "") };
}

function isProfiler({ file }: Frame): boolean {
  return file.startsWith("node:inspector");
}
