import { Duration, Stack } from "aws-cdk-lib";
import { ComparisonOperator, Stats, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { IDatabaseInstance } from "aws-cdk-lib/aws-rds";
import type { Construct } from "constructs";
import type { CreatedDatabase, DatabaseLimits } from "../config/stage.ts";
import { announce, type Owner, raise } from "./raise.ts";

export interface DatabaseParts extends Owner {
  /** Undefined where the database is not made here: its metrics are not ours to watch. */
  readonly instance: IDatabaseInstance | undefined;
}

/** Bytes of free storage under which there is a ticket: a fifth of what was allocated. */
export function leastFreeStorage({ storageGiB }: CreatedDatabase): number {
  return 0.2 * storageGiB * 1024 ** 3;
}

/** Connections over which there is a ticket: four fifths of what is allowed. */
export function mostConnections({ maxConnections }: DatabaseLimits): number {
  return 0.8 * maxConnections;
}

/** For a quarter of an hour: a vacuum or a deployment passes. */
const SUSTAINED = { evaluationPeriods: 3, treatMissingData: TreatMissingData.IGNORE };
const PERIOD = Duration.minutes(5);

/**
 * RDS cannot upgrade the instance (0158), or the upgrade was rolled back (0270):
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
 */
const UPGRADE_FAILED = ["RDS-EVENT-0158", "RDS-EVENT-0270"];

/** Tickets about the database: what runs out slowly, and needs somebody in time. */
export function alarmOnDatabase(scope: Construct, parts: DatabaseParts): void {
  const { instance, stage } = parts;
  const { account, region } = Stack.of(scope);
  announce(
    scope,
    "certificate-or-version",
    parts,
    {
      source: ["aws.health"],
      detailType: ["AWS Health Event"],
      // Of every database of the account: an existing one is not known by its name, and not every notice names the databases.
      detail: {
        service: ["RDS"],
        eventTypeCategory: ["scheduledChange"],
        statusCode: ["open", "upcoming"],
        eventRegion: [region],
        affectedAccount: [account],
        page: ["1"],
      },
    },
    {
      what: "$.detail.eventTypeCode",
      from: "$.detail.startTime",
      database: "$.detail.affectedEntities[0].entityValue",
      notice: "$.detail.eventArn",
    },
  );
  if (stage.database.kind !== "own" || !instance) return;
  announce(
    scope,
    "certificate-or-version",
    parts,
    { source: ["aws.rds"], detailType: ["RDS DB Instance Event"], detail: { EventID: UPGRADE_FAILED, SourceArn: [instance.instanceArn] } },
    { what: "$.detail.EventID", database: "$.detail.SourceArn" },
    "upgrade",
  );
  raise(scope, "free-storage", parts, {
    metric: instance.metricFreeStorageSpace({ statistic: Stats.MINIMUM, period: PERIOD }),
    threshold: leastFreeStorage(stage.database),
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    ...SUSTAINED,
  });
  raise(scope, "connections", parts, {
    metric: instance.metricDatabaseConnections({ statistic: Stats.MAXIMUM, period: PERIOD }),
    threshold: mostConnections(stage.database),
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    ...SUSTAINED,
  });
}
