import { describe, expect, test } from "@jest/globals";
import { Validations } from "aws-cdk-lib";
import { Annotations, Match } from "aws-cdk-lib/assertions";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { ACCOUNT, EXISTING_DATABASE, watched, watchedApp } from "../support/alarms.ts";

const { alerts, template } = watched({ "alerts.pageEmail": "page@example.com", "alerts.ticketEmail": "ticket@example.com" });

function alarm(kind: string, from = template): Record<string, unknown> {
  const found = Object.values(
    from.findResources("AWS::CloudWatch::Alarm", { Properties: { AlarmName: Match.stringLikeRegexp(`${kind}$`) } }),
  );
  expect(found).toHaveLength(1);
  return found[0]?.Properties;
}

describe("a pipeline", () => {
  test("pages when the function fails in two of the five-minute periods in which one message comes back twice", () => {
    expect(alarm("function-errors")).toMatchObject({
      Threshold: 0,
      DatapointsToAlarm: 2,
      EvaluationPeriods: 2,
    });
    const slow = watched({ "pipelines.user-logins.timeout": "300" }).template;
    // V is 1805 s: seven periods cover it, one more is where the next failure may fall.
    expect(alarm("function-errors", slow)).toMatchObject({ DatapointsToAlarm: 2, EvaluationPeriods: 8 });
  });

  test("counts a batch that failed for one table only, though its invocation succeeds", () => {
    const metric = (Id: string, Metric: object) => ({ Id, MetricStat: { Period: 300, Stat: "Sum", Metric } });
    const service = { Name: "service", Value: "masqueue-dev-user-logins" };
    expect(alarm("function-errors").Metrics).toMatchObject([
      { Expression: "FILL(errors, 0) + FILL(unsettled, 0)" },
      metric("errors", { Namespace: "AWS/Lambda", MetricName: "Errors" }),
      metric("unsettled", { Namespace: "Masqueue", MetricName: "unsettled", Dimensions: [service] }),
    ]);
  });

  test("pages when the oldest message is older than 2 x V for longer than a bad message can be", () => {
    expect(alarm("oldest-message")).toMatchObject({
      MetricName: "ApproximateAgeOfOldestMessage",
      Threshold: 370,
      Period: 60,
      EvaluationPeriods: 3,
    });
    const gathering = watched({ "pipelines.user-logins.batchWindow": "300" }).template;
    expect(alarm("oldest-message", gathering)).toMatchObject({ Threshold: 960, EvaluationPeriods: 17 });
  });

  test("pages when a message is committed later than promised", () => {
    expect(alarm("commit-lag", watched({ "pipelines.user-logins.lagPromise": "120" }).template)).toMatchObject({
      Namespace: "Masqueue",
      MetricName: "commitLag",
      Dimensions: [{ Name: "service", Value: "masqueue-dev-user-logins" }],
      Statistic: "Maximum",
      Threshold: 120_000,
    });
  });

  test("pages when more dead letters than normal come within five minutes, twice in a quarter of an hour, also after a quiet time", () => {
    expect(alarm("dead-letters-growing")).toMatchObject({
      DatapointsToAlarm: 2,
      EvaluationPeriods: 3,
      Threshold: 10,
      ComparisonOperator: "GreaterThanThreshold",
      Metrics: [
        { Expression: "DIFF(FILL(depth, 0))" },
        { Id: "depth", MetricStat: { Period: 300, Stat: "Maximum", Metric: { MetricName: "ApproximateNumberOfMessagesVisible" } } },
      ],
    });
  });

  test("gets a ticket for a single dead letter", () => {
    expect(alarm("user-logins-dead-letters")).toMatchObject({
      Threshold: 0,
      ComparisonOperator: "GreaterThanThreshold",
      EvaluationPeriods: 1,
    });
  });

  test("has no alarm on a dead-letter queue that is not configured", () => {
    const names = alarmNames(watched({}, { deadLetters: false }).template);
    expect(names).not.toContainEqual(expect.stringContaining("dead-letters"));
  });
});

function alarmNames(from = template): string[] {
  return Object.values(from.findResources("AWS::CloudWatch::Alarm")).map(({ Properties }) => Properties.AlarmName);
}

describe("a database", () => {
  test("gets a ticket when a fifth of its connections is left", () => {
    expect(alarm("connections")).toMatchObject({ Threshold: 64, ComparisonOperator: "GreaterThanThreshold" });
  });

  test("that exists already has no alarms on its metrics", () => {
    expect(alarmNames(watched(EXISTING_DATABASE).template)).not.toContainEqual(expect.stringMatching(/free-storage|connections/));
  });
});

