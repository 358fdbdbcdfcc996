import { Duration, Stack } from "aws-cdk-lib";
import { ComparisonOperator, Stats, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { IDatabaseInstance } from "aws-cdk-lib/aws-rds";
import type { Construct } from "constructs";
import type { CreatedDatabase } from "../config/schema.ts";
import { type AlarmOwner, createAlarm, createRule } from "./create.ts";

/** Bytes of free storage below which there is a ticket: RDS adds storage when a tenth is free, so less remains only if it cannot. */
export function getMinFreeStorage({ storageGiB }: CreatedDatabase): number {
  return 0.08 * storageGiB * 1024 ** 3;
}

/** Connections above which there is a ticket: four fifths of what is allowed. */
export function getMaxUsedConnections({ maxConnections }: CreatedDatabase): number {
  return 0.8 * maxConnections;
}

/** For a quarter of an hour: a vacuum or a deployment takes less. */
const SUSTAINED = { evaluationPeriods: 3, treatMissingData: TreatMissingData.IGNORE };
const PERIOD = Duration.minutes(5);

/** Events of the instance: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html */
const EVENTS = [
  // RDS cannot upgrade the instance, or the upgrade was rolled back.
  { kind: "certificate-or-version", suffix: "upgrade", EventID: ["RDS-EVENT-0158", "RDS-EVENT-0270"] },
  // RDS cannot add storage, the next addition reaches the maximum, or the storage has four fifths of it.
  { kind: "free-storage", suffix: "limit", EventID: ["RDS-EVENT-0223", "RDS-EVENT-0224", "RDS-EVENT-0225"] },
] as const;

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
      // Of every database and function of the account: an existing database's name is not known, and not every notice names them.
      detail: {
        service: ["RDS", "LAMBDA"],
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
      affected: "$.detail.affectedEntities[0].entityValue",
      notice: "$.detail.eventArn",
    },
  });
  if (database.kind !== "created" || !instance) return;
  for (const { kind, suffix, EventID } of EVENTS) {
    const detail = { EventID: [...EventID], SourceArn: [instance.instanceArn] };
    const eventPattern = { source: ["aws.rds"], detailType: ["RDS DB Instance Event"], detail };
    createRule(scope, kind, owner, { eventPattern, details: { what: "$.detail.EventID", affected: "$.detail.SourceArn" }, suffix });
  }
  createAlarm(scope, "free-storage", owner, {
    metric: instance.metricFreeStorageSpace({ statistic: Stats.MINIMUM, period: PERIOD }),
    threshold: getMinFreeStorage(database),
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    ...SUSTAINED,
  });
  createAlarm(scope, "connections", owner, {
    metric: instance.metricDatabaseConnections({ statistic: Stats.MAXIMUM, period: PERIOD }),
    threshold: getMaxUsedConnections(database),
    ...SUSTAINED,
  });
}
