import { type App, Tags } from "aws-cdk-lib";
import { ingestStackName, ROLES } from "../lambda/names.ts";
import type { Stage } from "./config/schema.ts";
import { createIamAccess } from "./constructs/postgres-access.ts";
import { AlertsStack } from "./stacks/alerts.ts";
import { DashboardStack } from "./stacks/dashboard.ts";
import { DataStack } from "./stacks/data.ts";
import { IngestStack } from "./stacks/ingest.ts";
import { NetworkStack } from "./stacks/network.ts";
import { SchemaStack } from "./stacks/schema.ts";

/** Folders of the bundled functions. */
export type Code = Readonly<Record<"ingest" | "migrate", string>>;

/**
 * Creates the stacks of one stage. They depend one way: alerts and network, data, schema, ingest for each queue, dashboard.
 * Account and Region are those of the deployment; no template contains them.
 */
export function createStacks(app: App, stage: Stage, code: Code): void {
  const named = (part: string) => ({ stackName: `masqueue-${stage.name}-${part}`, stage });
  const { topics } = new AlertsStack(app, "Alerts", named("alerts"));
  const network = new NetworkStack(app, "Network", named("network"));
  const data = new DataStack(app, "Data", { ...named("data"), terminationProtection: stage.keepData, network, topics });
  const { postgres, maskingKeyArn } = data;
  const schema = new SchemaStack(app, "Schema", { ...named("schema"), network, postgres, code: code.migrate });
  for (const [pipeline, settings] of Object.entries(stage.pipelines)) {
    const stack = new IngestStack(app, `Ingest-${pipeline}`, {
      stackName: ingestStackName(stage.name, pipeline),
      stage,
      pipeline,
      settings,
      network,
      access: (scope) => createIamAccess(scope, postgres, ROLES.ingest),
      maskingKeyArn,
      topics,
      code: code.ingest,
    });
    // Migrations go first.
    stack.addStackDependency(schema);
  }
  new DashboardStack(app, "Dashboard", named("dashboard"));
  // CloudFormation's schema of a dashboard has known tags only lately.
  Tags.of(app).add("masqueue:stage", stage.name, { excludeResourceTypes: ["AWS::CloudWatch::Dashboard"] });
}
