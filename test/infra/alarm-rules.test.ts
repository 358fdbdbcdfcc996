import { describe, expect, test } from "@jest/globals";
import { ACCOUNT, EXISTING_DATABASE, KEY_ARN, REGION, watched } from "../support/alarms.ts";
import { matches, resolved } from "../support/event-pattern.ts";

const { template } = watched();

/** Names of the rules that an event triggers. */
function rulesHit(event: object, from = template): string[] {
  const rules = Object.values(from.findResources("AWS::Events::Rule")).map(({ Properties }) => Properties);
  return rules.filter(({ EventPattern }) => matches(resolved(EventPattern), event)).map(({ Name }) => Name);
}

describe("a database", () => {
  const ANNOUNCEMENT = {
    service: "RDS",
    eventTypeCode: "AWS_RDS_PLANNED_LIFECYCLE_EVENT",
    eventTypeCategory: "scheduledChange",
    statusCode: "upcoming",
    eventRegion: REGION,
    affectedAccount: ACCOUNT,
    page: "1",
  };
  const announced = (detail: object, from = template) =>
    rulesHit({ source: "aws.health", "detail-type": "AWS Health Event", detail: { ...ANNOUNCEMENT, ...detail } }, from);

  test("gets a ticket when the end of its version or certificate is announced", () => {
    expect(announced({})).toEqual(["masqueue-dev-certificate-or-version"]);
  });

  test("and the functions' runtime have announcements, too", () => {
    const runtime = { service: "LAMBDA", eventTypeCode: "AWS_LAMBDA_PLANNED_LIFECYCLE_EVENT" };
    expect(announced(runtime)).toEqual(["masqueue-dev-certificate-or-version"]);
  });

  test.each([{ service: "EC2" }, { eventRegion: "us-east-1" }, { statusCode: "closed" }, { page: "2" }, { eventTypeCategory: "issue" }])(
    "gets none for %j",
    (detail) => expect(announced(detail)).toEqual([]),
  );

  test("that exists already has announcements, too", () => {
    expect(announced({}, watched(EXISTING_DATABASE).template)).toEqual(["masqueue-dev-certificate-or-version"]);
  });

  const happened = (EventID: string, name: string) => {
    const SourceArn = `arn:aws:rds:${REGION}:${ACCOUNT}:db:${name}`;
    return rulesHit({ source: "aws.rds", "detail-type": "RDS DB Instance Event", detail: { EventID, SourceArn } });
  };

  test.each(["RDS-EVENT-0223", "RDS-EVENT-0224", "RDS-EVENT-0225"])(
    "gets a ticket when its storage cannot grow or nears the maximum: %s",
    (id) => {
      expect([happened(id, "masqueue-dev"), happened(id, "other")]).toEqual([["masqueue-dev-free-storage-limit"], []]);
    },
  );

  test("gets a ticket when its upgrade fails, and none for a backup or another instance", () => {
    expect(happened("RDS-EVENT-0270", "masqueue-dev")).toEqual(["masqueue-dev-certificate-or-version-upgrade"]);
    expect([happened("RDS-EVENT-0002", "masqueue-dev"), happened("RDS-EVENT-0270", "other")]).toEqual([[], []]);
  });
});

const INGEST = `masqueue-dev-user-logins-${REGION}`;
const DEPLOYMENT = `cdk-hnb659fds-cfn-exec-role-${ACCOUNT}-${REGION}`;
const role = (name: string, account = ACCOUNT) => ({
  type: "AssumedRole",
  arn: `arn:aws:sts::${account}:assumed-role/${name}/session`,
  sessionContext: { sessionIssuer: { type: "Role", arn: `arn:aws:iam::${account}:role/${name}`, userName: name } },
});

describe("the masking key", () => {
  const user = { type: "IAMUser", arn: `arn:aws:iam::${ACCOUNT}:user/eve`, userName: "eve" };
  const byId = { requestParameters: { keyId: KEY_ARN.split("/")[1] }, resources: [{ ARN: KEY_ARN }] };
  const call = (eventName: string, userIdentity: object, more: object = byId) =>
    rulesHit({
      source: "aws.kms",
      "detail-type": "AWS API Call via CloudTrail",
      detail: { eventSource: "kms.amazonaws.com", eventName, userIdentity, ...more },
    });

  test("does not page when an ingest function uses it", () => {
    expect(call("GenerateMac", role(INGEST))).toEqual([]);
  });

  test.each<[string, object]>([
    ["another role", role("admin")],
    ["a role of that name in another account", role(INGEST, "444455556666")],
    ["a user", user],
    ["another account", { type: "AWSAccount", accountId: "444455556666" }],
  ])("pages when %s uses it", (_, identity) => {
    expect(call("GenerateMac", identity)).toEqual(["masqueue-dev-masking-key-used"]);
  });

  test("pages when a use is refused and only the error names the key", () => {
    const errorMessage = `User: ${user.arn} is not authorized to perform: kms:GenerateMac on resource: ${KEY_ARN} with an explicit deny`;
    expect(call("GenerateMac", user, { errorCode: "AccessDenied", errorMessage, requestParameters: null })).toHaveLength(1);
  });

  test.each(["DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy", "ReplicateKey", "DeleteImportedKeyMaterial"])("pages on %s", (name) => {
    expect(call(name, role("admin"))).toEqual(["masqueue-dev-masking-key-changed"]);
    expect(call(name, role("admin"), { ...byId, errorCode: "AccessDenied" })).toEqual([]);
  });

  test("does not page about another key", () => {
    const other = { requestParameters: { keyId: "alias/other" }, resources: [{ ARN: KEY_ARN.replace("1234", "9999") }] };
    expect([call("GenerateMac", user, other), call("DisableKey", user, other)]).toEqual([[], []]);
  });

  test("is watched by a rule that sees calls that change nothing", () => {
    const state = (name: string) =>
      Object.values(template.findResources("AWS::Events::Rule", { Properties: { Name: name } }))[0]?.Properties.State;
    expect(state("masqueue-dev-masking-key-used")).toBe("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS");
    expect(state("masqueue-dev-masking-key-changed")).toBe("ENABLED");
  });
});

