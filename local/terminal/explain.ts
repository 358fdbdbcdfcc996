/** A foreign error in a few words, for somebody at a terminal: its text where it has one, else its code. */
export function explainError(error: unknown): string {
  if (error instanceof AggregateError) return explainError(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.message || ("code" in error ? String(error.code) : error.name);
}
