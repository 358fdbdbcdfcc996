import type { Stage } from "../config/schema.ts";

/** Whom an alarm reaches: a page wakes somebody, a ticket waits for the morning. */
export type Urgency = "page" | "ticket";

/** Every alarm by its kind, which ends its name and is the heading of its article in docs/runbook.md. */
export const ALARMS = {
  "function-errors": { to: "page", says: "The function fails again and again, for all tables or for one; messages come back to the queue" },
  "oldest-message": { to: "page", says: "Messages wait too long for the function" },
  "commit-lag": { to: "page", says: "Messages reach Postgres later than promised" },
  "dead-letters-growing": { to: "page", says: "More messages go to the dead-letter queue than is normal here" },
  "dead-letters": { to: "ticket", says: "Messages lie in the dead-letter queue, where they expire" },
  "free-storage": { to: "ticket", says: "The database is running out of storage" },
  connections: { to: "ticket", says: "The database is running out of connections" },
  "certificate-or-version": { to: "ticket", says: "A certificate, an engine version or a runtime is running out, or an upgrade failed" },
  "masking-key-changed": { to: "page", says: "The masking key was disabled, scheduled for deletion, copied, or given another policy" },
  "masking-key-used": { to: "page", says: "Somebody other than the ingest functions used the masking key, or tried to" },
  "masking-key-user-changed": { to: "page", says: "Somebody changed the code or the role of a function, which may use the masking key" },
  "masking-key-unwatched": { to: "page", says: "Somebody changed the trail or a rule that watches the masking key" },
} as const satisfies Record<string, { to: Urgency; says: string }>;

export type AlarmKind = keyof typeof ALARMS;

/** One sentence and the link to the article: the text of an alarm and of a rule's message. */
export function getAlarmText(kind: AlarmKind, { alerts }: Stage): string {
  return `${ALARMS[kind].says}. What to do: ${alerts.runbookUrl}#${kind}`;
}

/** `masqueue-<stage>-<pipeline>-<kind>`, without the pipeline if the alarm is the stage's. */
export function getAlarmName(kind: AlarmKind, { name }: Stage, pipeline?: string): string {
  return ["masqueue", name, pipeline, kind].filter((part) => part !== undefined).join("-");
}
