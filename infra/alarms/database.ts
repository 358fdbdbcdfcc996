import { Duration, Stack } from "aws-cdk-lib";
import { ComparisonOperator, Stats, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { IDatabaseInstance } from "aws-cdk-lib/aws-rds";
import type { Construct } from "constructs";
import type { CreatedDatabase } from "../config/schema.ts";
import { type AlarmOwner, createAlarm, createRule } from "./create.ts";

/** Bytes of free storage below which there is a ticket: a fifth of what was allocated. */
export function getMinFreeStorage({ storageGiB }: CreatedDatabase): number {
  return 0.2 * storageGiB * 1024 ** 3;
}

/** Connections above which there is a ticket: four fifths of what is allowed. */
export function getMaxUsedConnections({ maxConnections }: CreatedDatabase): number {
  return 0.8 * maxConnections;
}

/** For a quarter of an hour: a vacuum or a deployment takes less. */
const SUSTAINED = { evaluationPeriods: 3, treatMissingData: TreatMissingData.IGNORE };
const PERIOD = Duration.minutes(5);

/**
 * RDS cannot upgrade the instance (0158), or the upgrade was rolled back (0270):
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
 */
const UPGRADE_FAILED = ["RDS-EVENT-0158", "RDS-EVENT-0270"];

/**
 * Tickets about the database: resources that run out slowly, and announced changes.
 * @param instance undefined for an existing database, whose metrics its owner watches
 */
export function alarmOnDatabase(scope: Construct, owner: AlarmOwner, instance: IDatabaseInstance | undefined): void {
  const { database } = owner.stage;
  const { account, region } = Stack.of(scope);
  createRule(scope, "certificate-or-version", owner, {
    eventPattern: {
      source: ["aws.health"],
      detailType: ["AWS Health Event"],
      // Of every database of the account: the name of an existing one is not known, and not every notice names the databases.
      detail: {
        service: ["RDS"],
        eventTypeCategory: ["scheduledChange"],
        statusCode: ["open", "upcoming"],
        eventRegion: [region],
        affectedAccount: [account],
        page: ["1"],
      },
    },
    details: {
      what: "$.detail.eventTypeCode",
      from: "$.detail.startTime",
      database: "$.detail.affectedEntities[0].entityValue",
      notice: "$.detail.eventArn",
    },
  });
  if (database.kind !== "created" || !instance) return;
  createRule(scope, "certificate-or-version", owner, {
    eventPattern: {
      source: ["aws.rds"],
      detailType: ["RDS DB Instance Event"],
      detail: { EventID: UPGRADE_FAILED, SourceArn: [instance.instanceArn] },
    },
    details: { what: "$.detail.EventID", database: "$.detail.SourceArn" },
    suffix: "upgrade",
  });
  createAlarm(scope, "free-storage", owner, {
    metric: instance.metricFreeStorageSpace({ statistic: Stats.MINIMUM, period: PERIOD }),
    threshold: getMinFreeStorage(database),
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    ...SUSTAINED,
  });
  createAlarm(scope, "connections", owner, {
    metric: instance.metricDatabaseConnections({ statistic: Stats.MAXIMUM, period: PERIOD }),
    threshold: getMaxUsedConnections(database),
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    ...SUSTAINED,
  });
}
