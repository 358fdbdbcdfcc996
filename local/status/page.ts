import { type Finding, isHealthy } from "./checks.ts";
import type { Facts, LogLine } from "./types.ts";

const MARKS = { ok: "ok", note: "note", wrong: "WRONG" } as const;
const RUNBOOK = "docs/runbook.md";
/** What is shown of a line of the log. Each is an id, a code, a count or a sentence of the function's own. */
const SHOWN = "code field sqlstate reason messageId outcome received stored duplicates rejected rejectedAgain unsettled".split(" ");

/** The page that `masqueue status` prints: one line for each finding, the function's log where it was asked for, and the verdict. */
export function pageOf(title: readonly string[], findings: readonly Finding[], { logLines }: Facts): string {
  const lines = findings.map(({ subject, grade, text }) => `${MARKS[grade].padEnd(6)} ${subject.padEnd(13)} ${text}`);
  const log = !logLines ? [] : "failed" in logLines ? [`Log: ${logLines.failed}`, ""] : logPart(logLines.value);
  return [...title, "", ...lines, "", ...log, verdict(findings)].join("\n");
}

function verdict(findings: readonly Finding[]): string {
  const named = (wanted: Finding["grade"]) => findings.filter(({ grade }) => grade === wanted).map(({ subject }) => subject.toLowerCase());
  if (!isHealthy(findings)) return `Wrong: ${named("wrong").join(", ")}. What to do: ${RUNBOOK}`;
  const notes = named("note");
  return notes.length === 0 ? "Healthy." : `Healthy; worth a look: ${notes.join(", ")}.`;
}

function logPart(lines: readonly LogLine[]): string[] {
  if (lines.length === 0) return ["The function has logged nothing yet.", ""];
  return ["Last lines of the function:", ...lines.map(logLine), ""];
}

function logLine({ at, fields }: LogLine): string {
  const shown = SHOWN.filter((name) => fields[name] !== undefined && fields[name] !== null);
  return [`  ${new Date(at).toISOString()}`, fields.message, ...shown.map((name) => `${name}=${JSON.stringify(fields[name])}`)].join(" ");
}