describe("topics", () => {
  const PAGES = /function-errors|oldest-message|commit-lag|dead-letters-growing|masking-key/;
  const topicOf = (target: unknown) => (JSON.stringify(target).includes("RefPage") ? "page" : "ticket");

  test("urgent alarms page, all others are tickets", () => {
    const alarms = Object.values(template.findResources("AWS::CloudWatch::Alarm")).map(({ Properties }) => [
      Properties.AlarmName,
      Properties.AlarmActions,
    ]);
    const rules = Object.values(template.findResources("AWS::Events::Rule")).map(({ Properties }) => [Properties.Name, Properties.Targets]);
    for (const [name, target] of [...alarms, ...rules])
      expect([name, topicOf(target)]).toEqual([name, PAGES.test(name) ? "page" : "ticket"]);
    expect(alarms.length + rules.length).toBe(16);
  });

  test("an alarm reports its end, too", () => {
    template.allResourcesProperties("AWS::CloudWatch::Alarm", {
      OKActions: Match.anyValue(),
      TreatMissingData: Match.stringLikeRegexp("notBreaching|ignore"),
    });
  });

  test.each(["page", "ticket"])("%s is encrypted, subscribed to, and published to over TLS alone", (urgency) => {
    alerts.hasResourceProperties("AWS::SNS::Topic", { TopicName: `masqueue-dev-${urgency}`, KmsMasterKeyId: Match.anyValue() });
    alerts.hasResourceProperties("AWS::SNS::Subscription", { Protocol: "email", Endpoint: `${urgency}@example.com` });
    alerts.allResourcesProperties("AWS::SNS::TopicPolicy", {
      PolicyDocument: {
        Statement: Match.arrayWith([Match.objectLike({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } })]),
      },
    });
  });

  test.each(["AWS::SNS::TopicPolicy", "AWS::KMS::Key"])(
    "%s admits this account's alarms, and EventBridge without a condition, which it could not meet",
    (type) => {
      const ofAccount = {
        Effect: "Allow",
        Principal: { Service: "cloudwatch.amazonaws.com" },
        Condition: { StringEquals: { "aws:SourceAccount": ACCOUNT } },
      };
      const statement = [
        Match.objectLike(ofAccount),
        Match.objectLike({ Principal: { Service: "events.amazonaws.com" }, Condition: Match.absent() }),
      ];
      alerts.allResourcesProperties(type, {
        [type.endsWith("Key") ? "KeyPolicy" : "PolicyDocument"]: { Statement: Match.arrayWith(statement) },
      });
    },
  );

  test("there is no subscription unless an address is configured", () => {
    watched().alerts.resourceCountIs("AWS::SNS::Subscription", 0);
  });

  test("none instead of an address subscribes nobody and warns", () => {
    const warnings = (pageEmail: string) =>
      Annotations.fromStack(watchedApp({ "alerts.pageEmail": pageEmail }).alerts).findWarning(
        "*",
        Match.stringLikeRegexp("pageEmail is none"),
      );
    watched({ "alerts.pageEmail": "none" }).alerts.resourceCountIs("AWS::SNS::Subscription", 0);
    expect([warnings("none").length, warnings("page@example.com").length]).toEqual([1, 0]);
  });
});

describe("the trail", () => {
  test("records management events only, reads included, in a private bucket whose objects expire", () => {
    alerts.hasResourceProperties("AWS::CloudTrail::Trail", {
      EventSelectors: [{ IncludeManagementEvents: true, ReadWriteType: "All", DataResources: Match.absent() }],
    });
    alerts.hasResource("AWS::S3::Bucket", {
      Properties: {
        BucketEncryption: Match.anyValue(),
        PublicAccessBlockConfiguration: { RestrictPublicBuckets: true },
        LifecycleConfiguration: { Rules: [Match.objectLike({ ExpirationInDays: 365 })] },
      },
      DeletionPolicy: "Delete",
    });
  });

  test("alone may write into its bucket", () => {
    alerts.hasResourceProperties("AWS::S3::BucketPolicy", {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: "Deny",
            Action: "s3:*",
            Principal: { Service: "cloudtrail.amazonaws.com" },
            Condition: {
              StringNotEquals: {
                "aws:SourceArn": { "Fn::Join": ["", Match.arrayWith([":cloudtrail:eu-west-1:111122223333:trail/masqueue-dev"])] },
              },
            },
          }),
        ]),
      },
    });
  });

  test("records IAM's calls if it is in us-east-1", () => {
    alerts.hasResourceProperties("AWS::CloudTrail::Trail", { IsMultiRegionTrail: false, IncludeGlobalServiceEvents: true });
  });

  test("remains if data is kept, and is not created if the account has one", () => {
    watched({ stage: "prod", "alerts.pageEmail": "page@example.com" }).alerts.hasResource("AWS::S3::Bucket", {
      DeletionPolicy: "RetainExceptOnCreate",
    });
    watched({ "alerts.trail": "false" }).alerts.resourceCountIs("AWS::CloudTrail::Trail", 0);
  });
});

test("cdk-nag finds nothing that is not acknowledged", () => {
  const { app } = watchedApp({ "alerts.pageEmail": "page@example.com" });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  expect(() => app.synth()).not.toThrow();
});
