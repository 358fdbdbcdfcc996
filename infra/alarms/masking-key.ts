import { Arn, ArnFormat, Stack } from "aws-cdk-lib";
import { CfnRule } from "aws-cdk-lib/aws-events";
import type { Construct } from "constructs";
import { announce, type Facts, type Owner } from "./raise.ts";

export interface MaskingKeyParts extends Owner {
  readonly keyArn: string;
  /** Of the ingest functions, which alone may use the key. */
  readonly roleNames: readonly string[];
}

/** What takes the key away from the functions, or gives it to others: a copy in another Region has a policy of its own. */
const CHANGES = ["DisableKey", "ScheduleKeyDeletion", "DeleteImportedKeyMaterial", "PutKeyPolicy", "ReplicateKey"];

/** Who did what and when; the request itself is in CloudTrail, under its id. */
const FACTS: Facts = {
  what: "$.detail.eventName",
  who: "$.detail.userIdentity.arn",
  when: "$.detail.eventTime",
  refused: "$.detail.errorCode",
  event: "$.detail.eventID",
};

/** Pages about the key, by the calls that CloudTrail records: without a trail in the account they never come. */
export function alarmOnMaskingKey(scope: Construct, parts: MaskingKeyParts): void {
  const { keyArn, roleNames } = parts;
  announce(scope, "masking-key-changed", parts, calls(CHANGES, keyArn, { errorCode: [{ exists: false }] }), FACTS);

  const stack = Stack.of(scope);
  const roles = roleNames.map((resourceName) => stack.formatArn({ service: "iam", region: "", resource: "role", resourceName }));
  // A user, the root user and another account have no role; a call that was refused is as worth knowing as one that was not.
  const issuer = { arn: [{ "anything-but": roles }, { exists: false }] };
  const used = announce(
    scope,
    "masking-key-used",
    parts,
    calls(["GenerateMac"], keyArn, { userIdentity: { sessionContext: { sessionIssuer: issuer } } }),
    FACTS,
  );
  // GenerateMac changes nothing, and rules see such calls only when asked to: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
  const { defaultChild } = used.node;
  if (defaultChild instanceof CfnRule) defaultChild.state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";
}

/** Calls that concern the key, whether it is named by id or ARN, or by an alias that KMS resolved; a refused one may name it nowhere else than in its error. */
function calls(eventName: string[], keyArn: string, and: Record<string, unknown>) {
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
      ...and,
    },
  };
}
