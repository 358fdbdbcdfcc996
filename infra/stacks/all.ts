import { type App, Tags } from "aws-cdk-lib";
import { ingestStackName, ROLES } from "../../lambda/names.ts";
import type { Stage } from "../config/stage.ts";
import { byIam } from "../constructs/postgres-access.ts";
import { AlertsStack } from "./alerts.ts";
import { DashboardStack } from "./dashboard.ts";
import { DataStack } from "./data.ts";
import { IngestStack } from "./ingest.ts";
import { NetworkStack } from "./network.ts";
import { SchemaStack } from "./schema.ts";

/** Folders of the bundled functions. */
export interface Code {
  readonly ingest: string;
  readonly migrate: string;
}

/**
 * Puts the stacks of one stage together. They depend one way: alerts and network, data, schema, ingest for each pipeline, dashboard.
 * Account and region are those that the deployment is told; no template holds them.
 */
export function compose(app: App, stage: Stage, code: Code): void {
  const named = (part: string) => ({ stackName: `masqueue-${stage.name}-${part}` });
  const alerts = new AlertsStack(app, "Alerts", { ...named("alerts"), stage });
  const { topics } = alerts;
  const network = new NetworkStack(app, "Network", { ...named("network"), stage });
  const data = new DataStack(app, "Data", { ...named("data"), terminationProtection: stage.keepData, stage, network, topics });
  const { postgres, adminSecret, maskingKeyArn, instance } = data;
  const schema = new SchemaStack(app, "Schema", { ...named("schema"), stage, network, postgres, adminSecret, code: code.migrate });
  const pipelines = Object.entries(stage.pipelines).map(([name, settings]) => {
    const stack = new IngestStack(app, `Ingest-${name}`, {
      stackName: ingestStackName(stage.name, name),
      stage,
      pipeline: name,
      settings,
      network,
      access: (scope) => byIam(scope, postgres, ROLES.ingest),
      maskingKeyArn,
      topics,
      code: code.ingest,
    });
    // Migrations go first.
    stack.addStackDependency(schema);
    return { name, settings, fn: stack.fn, ...stack.queues };
  });
  new DashboardStack(app, "Dashboard", { ...named("dashboard"), stage, pipelines, instance });
  // CloudFormation's schema of a dashboard has known tags only lately.
  Tags.of(app).add("masqueue:stage", stage.name, { excludeResourceTypes: ["AWS::CloudWatch::Dashboard"] });
}
