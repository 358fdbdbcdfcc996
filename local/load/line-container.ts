import type { SQSRecord } from "aws-lambda";
import type { BatchReport, Reporter } from "../../lambda/ingest/report.ts";
import type { Masking } from "../../lambda/masking/open-masks.ts";
import { createContext } from "../emulators/sqs-event.ts";
import * as errors from "../errors.ts";
import { createContainer } from "../run/container.ts";
import type { PostgresTarget } from "../targets/postgres.ts";
import type { RejectedLine } from "./file-progress.ts";
import type { Line } from "./line.ts";
import type { LoadTotals } from "./load-totals.ts";
import { createRecordMaker, type Origin } from "./records.ts";

/** As many as keep the database busy: while some wait for a commit, another one masks. A fourth gains nothing. */
export const CONTAINERS = 3;

/** Milliseconds that a batch may take: a thousand rows that Postgres refuses one by one need some seconds. */
const TIMEOUT = 60_000;

/** A container of the function that takes batches of lines. */
export interface LineContainer extends AsyncDisposable {
  /** Compares table and key with the pipelines. @throws IngestError */
  check(): Promise<void>;
  /**
   * Settles every line.
   * @param mayBeStored whether lines near these were stored by an earlier run
   * @returns the rejected lines, and whether one was stored before
   * @throws IngestError if the database is away or refuses more than rows
   */
  settle(lines: readonly Line[], origin: Origin, mayBeStored: boolean): Promise<{ rejected: RejectedLine[]; hadDuplicates: boolean }>;
}

export function createLineContainer(
  queue: Origin["queue"],
  postgres: Pick<PostgresTarget, "config">,
  masking: Masking,
  totals: LoadTotals,
): LineContainer {
  let reports: BatchReport[] = [];
  let failure: unknown;
  const reporter: Reporter = {
    begin() {
      [reports, failure] = [[], undefined];
    },
    batch: (report) => void reports.push(report),
    findingsNotWritten: () => void totals.unwrittenFindings++,
    failed(error) {
      failure = error;
    },
  };
  const container = createContainer(queue, postgres, masking, reporter);
  const invoke = (records: SQSRecord[]) => container.handler({ Records: records }, createContext(TIMEOUT));

  return {
    async check() {
      await invoke([]);
    },
    async settle(lines, origin, mayBeStored) {
      const rejected: RejectedLine[] = [];
      const byId = new Map<string, Line>();
      let left: SQSRecord[] = [];
      const toRecord = createRecordMaker(origin, mayBeStored);
      for (const line of lines) {
        const record = toRecord(line);
        if ("code" in record) rejected.push({ ...record, line });
        else {
          byId.set(record.messageId, line);
          left.push(record);
        }
      }
      let hadDuplicates = false;
      while (left.length > 0) {
        await invoke(left);
        const unsettled = new Set<string>();
        for (const { messageId, outcome } of reports.flatMap(({ outcomes }) => outcomes)) {
          if (outcome === "unsettled") unsettled.add(messageId);
          else if (outcome !== "rejected") totals.count(outcome);
          hadDuplicates ||= outcome === "duplicate";
        }
        for (const { messageId, ...rejection } of reports.flatMap((report) => report.rejected))
          rejected.push({ ...rejection, line: byId.get(messageId) as Line });
        // A table of several may have failed; the others are done.
        if (failure) throw failure;
        if (unsettled.size === left.length) throw errors.unsettledLines(left.length);
        left = left.filter(({ messageId }) => unsettled.has(messageId));
      }
      for (const rejection of rejected) totals.reject(rejection);
      return { rejected: rejected.sort((a, b) => a.line.number - b.line.number), hadDuplicates };
    },
    [Symbol.asyncDispose]: () => container[Symbol.asyncDispose](),
  };
}
