import type { ErrorCode } from "../../lambda/errors.ts";
import type { Answer, EventSource, Facts, Failure, Health, Lag, NoFailure, Rows, Traffic } from "./types.ts";
import { LOOK_BACK } from "./types.ts";
import { age, plural, span } from "./words.ts";

/** `wrong` makes the exit code 1; `note` is worth a look, and can wait. */
type Grade = "ok" | "note" | "wrong";

export interface Finding {
  readonly subject: string;
  readonly grade: Grade;
  readonly text: string;
}

type Judgement = readonly [Grade, string];

/** Milliseconds after which a failure is no longer news. */
const FRESH = 15 * 60_000;
/** What the function's health check would find again: of these it says itself whether they have passed. */
const CHECKED: readonly string[] = [
  "configuration",
  "table_mismatch",
  "mask_key_mismatch",
  "mask_key_unavailable",
  "login_unavailable",
  "database_unavailable",
] satisfies ErrorCode[];
/** Lambda slows nothing down, so a message that waits longer than two visibility timeouts is not being stored. It is the alarm's threshold, too. */
const VISIBILITY_TIMEOUTS = 2;
/** Seconds; the default of `lagPromise`. */
const LAG_PROMISE = 600;

/**
 * Says of each fact whether it is well. Pure. What could not be looked at is wrong where nothing else tells whether messages are stored,
 * and a note otherwise.
 * @param now milliseconds since 1970
 */
export function findingsOf(facts: Facts, now: number): Finding[] {
  const queue = facts.queue && "value" in facts.queue ? facts.queue.value : undefined;
  const longest = queue ? VISIBILITY_TIMEOUTS * queue.visibilityTimeout : LAG_PROMISE;
  const oldest = facts.lag && "value" in facts.lag ? facts.lag.value.oldest : null;
  // It has not come back yet, so nothing is known to have failed of it.
  const isYoung = oldest !== null && queue !== undefined && oldest <= queue.visibilityTimeout;
  return [
    ...judged("Stack", facts.stack && { value: facts.stack }, "note", ({ status, changed }) => [
      /FAILED|ROLLBACK/.test(status) ? "note" : "ok",
      changed === null ? status : `${status}, ${age(now - changed)}`,
    ]),
    ...judged("Event source", facts.eventSource, "wrong", eventSource),
    ...judged("Database", facts.health, "wrong", health),
    ...judged("Last failure", facts.lastFailure, "note", (value) => lastFailure(value, facts.health, now)),
    ...judged("Invocations", facts.traffic, "note", invocations),
    ...judged("Stored", facts.traffic, "note", (value) => stored(value, queue?.depth ?? 0, isYoung)),
    ...judged("Lag", facts.lag, "note", (value) => lag(value, longest)),
    ...judged("Queue", facts.queue, "wrong", ({ depth, inFlight, delayed }) => [
      "ok",
      `${depth - inFlight - delayed} visible, ${inFlight} in flight${delayed > 0 ? `, ${delayed} delayed` : ""}`,
    ]),
    ...judged("Dead letters", facts.deadLetters, "note", (value) => {
      if (!value) return ["ok", "no dead-letter queue is known here"];
      return value.depth === 0 ? ["ok", "none"] : ["note", plural(value.depth, "message")];
    }),
    ...judged("Rejected", facts.rejected, "note", rejected),
    ...judged("Rows", facts.rows, "wrong", rows),
  ];
}

/** Whether messages are being stored, as far as could be seen. */
export function isHealthy(findings: readonly Finding[]): boolean {
  return findings.every(({ grade }) => grade !== "wrong");
}

function judged<T>(subject: string, answer: Answer<T> | undefined, unknown: Grade, judge: (value: T) => Judgement): Finding[] {
  if (!answer) return [];
  const [grade, text] = "failed" in answer ? ([unknown, answer.failed] as const) : judge(answer.value);
  return [{ subject, grade, text }];
}

