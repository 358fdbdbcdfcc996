import type { ErrorCode } from "../../lambda/errors.ts";
import { LAG_PROMISE } from "../../lambda/names.ts";
import type { EventSource } from "../aws/function.ts";
import type { Lag, Traffic } from "../aws/metrics.ts";
import { formatAge, formatCount, formatDuration } from "./format.ts";
import type { Rows } from "./services.ts";
import { type Failure, type Health, LOOK_BACK, type NoFailure, type Result, type StatusReport } from "./types.ts";
import { isNew, type UnknownFields } from "./unknown-fields.ts";

/** `critical` makes the exit code 1; a `warning` can wait. */
type Grade = "ok" | "warning" | "critical";

export interface Check {
  readonly subject: string;
  readonly grade: Grade;
  readonly text: string;
}

type Verdict = readonly [Grade, string];

/** Milliseconds after which a failure is old. */
const RECENT = 15 * 60_000;
/** Failures that the function's health check would find again: it reports itself whether they have passed. */
const CHECKED: readonly string[] = [
  "configuration",
  "table_mismatch",
  "mask_key_mismatch",
  "mask_key_unavailable",
  "login_unavailable",
  "database_unavailable",
] satisfies ErrorCode[];
/** A message that waits longer than this is not being stored, because Lambda delays none. It is the alarm's threshold, too. */
const VISIBILITY_TIMEOUTS = 2;

/**
 * Grades each part of a report. Pure. A part that could not be read is critical if no other part shows whether messages are stored, and
 * a warning otherwise.
 * @param now milliseconds since 1970
 */
export function runChecks(report: StatusReport, now: number): Check[] {
  const queue = report.queue && "value" in report.queue ? report.queue.value : undefined;
  const maxAge = queue ? VISIBILITY_TIMEOUTS * queue.visibilityTimeout : LAG_PROMISE;
  const oldest = report.lag && "value" in report.lag ? report.lag.value.oldest : null;
  // Such a message has not come back yet, so none is known to have failed.
  const isYoung = oldest !== null && queue !== undefined && oldest <= queue.visibilityTimeout;
  return [
    ...check("Stack", report.stack && { value: report.stack }, "warning", ({ status, changed }) => [
      /FAILED|ROLLBACK/.test(status) ? "warning" : "ok",
      changed === null ? status : `${status}, ${formatAge(now - changed)}`,
    ]),
    ...check("Event source", report.eventSource, "critical", checkEventSource),
    ...check("Database", report.health, "critical", checkHealth),
    ...check("Last failure", report.lastFailure, "warning", (value) => checkLastFailure(value, report.health, now)),
    ...check("Invocations", report.traffic, "warning", checkInvocations),
    ...check("Stored", report.traffic, "warning", (value) => checkStored(value, queue?.depth ?? 0, isYoung)),
    ...check("Lag", report.lag, "warning", (value) => checkLag(value, maxAge)),
    ...check("Queue", report.queue, "critical", ({ depth, inFlight, delayed }) => [
      "ok",
      `${depth - inFlight - delayed} visible, ${inFlight} in flight${delayed > 0 ? `, ${delayed} delayed` : ""}`,
    ]),
    ...check("Dead letters", report.deadLetters, "warning", (value) => {
      if (!value) return ["ok", "no dead-letter queue is known here"];
      return value.depth === 0 ? ["ok", "none"] : ["warning", formatCount(value.depth, "message")];
    }),
    ...check("Rejected", report.rejected, "warning", checkRejected),
    ...check("Unknown fields", report.unknownFields, "warning", (value) => checkUnknownFields(value, now)),
    ...(report.rows ?? []).flatMap((rows) => check("Rows", rows, "critical", checkRows)),
  ];
}

/** Whether messages are being stored, as far as the checks show. */
export function isHealthy(checks: readonly Check[]): boolean {
  return checks.every(({ grade }) => grade !== "critical");
}

/** @param failed the grade of a part that could not be read */
function check<T>(subject: string, result: Result<T> | undefined, failed: Grade, judge: (value: T) => Verdict): Check[] {
  if (!result) return [];
  const [grade, text] = "failed" in result ? ([failed, result.failed] as const) : judge(result.value);
  return [{ subject, grade, text }];
}

/** States that pass by themselves during a deployment. */
const TRANSIENT = ["Creating", "Enabling", "Updating", "Updated"];

function checkEventSource({ state, reason, lastResult }: EventSource): Verdict {
  const problem = lastResult?.startsWith("PROBLEM") ? lastResult : null;
  if (state === "Enabled") return problem ? ["warning", `${state}, ${problem}`] : ["ok", state];
  return [TRANSIENT.includes(state) ? "warning" : "critical", [state, reason, problem].filter((part) => part !== null).join(", ")];
}

