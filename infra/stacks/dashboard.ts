import { type IResource, Stack, type StackProps, Token } from "aws-cdk-lib";
import { CfnFunction, type IFunction } from "aws-cdk-lib/aws-lambda";
import { CfnDBInstance, type IDatabaseInstance } from "aws-cdk-lib/aws-rds";
import { CfnQueue, type IQueue } from "aws-cdk-lib/aws-sqs";
import { DefaultDashboardFactory, MonitoringFacade } from "cdk-monitoring-constructs";
import type { Construct } from "constructs";
import type { PipelineStage, Stage } from "../config/stage.ts";
import { databaseRow, keepingUpRow, losingRow, type Watched } from "../constructs/dashboard-rows.ts";

interface DashboardPipeline {
  readonly name: string;
  readonly settings: PipelineStage;
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue | undefined;
  readonly fn: IFunction;
}

export interface DashboardStackProps extends StackProps {
  readonly stage: Stage;
  readonly pipelines: readonly DashboardPipeline[];
  /** Undefined where the database is not made here. */
  readonly instance: IDatabaseInstance | undefined;
}

/** One dashboard a stage, which answers three questions, each with a row a pipeline. */
export class DashboardStack extends Stack {
  constructor(scope: Construct, id: string, { stage, pipelines, instance, ...props }: DashboardStackProps) {
    super(scope, id, props);
    const watched = pipelines.map(namesOf);
    const facade = new MonitoringFacade(this, "Monitoring", {
      dashboardFactory: new DefaultDashboardFactory(this, "Factory", { dashboardNamePrefix: `masqueue-${stage.name}` }),
    });
    facade.addLargeHeader("Is it keeping up?");
    for (const pipeline of watched) facade.monitorCustom(keepingUpRow(pipeline));
    facade.addLargeHeader("Is it losing anything?");
    for (const pipeline of watched) facade.monitorCustom(losingRow(pipeline));
    facade.addLargeHeader("Is the database well?");
    facade.monitorCustom(databaseRow(stage.database, instance && nameOf(instance, instance.instanceIdentifier), watched));
  }
}

function namesOf({ name, settings, queue, deadLetterQueue, fn }: DashboardPipeline): Watched {
  return {
    pipeline: name,
    settings,
    queueName: nameOf(queue, queue.queueName),
    deadLetterQueueName: deadLetterQueue && nameOf(deadLetterQueue, deadLetterQueue.queueName),
    functionName: nameOf(fn, fn.functionName),
  };
}

/**
 * The name that a resource was given. A reference would be an export, and an export in use would keep a pipeline from being removed.
 * @param reference for a resource that was not given one
 */
function nameOf(resource: IResource, reference: string): string {
  if (!Token.isUnresolved(reference)) return reference;
  const { defaultChild } = resource.node;
  if (defaultChild instanceof CfnQueue) return defaultChild.queueName ?? reference;
  if (defaultChild instanceof CfnFunction) return defaultChild.functionName ?? reference;
  if (defaultChild instanceof CfnDBInstance) return defaultChild.dbInstanceIdentifier ?? reference;
  return reference;
}
