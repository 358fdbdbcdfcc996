import { afterEach, beforeEach, jest } from "@jest/globals";
import type { BatchReport } from "../../lambda/ingest/report.ts";
import type { RejectedMessage } from "../../lambda/rows/row-store.ts";

export type Line = Record<string, unknown>;

/** The output of a test, each line parsed as JSON: any other line fails the test. */
export interface Printed {
  lines(): Line[];
  /** The metrics that CloudWatch extracts from the lines. */
  metrics(): Metric[];
}

/** The values of one set of metrics, with its dimensions. */
interface Metric {
  readonly namespace: unknown;
  readonly dimensions: Line;
  readonly values: Line;
  readonly units: Line;
}

/** Registers the hooks that keep the output of each test of a file. */
export function usePrinted(): Printed {
  let printed: string[];
  beforeEach(() => {
    printed = [];
    const keep = (chunk: unknown) => printed.push(String(chunk)) > 0;
    jest.spyOn(process.stdout, "write").mockImplementation(keep);
    jest.spyOn(process.stderr, "write").mockImplementation(keep);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  const lines = () => {
    const texts = printed.join("").split("\n");
    return texts.filter((line) => line !== "").map((line) => JSON.parse(line) as Line);
  };
  return { lines, metrics: () => lines().flatMap(readMetrics) };
}

interface Embedded {
  CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] }[];
}

/** Reads a line as CloudWatch does: dimensions and metrics are names of members beside `_aws`. */
function readMetrics(line: Line): Metric[] {
  const { CloudWatchMetrics = [] } = (line._aws ?? {}) as Partial<Embedded>;
  const picked = (names: string[]) => Object.fromEntries(names.map((name) => [name, line[name]]));
  return CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.map((dimensions) => ({
      namespace: Namespace,
      dimensions: picked(dimensions),
      values: picked(Metrics.map(({ Name }) => Name)),
      units: Object.fromEntries(Metrics.map(({ Name, Unit }) => [Name, Unit])),
    })),
  );
}

/** A rejection at the first delivery. */
export function rejected(fields: Partial<RejectedMessage> = {}): RejectedMessage {
  return { kind: "rejected", messageId: "m-1", code: "too_long", field: "locale", sqlstate: null, receiveCount: 1, ...fields };
}

/** An empty report with these fields. */
export function report(fields: Partial<BatchReport> = {}): BatchReport {
  const counted = { outcomes: [], rejected: [], unknownFields: { count: 0, names: [], messages: [] }, maskedAsText: 0, smoke: [] };
  return { pipeline: "user-logins", isShared: false, ...counted, commitLag: undefined, batchTime: 0, ...fields };
}
