import { Arn, ArnFormat, Stack } from "aws-cdk-lib";
import { CfnRule } from "aws-cdk-lib/aws-events";
import type { Construct } from "constructs";
import { type AlarmOwner, createRule } from "./create.ts";

/** Calls that take the key away from the functions, or give it to others: a copy in another Region has a separate policy. */
const CHANGES = ["DisableKey", "ScheduleKeyDeletion", "DeleteImportedKeyMaterial", "PutKeyPolicy", "ReplicateKey"];

/** The request itself is in CloudTrail, under its id. */
const DETAILS = {
  what: "$.detail.eventName",
  who: "$.detail.userIdentity.arn",
  when: "$.detail.eventTime",
  refused: "$.detail.errorCode",
  event: "$.detail.eventID",
};

/**
 * Pages about the key, from the calls that CloudTrail records: an account without a trail sends none.
 * @param roleNames of the ingest functions, which alone may use the key
 */
export function alarmOnMaskingKey(scope: Construct, owner: AlarmOwner, keyArn: string, roleNames: readonly string[]): void {
  const changed = matchCalls(CHANGES, keyArn, { errorCode: [{ exists: false }] });
  createRule(scope, "masking-key-changed", owner, { eventPattern: changed, details: DETAILS });

  const stack = Stack.of(scope);
  const roles = roleNames.map((resourceName) => stack.formatArn({ service: "iam", region: "", resource: "role", resourceName }));
  // A user, the root user and another account have no role. A refused call is worth knowing, too.
  const issuer = { arn: [{ "anything-but": roles }, { exists: false }] };
  const used = matchCalls(["GenerateMac"], keyArn, { userIdentity: { sessionContext: { sessionIssuer: issuer } } });
  const { defaultChild } = createRule(scope, "masking-key-used", owner, { eventPattern: used, details: DETAILS }).node;
  // GenerateMac changes nothing, and rules see such calls only when asked to: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
  if (defaultChild instanceof CfnRule) defaultChild.state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";
}

/** Calls that name the key by id or ARN, or by an alias that KMS resolved; a refused call may name it in its error only. */
function matchCalls(eventName: string[], keyArn: string, further: Record<string, unknown>) {
  const keyId = Arn.split(keyArn, ArnFormat.SLASH_RESOURCE_NAME).resourceName;
  return {
    source: ["aws.kms"],
    detailType: ["AWS API Call via CloudTrail"],
    detail: {
      eventSource: ["kms.amazonaws.com"],
      eventName,
      $or: [
        { resources: { ARN: [keyArn] } },
        { requestParameters: { keyId: [keyArn, keyId] } },
        { errorMessage: [{ wildcard: `*${keyArn}*` }] },
      ],
      ...further,
    },
  };
}
