import type { Result } from "./result.ts";

/** The run for programs; ratios and targets as the other reports show them. */
export function jsonReport({ plots: _forPeople, ...result }: Result): string {
  return `${JSON.stringify(result, null, 2)}\n`;
}
