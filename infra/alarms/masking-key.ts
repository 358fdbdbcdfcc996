import { Arn, ArnFormat, Stack } from "aws-cdk-lib";
import { CfnRule } from "aws-cdk-lib/aws-events";
import type { Construct } from "constructs";
import { ingestRoleName, roleArn } from "../names.ts";
import type { AlarmKind } from "./catalogue.ts";
import { type AlarmOwner, createRule } from "./create.ts";

/** Calls that take the key away from the functions, or give it to others: a copy in another Region has a separate policy. */
const KEY_CHANGES = ["DisableKey", "ScheduleKeyDeletion", "DeleteImportedKeyMaterial", "PutKeyPolicy", "ReplicateKey"];
/** Calls after which the trail no longer records the use of the key. */
const TRAIL_CHANGES = ["StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"];
/** Calls after which a rule no longer pages. */
const RULE_CHANGES = ["DisableRule", "DeleteRule", "RemoveTargets", "PutRule", "PutTargets"];
/** Calls that run other code with a role of the stage. CloudTrail's names contain the version of Lambda's API. */
const CODE_CHANGES = ["CreateFunction20150331", "UpdateFunctionCode20150331v2", "UpdateFunctionConfiguration20150331v2"];
/** Calls that let others assume such a role. IAM's events reach EventBridge in us-east-1 only; see docs/runbook.md. */
const ROLE_CHANGES = ["UpdateAssumeRolePolicy", "CreateRole"];

/** The request itself is in CloudTrail, under its id. */
const DETAILS = {
  what: "$.detail.eventName",
  who: "$.detail.userIdentity.arn",
  when: "$.detail.eventTime",
  refused: "$.detail.errorCode",
  event: "$.detail.eventID",
};
const SUCCEEDED = { errorCode: [{ exists: false }] };

/**
 * Pages about the key, about those who may use it, and about what watches it, from the calls that CloudTrail records: an account without
 * a trail sends none.
 */
export function alarmOnMaskingKey(scope: Construct, owner: AlarmOwner, keyArn: string): void {
  const { name, alerts, pipelines } = owner.stage;
  const ingestRoles = Object.keys(pipelines).map((pipeline) => roleArn(scope, ingestRoleName(scope, name, pipeline)));
  const page = (kind: AlarmKind, service: string, eventName: string[], detail: Record<string, unknown>, suffix?: string) => {
    const call = { eventSource: [`${service}.amazonaws.com`], eventName, ...detail };
    const eventPattern = { source: [`aws.${service}`], detailType: ["AWS API Call via CloudTrail"], detail: call };
    return createRule(scope, kind, owner, { eventPattern, details: DETAILS, ...(suffix && { suffix }) });
  };

  // Calls name the key by id or ARN, or by an alias that KMS resolved; a refused call may name it in its error only.
  const keyId = Arn.split(keyArn, ArnFormat.SLASH_RESOURCE_NAME).resourceName;
  const named = [{ resources: { ARN: [keyArn] } }, { requestParameters: { keyId: [keyArn, keyId] } }];
  const ofKey = { $or: [...named, { errorMessage: [{ wildcard: `*${keyArn}*` }] }] };
  page("masking-key-changed", "kms", KEY_CHANGES, { ...ofKey, ...SUCCEEDED });
  // A refused call is worth knowing, too.
  const { defaultChild } = page("masking-key-used", "kms", ["GenerateMac"], { ...ofKey, ...callerOtherThan(ingestRoles) }).node;
  // GenerateMac changes nothing, and rules see such calls only when asked to: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
  if (defaultChild instanceof CfnRule) defaultChild.state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";

  // CloudFormation makes such calls when a deployment changes a template.
  const byOthers = { ...SUCCEEDED, ...callerOtherThan([roleArn(scope, deploymentRoleName(scope))]) };
  // The name of a trail that is not created here is unknown, so every trail counts.
  const trail = alerts.trail ? [`masqueue-${name}`, { suffix: `:trail/masqueue-${name}` }] : [{ exists: true }];
  const ofTrail = { $or: [{ requestParameters: { name: trail } }, { requestParameters: { trailName: trail } }] };
  page("masking-key-unwatched", "cloudtrail", TRAIL_CHANGES, { ...byOthers, ...ofTrail }, "trail");
  const rule = [{ prefix: `masqueue-${name}-masking-key-` }];
  const ofRules = { $or: [{ requestParameters: { name: rule } }, { requestParameters: { rule } }] };
  page("masking-key-unwatched", "events", RULE_CHANGES, { ...byOthers, ...ofRules }, "rule");

  // By a prefix, which the migrate function has, too: a pattern with all names would be too long for many pipelines.
  const prefix = `masqueue-${name}-`;
  const functionName = [{ prefix }, { wildcard: `*:${prefix}*` }];
  const ofFunctions = {
    $or: [{ requestParameters: { functionName } }, { requestParameters: { role: [{ prefix: roleArn(scope, prefix) }] } }],
  };
  page("masking-key-user-changed", "lambda", CODE_CHANGES, { ...byOthers, ...ofFunctions }, "code");
  page("masking-key-user-changed", "iam", ROLE_CHANGES, { ...byOthers, requestParameters: { roleName: [{ prefix }] } }, "role");
}

/** The role with which CloudFormation deploys: docs/deploy.md#the-bootstrap. */
function deploymentRoleName(scope: Construct): string {
  const { account, region, synthesizer } = Stack.of(scope);
  return `cdk-${synthesizer.bootstrapQualifier}-cfn-exec-role-${account}-${region}`;
}

/** Any other caller: a user, the root user and another account have no role. */
function callerOtherThan(roleArns: readonly string[]) {
  return { userIdentity: { sessionContext: { sessionIssuer: { arn: [{ "anything-but": roleArns }, { exists: false }] } } } };
}
