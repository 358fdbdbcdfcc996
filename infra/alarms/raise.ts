import { Validations } from "aws-cdk-lib";
import { Alarm, type AlarmProps } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { EventField, type EventPattern, type IRuleTarget, Rule, RuleTargetInput } from "aws-cdk-lib/aws-events";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import type { Stage } from "../config/stage.ts";
import { ALARMS, type AlarmKind, nameOf, textOf } from "./articles.ts";
import type { Topics } from "./topics.ts";

/** Whose alarms these are. */
export interface Owner {
  readonly stage: Stage;
  readonly topics: Topics;
  /** Absent where they are the stage's. */
  readonly pipeline?: string;
}

type Condition = Omit<AlarmProps, "alarmName" | "alarmDescription" | "actionsEnabled">;

/** An alarm on a metric, sent to its topic when it begins and when it is over. */
export function raise(scope: Construct, kind: AlarmKind, { stage, topics, pipeline }: Owner, condition: Condition): void {
  const alarmDescription = textOf(kind, stage);
  const alarm = new Alarm(scope, `Alarm-${kind}`, { ...condition, alarmName: nameOf(kind, stage, pipeline), alarmDescription });
  const action = new SnsAction(topics[ALARMS[kind].to]);
  alarm.addAlarmAction(action);
  alarm.addOkAction(action);
}

/** What happened, as the message says it: a name for each path into the event. */
export type Facts = Readonly<Record<string, string>>;

/**
 * A message for each event that matches.
 * @param part tells two rules of one kind apart
 */
export function announce(scope: Construct, kind: AlarmKind, owner: Owner, eventPattern: EventPattern, facts: Facts, part?: string): Rule {
  const { stage, topics } = owner;
  const ruleName = [nameOf(kind, stage), part].filter((name) => name !== undefined).join("-");
  const lines = Object.entries(facts).map(([name, path]) => `${name}: ${EventField.fromPath(path)}`);
  const message = RuleTargetInput.fromMultilineText([`Masqueue ${stage.name}: ${textOf(kind, stage)}`, ...lines].join("\n"));
  const target = to(topics[ALARMS[kind].to], message);
  const rule = new Rule(scope, `Rule-${ruleName}`, { ruleName, description: textOf(kind, stage), eventPattern, targets: [target] });
  Validations.of(rule).acknowledge({
    id: "Serverless-EventBusDLQ",
    reason: "EventBridge tries for 24 hours to reach the topic; a queue of alarms that reached nobody would need an alarm of its own.",
  });
  return rule;
}

/** CDK's own target would widen the topic's policy once more for each rule; topics.ts lets EventBridge in already. */
function to({ topicArn }: ITopic, input: RuleTargetInput): IRuleTarget {
  return { bind: () => ({ arn: topicArn, input }) };
}
