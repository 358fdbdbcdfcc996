import { Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { makeTopics, type Topics } from "../alarms/topics.ts";
import { makeTrail } from "../alarms/trail.ts";
import type { Stage } from "../config/stage.ts";

/** Where alarms go, and the trail without which nobody hears of the masking key's use. Every other stack stands on this one. */
export class AlertsStack extends Stack {
  readonly topics: Topics;

  constructor(scope: Construct, id: string, { stage, ...props }: { stage: Stage } & StackProps) {
    super(scope, id, props);
    this.topics = makeTopics(this, stage);
    if (stage.alerts.trail) makeTrail(this, stage);
  }
}
