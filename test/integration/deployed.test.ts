import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createLogReader, type LogReader, readLastFailure } from "../../local/aws/log.ts";
import { readRecentMetrics, readRejections } from "../../local/aws/metrics.ts";
import { type StandIn, startAws } from "../support/aws.ts";

const GROUP = "/masqueue/dev/user-logins";
const FUNCTION = "masqueue-dev-user-logins";
const HOUR = 3_600_000;

let aws: StandIn;
let now: number;
let logs: CloudWatchLogsClient;
let cloudWatch: CloudWatchClient;
beforeEach(async () => {
  aws = await startAws();
  now = Date.now();
  aws.functions[FUNCTION] = async () => ({ payload: null, isError: false });
  const config = { endpoint: aws.endpoint, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } };
  logs = new CloudWatchLogsClient(config);
  cloudWatch = new CloudWatchClient(config);
});
afterEach(async () => {
  logs.destroy();
  cloudWatch.destroy();
  await aws.stop();
});

/** Lines of failed batches, oldest first. */
function failuresAt(...times: number[]) {
  aws.logs[GROUP] = () =>
    times.map((at) => ({ at, text: JSON.stringify({ service: FUNCTION, message: "batch failed", code: `at ${at}`, reason: "No." }) }));
}

describe("the log of a function", () => {
  const read = (limit: number) => createLogReader(logs, GROUP)({ where: { message: "batch failed" }, since: now - HOUR, limit });

  test("gives its newest lines, newest first, and is not read further than they reach", async () => {
    const times = Array.from({ length: 30 }, (_, i) => now - HOUR / 2 + i);
    failuresAt(...times);
    expect((await read(4)).map(({ at }) => at)).toEqual(times.slice(-4).reverse());
    expect(aws.calls).toEqual(["FilterLogEvents", "FilterLogEvents"]);
  });

  test("is empty until the first line makes it", async () => {
    expect(await read(1)).toEqual([]);
  });
});

describe("the last failure", () => {
  const find = (log: LogReader = createLogReader(logs, GROUP)) => readLastFailure(log, now);

  test("is looked for in the last hour first, then further back", async () => {
    failuresAt(now - 20 * HOUR, now - 3 * HOUR);
    expect(await find()).toMatchObject({ at: now - 3 * HOUR });
    expect(aws.calls).toHaveLength(2);
    failuresAt(now - 25 * HOUR, now - 20 * HOUR);
    expect(await find()).toMatchObject({ at: now - 20 * HOUR });
    failuresAt(now - 25 * HOUR);
    expect(await find()).toEqual({ noneIn: 24 * HOUR });
  });

  test("is none in the part of the log that was read in time", async () => {
    const failsAt = (looks: number): LogReader => {
      let left = looks;
      return async () => {
        if (left-- === 0) throw new Error("too late");
        return [];
      };
    };
    expect(await find(failsAt(1))).toEqual({ noneIn: HOUR });
    expect(await find(failsAt(2))).toEqual({ noneIn: 6 * HOUR });
    await expect(find(failsAt(0))).rejects.toThrow("too late");
  });
});

describe("the metrics of a function", () => {
  const signal = AbortSignal.timeout(60_000);
  const read = (name = FUNCTION) => readRecentMetrics(cloudWatch, { functionName: name, queueName: "queue" }, now, signal);
  const at = (value: number, minutesAgo: number) => ({ value, minutesAgo });

  test("report the longest lag of 15 minutes, and the age of the oldest message now", async () => {
    aws.metrics.commitLag = [at(5, 0), at(900, 3), at(100, 3), at(7_000, 16)];
    aws.metrics.ApproximateAgeOfOldestMessage = [at(1, 1), at(3, 1), at(80, 5)];
    expect((await read()).lag).toEqual({ commit: 900, oldest: 3 });
  });

  test("sum up the rejections of 14 days by code", async () => {
    const days = 24 * 60;
    aws.metrics["rejected/too_long"] = [at(2, 1), at(3, 1), at(4, 13 * days), at(50, 15 * days)];
    expect(await readRejections(cloudWatch, FUNCTION, now, signal)).toEqual({ too_long: 9 });
  });

  test("sum up what the function did in 15 minutes", async () => {
    Object.assign(aws.metrics, { Invocations: [4, 3], Errors: [1], stored: [10, at(5, 14), at(7, 16)], duplicates: [2] });
    Object.assign(aws.metrics, { rejected: [1], rejectedAgain: [3], unsettled: [6] });
    const traffic = { invocations: 7, errors: 1, stored: 17, rejected: 4, unsettled: 6 };
    expect((await read()).traffic).toEqual(traffic);
    const other = { invocations: 0, errors: 0, stored: 0, rejected: 0, unsettled: 0 };
    expect((await read("another")).traffic).toEqual(other);
  });
});
