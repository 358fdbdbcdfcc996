import type { Profiler } from "node:inspector";
import { describe, expect, test } from "@jest/globals";
import { flameGraph } from "../../bench/report/flame.ts";
import { callTree } from "../../bench/support/call-tree.ts";
import { type Frame, type Stack, stacksOf } from "../../bench/support/cpu-profile.ts";
import { STAGES, stageOf, timesOf } from "../../bench/support/stages.ts";

/** `file name`, the outermost first; without a file what is native. */
const frames = (...calls: string[]): Frame[] =>
  calls.map((call) => {
    const [, file = "", name = ""] = /^(?:(\S*[/:]\S*) )?(.*)$/.exec(call) ?? [];
    return { name, file };
  });
const stack = (microseconds: number, ...calls: string[]): Stack => ({ frames: frames(...calls), microseconds });

const BENCH = "bench/support/function.ts invoke";
const HANDLER = "lambda/ingest/handler.ts ingest";
const SEND = "lambda/postgres/copy.ts #send";
const READ = "lambda/ingest/parse.ts parse";

describe("the stage of a function", () => {
  const cases: [string, keyof typeof STAGES | null, string[]][] = [
    ["is its own", "reading", [HANDLER, SEND, "lambda/ingest/rows.ts slice", READ]],
    ["tells encoding from sending, which share a file", "encoding", [SEND, "lambda/postgres/copy.ts encodeRows"]],
    ["is the nearest caller's, where it is native", "masking", [SEND, "lambda/masking/hmac.ts hex", "node:crypto hash", "oneShotDigest"]],
    ["is the nearest caller's, where it is Node's", "encoding", [SEND, "lambda/postgres/copy.ts encodeRows", "node:buffer from"]],
    ["is the driver's, in a package of pg", "sending", [SEND, "node_modules/pg-protocol/dist/serializer.js copyData"]],
    ["is the socket's, where a stream writes for us", "sending", [SEND, "node:internal/streams/writable uncork", "writev"]],
    ["is the socket's, where nobody of ours called", "sending", ["node:internal/stream_base_commons onStreamRead", "node:net read"]],
    ["is the log's, where the log writes to a stream", "report", [HANDLER, "lambda/telemetry.ts write", "node:net write", "writeBuffer"]],
    ["is the handler's, in middy", "handler", [BENCH, "node_modules/@middy/core/index.js runRequest"]],
    ["is none, where the benchmark itself computes", null, ["node:timers processImmediate", BENCH]],
    ["is garbage collection", "garbage", ["(garbage collector)"]],
    ["is waiting", "waiting", ["(idle)"]],
    ["is the event loop's, where only Node computes", "loop", ["node:internal/process/task_queues processTicksAndRejections"]],
  ];
  for (const [what, stage, calls] of cases) test(what, () => expect(stageOf(frames(...calls))).toBe(stage));
});

test("times of a stage add up, and the benchmark's own belong to none", () => {
  const times = timesOf([stack(2, HANDLER, READ), stack(3, SEND, READ, "parse"), stack(5, BENCH), stack(7, "(idle)")]);
  expect(times).toMatchObject({ reading: 5, waiting: 7, handler: 0 });
});

describe("a profile", () => {
  const node = (id: number, functionName: string, url: string, ...children: number[]): Profiler.ProfileNode => ({
    id,
    callFrame: { functionName, url, scriptId: "0", lineNumber: 0, columnNumber: 0 },
    children,
  });
  const profile: Profiler.Profile = {
    nodes: [
      node(1, "(root)", "", 2, 5),
      node(2, "ingest", "file:///project/lambda/handler.ts", 3),
      node(3, "", "file:///project/lambda/ingest/mask.ts"),
      node(5, "post", "node:inspector"),
    ],
    startTime: 0,
    endTime: 0,
    samples: [2, 3, 5, 3, 2],
    timeDeltas: [9_000, 10, 20, 40, 80],
  };

  test("is read as stacks with the time of their innermost function, without the profiler's start and its own functions", () => {
    expect(stacksOf(profile, "file:///project/")).toEqual([stack(80, HANDLER), stack(50, HANDLER, "lambda/ingest/mask.ts (anonymous)")]);
  });

  test("whose clock went back takes no time away", () => {
    expect(stacksOf({ ...profile, timeDeltas: [0, 10, 0, -5, 0] }, "file:///project/")).toEqual([
      stack(10, HANDLER, "lambda/ingest/mask.ts (anonymous)"),
    ]);
  });
});

describe("the call tree", () => {
  test("lays stacks on each other, the longest first", () => {
    const [handler, ...others] = callTree([stack(1, HANDLER), stack(2, HANDLER, READ), stack(4, HANDLER, SEND), stack(8, HANDLER, READ)]);
    expect(others).toEqual([]);
    expect(handler?.microseconds).toBe(15);
    expect(handler?.calls.map(({ name, stage, microseconds }) => [name, stage, microseconds])).toEqual([
      ["parse", "reading", 10],
      ["#send", "sending", 4],
    ]);
  });

  test("leaves out waiting, the benchmark and the loop's turns", () => {
    const tree = callTree([
      stack(1, "(idle)"),
      stack(1, BENCH),
      stack(1, "runMicrotasks", BENCH, HANDLER),
      stack(1, "node:timers x", SEND),
    ]);
    expect(tree.map(({ name, microseconds }) => [name, microseconds])).toEqual([
      ["ingest", 1],
      ["#send", 1],
    ]);
  });
});

describe("the flame graph", () => {
  const svg = flameGraph("a <batch>", callTree([stack(600, HANDLER), stack(399.9, HANDLER, READ, "<b>&"), stack(0.1, SEND)]));

  test("names each function with its file and its share, as text", () => {
    for (const shown of [
      "ingest (lambda/ingest/handler.ts): 100.0 %",
      "parse (lambda/ingest/parse.ts): 40.0 %",
      "&lt;b&gt;&amp;: 40.0 %",
    ]) {
      expect(svg).toContain(`<title>${shown}</title>`);
    }
    expect(svg).toContain("<title>a &lt;batch&gt;</title>");
    expect(svg).not.toContain("<b>");
  });

  test("draws what is called under its caller, no wider, and leaves out what is too narrow", () => {
    const boxes = [...svg.matchAll(/<g>.*?<rect x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g)].map((box) => box.slice(1).map(Number));
    const [[left = 0, top = 0, width = 0] = [], ...called] = boxes;
    expect(boxes).toHaveLength(3);
    for (const [i, [x = 0, y = 0, w = 0]] of called.entries()) {
      expect(x).toBeGreaterThanOrEqual(left);
      expect(x + w).toBeLessThanOrEqual(left + width);
      expect(y - top).toBe((i + 1) * 18);
    }
  });

  test("needs neither a script nor anything from elsewhere", () => {
    expect(svg).not.toMatch(/<(?:script|style|image|foreignObject)|href|url\(/);
    expect(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg"')).toBe(true);
  });

  test("explains each colour", () => {
    for (const [stage, name] of Object.entries(STAGES)) expect(svg.includes(`>${name}</text>`)).toBe(stage !== "waiting");
  });
});
