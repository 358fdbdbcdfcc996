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

  test.each([{ service: "EC2" }, { eventRegion: "us-east-1" }, { statusCode: "closed" }, { page: "2" }, { eventTypeCategory: "issue" }])(
    "gets none for %j",
    (detail) => expect(announced(detail)).toEqual([]),
  );

  test("that exists already has announcements, too", () => {
    expect(announced({}, watched(EXISTING_DATABASE).template)).toEqual(["masqueue-dev-certificate-or-version"]);
  });

  test("gets a ticket when its upgrade fails, and none for a backup or another instance", () => {
    const happened = (EventID: string, name: string) => {
      const SourceArn = `arn:aws:rds:${REGION}:${ACCOUNT}:db:${name}`;
      return rulesHit({ source: "aws.rds", "detail-type": "RDS DB Instance Event", detail: { EventID, SourceArn } });
    };
    expect(happened("RDS-EVENT-0270", "masqueue-dev")).toEqual(["masqueue-dev-certificate-or-version-upgrade"]);
    expect([happened("RDS-EVENT-0002", "masqueue-dev"), happened("RDS-EVENT-0270", "other")]).toEqual([[], []]);
  });
});

describe("the masking key", () => {
  const role = (name: string, account = ACCOUNT) => ({
    type: "AssumedRole",
    arn: `arn:aws:sts::${account}:assumed-role/${name}/session`,
    sessionContext: { sessionIssuer: { type: "Role", arn: `arn:aws:iam::${account}:role/${name}`, userName: name } },
  });
  const user = { type: "IAMUser", arn: `arn:aws:iam::${ACCOUNT}:user/eve`, userName: "eve" };
  const byId = { requestParameters: { keyId: KEY_ARN.split("/")[1] }, resources: [{ ARN: KEY_ARN }] };
  const call = (eventName: string, userIdentity: object, more: object = byId) =>
    rulesHit({
      source: "aws.kms",
      "detail-type": "AWS API Call via CloudTrail",
      detail: { eventSource: "kms.amazonaws.com", eventName, userIdentity, ...more },
    });

  test("does not page when an ingest function uses it", () => {
    expect(call("GenerateMac", role("ingest-b"))).toEqual([]);
  });

  test.each<[string, object]>([
    ["another role", role("admin")],
    ["a role of that name in another account", role("ingest-a", "444455556666")],
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
