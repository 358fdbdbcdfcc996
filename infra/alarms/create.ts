import { Validations } from "aws-cdk-lib";
import { Alarm, type AlarmProps, ComparisonOperator, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { EventField, type EventPattern, Rule, RuleTargetInput } from "aws-cdk-lib/aws-events";
import type { Construct } from "constructs";
import type { Stage } from "../config/schema.ts";
import type { Topics } from "../stacks/alerts.ts";
import { ALARMS, type AlarmKind, getAlarmName, getAlarmText } from "./catalogue.ts";

/** The stage that alarms belong to, and where they go. */
export interface AlarmOwner {
  readonly stage: Stage;
  readonly topics: Topics;
  /** Absent for alarms of the stage itself. */
  readonly pipeline?: string;
}

type Condition = Pick<AlarmProps, "metric" | "threshold"> & Partial<AlarmProps>;

/** An idle queue and an idle function publish nothing, so missing data means no trouble. */
const DEFAULTS = {
  comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
  treatMissingData: TreatMissingData.NOT_BREACHING,
  evaluationPeriods: 1,
};

/** An alarm on a metric above its threshold; it is sent to its topic when it begins and when it ends. */
export function createAlarm(scope: Construct, kind: AlarmKind, { stage, topics, pipeline }: AlarmOwner, condition: Condition): void {
  const names = { alarmName: getAlarmName(kind, stage, pipeline), alarmDescription: getAlarmText(kind, stage) };
  const alarm = new Alarm(scope, `Alarm-${kind}`, { ...DEFAULTS, ...condition, ...names });
  const action = new SnsAction(topics[ALARMS[kind].to]);
  alarm.addAlarmAction(action);
  alarm.addOkAction(action);
}

interface RuleProps {
  readonly eventPattern: EventPattern;
  /** What the message says about the event: a name for each path into it. */
  readonly details: Readonly<Record<string, string>>;
  /** Distinguishes two rules of one kind. */
  readonly suffix?: string;
}

/** A rule that sends a message for each event that matches. */
export function createRule(scope: Construct, kind: AlarmKind, { stage, topics }: AlarmOwner, props: RuleProps): Rule {
  const { eventPattern, details, suffix } = props;
  const ruleName = [getAlarmName(kind, stage), suffix].filter((part) => part !== undefined).join("-");
  const description = getAlarmText(kind, stage);
  const lines = Object.entries(details).map(([name, path]) => `${name}: ${EventField.fromPath(path)}`);
  const input = RuleTargetInput.fromMultilineText([`Masqueue ${stage.name}: ${description}`, ...lines].join("\n"));
  // CDK's own target would extend the topic's policy for each rule; the topic admits EventBridge already.
  const target = { bind: () => ({ arn: topics[ALARMS[kind].to].topicArn, input }) };
  const rule = new Rule(scope, `Rule-${ruleName}`, { ruleName, description, eventPattern, targets: [target] });
  Validations.of(rule).acknowledge({
    id: "Serverless-EventBusDLQ",
    reason: "EventBridge tries for 24 hours to reach the topic; a queue of undelivered alarms would need another alarm.",
  });
  return rule;
}
