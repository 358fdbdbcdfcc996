/** The envelopes that AWS services put around an event: the fields that identify each, and the field that holds the event. */
const ENVELOPES = [
  { inner: "Message", fields: ["Type", "TopicArn", "Message"] },
  { inner: "detail", fields: ["detail-type", "source", "detail"] },
];

/** The name of the field that holds the event, if the body is an SNS or EventBridge envelope. */
export function findWrappedField(body: object): string | undefined {
  return ENVELOPES.find(({ fields }) => fields.every((field) => Object.hasOwn(body, field)))?.inner;
}