function checkHealth({ seconds, failure }: Health): Verdict {
  if (failure) return ["critical", formatFailure(failure)];
  return ["ok", `reachable, table and masking key fit (the function responded in ${formatDuration(seconds * 1000)})`];
}

function checkLastFailure(failure: Failure | NoFailure, health: StatusReport["health"], now: number): Verdict {
  if ("noneIn" in failure) {
    const isAll = failure.noneIn >= LOOK_BACK.failures;
    return ["ok", `none in ${formatDuration(failure.noneIn)}${isAll ? "" : " (there was no time to read the older log)"}`];
  }
  const age = now - failure.at;
  const isChecked = health && "value" in health && CHECKED.includes(failure.code);
  return [age < RECENT && !isChecked ? "critical" : "warning", `${formatAge(age)}: ${formatFailure(failure)}`];
}

function formatFailure({ code, sqlstate, reason }: Omit<Failure, "at">): string {
  return `${code}${sqlstate ? ` (SQLSTATE ${sqlstate})` : ""}: ${reason}`;
}

/** A single failure may be a health check of `masqueue status` itself, of a database that is back since. */
const MIN_CRITICAL_ERRORS = 2;

/** Lambda counts these even if a timeout or lack of memory ended the function before it could log. */
function checkInvocations({ invocations, errors }: Traffic): Verdict {
  const grade = errors >= MIN_CRITICAL_ERRORS ? "critical" : errors > 0 ? "warning" : "ok";
  return [grade, `${errors} of ${invocations} failed in ${formatDuration(LOOK_BACK.traffic)}`];
}

function checkStored({ stored, rejected, unsettled }: Traffic, waiting: number, isYoung: boolean): Verdict {
  const late = unsettled > 0 ? `, ${unsettled} not tried for lack of time` : "";
  const text = `${formatCount(stored, "message")} in ${formatDuration(LOOK_BACK.traffic)}${late}`;
  if (stored > 0 || waiting === 0) return [unsettled > 0 ? "warning" : "ok", text];
  // Bad messages come back many times before they are dead letters; that is not urgent.
  if (rejected > 0 && unsettled === 0) return ["warning", `${text}: all that arrived were rejected`];
  return [isYoung && unsettled === 0 ? "ok" : "critical", `${text}, and ${formatCount(waiting, "message")} in the queue`];
}

function checkLag({ commit, oldest }: Lag, maxAge: number): Verdict {
  const commits = commit === null ? "nothing committed" : `at most ${formatDuration(commit)} from sending to commit`;
  const waiting = oldest === null ? "no age of a waiting message" : `oldest message ${formatDuration(oldest * 1000)}`;
  const text = `${commits} in ${formatDuration(LOOK_BACK.traffic)}, ${waiting}`;
  if (oldest !== null && oldest > maxAge) return ["critical", `${text} (over ${formatDuration(maxAge * 1000)})`];
  return [commit !== null && commit > LAG_PROMISE * 1000 ? "warning" : "ok", text];
}

function checkRejected(counts: Readonly<Record<string, number>>): Verdict {
  const codes = Object.entries(counts).toSorted(([, a], [, b]) => b - a);
  const text = codes.map(([code, count]) => `${code} ${count}`).join(", ");
  return ["ok", `${text || "none"} in ${formatDuration(LOOK_BACK.rejected)}`];
}

/** Names in a line; the JSON has all. */
const MAX_FIELDS = 10;

/** A new field is a warning: its sender has changed. One that has been left out for days is not. */
function checkUnknownFields({ fields, isShared, lookBack }: UnknownFields, now: number): Verdict {
  const names = fields.slice(0, MAX_FIELDS).map((field) => {
    const age = `${isNew(field, lookBack, now) ? "new, " : ""}${formatAge(now - field.lastSeen)}`;
    return `${isShared ? `${field.pipeline} ` : ""}${field.field} ${field.messages} (${age})`;
  });
  const more = fields.length > MAX_FIELDS ? ` and ${fields.length - MAX_FIELDS} more` : "";
  const grade = fields.some((field) => isNew(field, lookBack, now)) ? "warning" : "ok";
  return [grade, `${names.join(", ") || "none"}${more} in ${formatDuration(lookBack)}`];
}

function checkRows({ table, count, isMore }: Rows): Verdict {
  return ["ok", `${isMore ? "more than " : ""}${count} in ${table}`];
}
