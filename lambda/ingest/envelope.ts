import type { Rejection } from "./message.ts";

/** The envelopes that AWS services put around an event, the fields by which each is known, and the setting that unwraps it. */
const ENVELOPES = [
  { setting: 'unwrap: "sns"', inner: "Message", fields: ["Type", "TopicArn", "Message"] },
  { setting: 'unwrap: "eventbridge"', inner: "detail", fields: ["detail-type", "source", "detail"] },
];

/** The field that holds the event and the setting that would unwrap it, where the body is an envelope. */
export function envelopeOf(body: object): Pick<Rejection, "field" | "hint"> | null {
  const found = ENVELOPES.find(({ fields }) => fields.every((field) => Object.hasOwn(body, field)));
  return found ? { field: found.inner, hint: found.setting } : null;
}