/** States that pass by themselves while a deployment goes on. */
const PASSING = ["Creating", "Enabling", "Updating", "Updated"];

function eventSource({ state, reason, lastResult }: EventSource): Judgement {
  const result = lastResult?.startsWith("PROBLEM") ? lastResult : null;
  // Of what is well, nobody asks why.
  const why = state === "Enabled" ? null : reason;
  const text = [state, why, result].filter((part) => part !== null).join(", ");
  if (state === "Enabled") return [result ? "note" : "ok", text];
  return [PASSING.includes(state) ? "note" : "wrong", text];
}

function health({ seconds, failure }: Health): Judgement {
  const time = span(seconds * 1000);
  return failure ? ["wrong", failureText(failure)] : ["ok", `reachable, table and masking key fit (the function said so in ${time})`];
}

function lastFailure(failure: Failure | NoFailure, checked: Facts["health"], now: number): Judgement {
  if ("noneIn" in failure) {
    const isAll = failure.noneIn >= LOOK_BACK.failures;
    return ["ok", `none in ${span(failure.noneIn)}${isAll ? "" : " (further back the log could not be read in time)"}`];
  }
  const passed = now - failure.at;
  const isAnswered = checked && "value" in checked && CHECKED.includes(failure.code);
  return [passed < FRESH && !isAnswered ? "wrong" : "note", `${age(passed)}: ${failureText(failure)}`];
}

function failureText({ code, sqlstate, reason }: Omit<Failure, "at">): string {
  return `${code}${sqlstate ? ` (SQLSTATE ${sqlstate})` : ""}: ${reason}`;
}

/** One may be a look of `masqueue status` itself at a database that has come back since. */
const SUSTAINED = 2;

/** Lambda counts these even where time-out or memory ended the function before it could log a word. */
function invocations({ invocations: count, errors }: Traffic): Judgement {
  const grade = errors >= SUSTAINED ? "wrong" : errors > 0 ? "note" : "ok";
  return [grade, `${errors} of ${count} failed in ${span(LOOK_BACK.traffic)}`];
}

function stored({ stored: count, rejected: refused, unsettled }: Traffic, waiting: number, isYoung: boolean): Judgement {
  const late = unsettled > 0 ? `, ${unsettled} not tried for lack of time` : "";
  const text = `${plural(count, "message")} in ${span(LOOK_BACK.traffic)}${late}`;
  if (count > 0 || waiting === 0) return [unsettled > 0 ? "note" : "ok", text];
  // Bad messages come back many times before they are dead letters, and need no one to get up.
  if (refused > 0 && unsettled === 0) return ["note", `${text}: what came was rejected`];
  return [isYoung && unsettled === 0 ? "ok" : "wrong", `${text}, and ${plural(waiting, "message")} in the queue`];
}

function lag({ commit, oldest }: Lag, longest: number): Judgement {
  const commits = commit === null ? "nothing committed" : `at most ${span(commit)} from sending to commit`;
  const waiting = oldest === null ? "no age of a waiting message" : `oldest message ${span(oldest * 1000)}`;
  const text = `${commits} in ${span(LOOK_BACK.lag)}, ${waiting}`;
  if (oldest !== null && oldest > longest) return ["wrong", `${text} (over ${span(longest * 1000)})`];
  return [commit !== null && commit > LAG_PROMISE * 1000 ? "note" : "ok", text];
}

function rejected(counts: Readonly<Record<string, number>>): Judgement {
  const codes = Object.entries(counts).toSorted(([, a], [, b]) => b - a);
  const text = codes.map(([code, count]) => `${code} ${count}`).join(", ");
  return ["ok", `${text || "none"} in ${span(LOOK_BACK.rejected)}`];
}

function rows({ table, count, isMore }: Rows): Judgement {
  return ["ok", `${isMore ? "more than " : ""}${count} in ${table}`];
}