describe("what protects the masking key", () => {
  const called = (service: string, eventName: string, requestParameters: object, more: object = {}, from = template) =>
    rulesHit(
      {
        source: `aws.${service}`,
        "detail-type": "AWS API Call via CloudTrail",
        detail: { eventSource: `${service}.amazonaws.com`, eventName, requestParameters, userIdentity: role("admin"), ...more },
      },
      from,
    );
  const TRAIL = `arn:aws:cloudtrail:${REGION}:${ACCOUNT}:trail/masqueue-dev`;
  const RULE = "masqueue-dev-masking-key-used";
  const FUNCTION = "masqueue-dev-user-logins";
  const ROLE = `arn:aws:iam::${ACCOUNT}:role/${INGEST}`;

  const CALLS: [string, string, object][] = [
    ["cloudtrail", "StopLogging", { name: "masqueue-dev" }],
    ["cloudtrail", "StopLogging", { name: TRAIL }],
    ["cloudtrail", "DeleteTrail", { name: TRAIL }],
    ["cloudtrail", "UpdateTrail", { name: "masqueue-dev" }],
    ["cloudtrail", "PutEventSelectors", { trailName: "masqueue-dev" }],
    ["events", "DisableRule", { name: RULE }],
    ["events", "DeleteRule", { name: RULE }],
    ["events", "PutRule", { name: RULE, state: "DISABLED" }],
    ["events", "RemoveTargets", { rule: RULE, ids: ["Target0"] }],
    ["events", "PutTargets", { rule: RULE }],
    ["iam", "UpdateAssumeRolePolicy", { roleName: INGEST }],
    ["iam", "CreateRole", { roleName: INGEST }],
    ["lambda", "UpdateFunctionCode20150331v2", { functionName: FUNCTION }],
    ["lambda", "UpdateFunctionCode20150331v2", { functionName: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${FUNCTION}` }],
    ["lambda", "UpdateFunctionConfiguration20150331v2", { functionName: `${ACCOUNT}:${FUNCTION}`, layers: ["x"] }],
    ["lambda", "UpdateFunctionConfiguration20150331v2", { functionName: "other", role: ROLE }],
    ["lambda", "CreateFunction20150331", { functionName: "other", role: ROLE }],
  ];

  test.each(CALLS)("pages on %s:%s with %j", (service, name, parameters) => {
    const kind = service === "cloudtrail" || service === "events" ? "unwatched" : "user-changed";
    expect(called(service, name, parameters)).toEqual([expect.stringMatching(`^masqueue-dev-masking-key-${kind}-`)]);
    expect(called(service, name, parameters, { userIdentity: { type: "Root", arn: `arn:aws:iam::${ACCOUNT}:root` } })).toHaveLength(1);
  });

  test.each(CALLS)("does not page on %s:%s with %j if the deployment calls, or if it is refused", (service, name, parameters) => {
    expect(called(service, name, parameters, { userIdentity: role(DEPLOYMENT) })).toEqual([]);
    expect(called(service, name, parameters, { errorCode: "AccessDenied" })).toEqual([]);
  });

  test.each<[string, string, object]>([
    ["cloudtrail", "StopLogging", { name: "audit" }],
    ["cloudtrail", "StartLogging", { name: "masqueue-dev" }],
    ["events", "DisableRule", { name: "nightly" }],
    ["events", "RemoveTargets", { rule: "masqueue-prod-masking-key-used" }],
    ["iam", "UpdateAssumeRolePolicy", { roleName: "other" }],
    ["iam", "DeleteRole", { roleName: INGEST }],
    ["lambda", "UpdateFunctionCode20150331v2", { functionName: "other" }],
    ["lambda", "CreateFunction20150331", { functionName: "other", role: ROLE.replace("dev", "prod") }],
  ])("does not page on %s:%s with %j", (service, name, parameters) => {
    expect(called(service, name, parameters)).toEqual([]);
  });

  test("is any trail of the account if the deployment creates none", () => {
    const { template: from } = watched({ "alerts.trail": "false" });
    expect(called("cloudtrail", "StopLogging", { name: "audit" }, {}, from)).toEqual(["masqueue-dev-masking-key-unwatched-trail"]);
  });
});
