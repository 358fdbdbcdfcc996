import { type Check, isHealthy } from "./checks.ts";
import type { LogLine, StatusReport } from "./types.ts";

const MARKS = { ok: "ok", warning: "warning", critical: "CRITICAL" } as const;
const RUNBOOK = "docs/runbook.md";
/** The fields of a log line that are shown. Each is an id, a code, a count or a sentence of the function's own. */
const FIELDS = "code field sqlstate reason messageId outcome received stored duplicates rejected rejectedAgain unsettled".split(" ");

/** Formats the page of `masqueue status`: a line for each check, the function's log if it was read, and the verdict. */
export function formatPage(title: readonly string[], checks: readonly Check[], { logLines }: StatusReport): string {
  const lines = checks.map(({ subject, grade, text }) => `${MARKS[grade].padEnd(8)} ${subject.padEnd(15)} ${text}`);
  const log = !logLines ? [] : "failed" in logLines ? [`Log: ${logLines.failed}`, ""] : formatLog(logLines.value);
  return [...title, "", ...lines, "", ...log, formatVerdict(checks)].join("\n");
}

function formatVerdict(checks: readonly Check[]): string {
  const subjects = (wanted: Check["grade"]) =>
    [...new Set(checks.filter(({ grade }) => grade === wanted).map(({ subject }) => subject.toLowerCase()))].join(", ");
  if (!isHealthy(checks)) return `Critical: ${subjects("critical")}. What to do: ${RUNBOOK}`;
  const warnings = subjects("warning");
  return warnings ? `Healthy, with warnings: ${warnings}.` : "Healthy.";
}

function formatLog(lines: readonly LogLine[]): string[] {
  if (lines.length === 0) return ["The function has logged nothing yet.", ""];
  return ["Last lines of the function:", ...lines.map(formatLine), ""];
}

function formatLine({ at, fields }: LogLine): string {
  const shown = FIELDS.filter((name) => fields[name] !== undefined && fields[name] !== null);
  return [`  ${new Date(at).toISOString()}`, fields.message, ...shown.map((name) => `${name}=${JSON.stringify(fields[name])}`)].join(" ");
}
