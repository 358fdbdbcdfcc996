import { expect, test } from "@jest/globals";
import { Match } from "aws-cdk-lib/assertions";
import { templateOf } from "../support/stage.ts";

const GIB = 1024 ** 3;
/** Minutes: the alarm's period, and how long RDS waits after it has added storage. */
const [PERIOD, WAIT] = [5, 6 * 60];

const data = templateOf("data", "prod", { "database.storageGiB": "100", "database.maxStorageGiB": "500" });
const read = (type: string, name: object = {}) => Object.values(data.findResources(type, { Properties: name }))[0]?.Properties;
const { AllocatedStorage, MaxAllocatedStorage } = read("AWS::RDS::DBInstance");
const alarm = read("AWS::CloudWatch::Alarm", { AlarmName: Match.stringLikeRegexp("free-storage$") });

/**
 * Fills the database steadily until it is full. RDS adds a tenth of the allocated storage, or 10 GiB, when a tenth or less is free, and
 * at most once in six hours: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
 * @param perDay GiB @param canGrow false if RDS fails to add storage
 * @returns what was used and allocated, in GiB, whenever the alarm began
 */
function simulate(perDay: number, canGrow = true): [number, number][] {
  const alarms: [number, number][] = [];
  let allocated = Number(AllocatedStorage);
  let [grownAt, low] = [-WAIT, 0];
  for (let now = 0; ; now += PERIOD) {
    const used = (perDay * now) / (24 * 60);
    if (used >= allocated) return alarms;
    const isBreaching = (allocated - used) * GIB < alarm.Threshold;
    low = isBreaching ? low + 1 : 0;
    if (low === alarm.EvaluationPeriods) alarms.push([Math.round(used), allocated]);
    const isShort = allocated - used <= allocated / 10;
    if (!canGrow || !isShort || now - grownAt < WAIT) continue;
    allocated = Math.min(allocated + Math.max(10, Math.floor(allocated / 10)), Number(MaxAllocatedStorage));
    grownAt = now;
  }
}

test("growing storage gets one ticket, when no more can be added", () => {
  expect(alarm).toMatchObject({ ComparisonOperator: "LessThanThreshold", Period: PERIOD * 60, MetricName: "FreeStorageSpace" });
  expect(simulate(1)).toEqual([[492, 500]]);
  expect(simulate(11)).toEqual([[492, 500]]);
});

test("storage that fails to grow gets a ticket while there is some left", () => {
  expect(simulate(1, false)).toEqual([[92, 100]]);
});
