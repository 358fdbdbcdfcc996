import { type CloudWatchLogsClient, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { isObject } from "../../lambda/pipelines/path.ts";
import { type Failure, LOOK_BACK, type LogLine, type NoFailure } from "../status/types.ts";

interface LogQuery {
  /** Members that a line must have, with these values; none: all lines. */
  readonly where: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly until?: number | undefined;
  readonly limit: number;
}

/** Reads a function's log: the newest lines that match, newest first. */
export type LogReader = (query: LogQuery, signal?: AbortSignal) => Promise<LogLine[]>;

/** The log group of a deployed function. The first line may create it; until then it is empty. */
export function createLogReader(client: CloudWatchLogsClient, logGroupName: string): LogReader {
  return async (query, abortSignal) => {
    const { where, since, until = Infinity, limit } = query;
    const range = { startTime: since, endTime: query.until };
    const input = { logGroupName, ...range, startFromHead: false, filterPattern: toPattern(where) };
    // Checked again here: LocalStack knows no patterns.
    const matches = ({ at, fields }: LogLine) =>
      at >= since && at <= until && Object.entries(where).every(([name, value]) => fields[name] === value);
    const lines: LogLine[] = [];
    try {
      for await (const { events = [] } of paginateFilterLogEvents({ client }, input, { abortSignal })) {
        const page = events.map(({ message = "", timestamp = 0 }) => parseLine(message, timestamp)).filter((line) => line !== null);
        // LocalStack returns the oldest first, whatever the request.
        if ((page[0]?.at ?? 0) < (page.at(-1)?.at ?? 0)) page.reverse();
        lines.push(...page.filter(matches));
        if (lines.length >= limit) break;
      }
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "ResourceNotFoundException") throw error;
    }
    return lines.toSorted((a, b) => b.at - a.at).slice(0, limit);
  };
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html */
function toPattern(where: LogQuery["where"]): string | undefined {
  const terms = Object.entries(where).map(([name, value]) => `$.${name} = ${JSON.stringify(value)}`);
  return terms.length === 0 ? undefined : `{ ${terms.join(" && ")} }`;
}

/** Parses a line of the function's own code; null for lines that Lambda adds, because they may quote a foreign error. */
export function parseLine(text: string, at: number): LogLine | null {
  try {
    const fields: unknown = JSON.parse(text);
    return isObject(fields) && "service" in fields && "message" in fields ? { at, fields } : null;
  } catch {
    return null;
  }
}

const BATCH_FAILED = "batch failed";

/** The failure that a line reports, if any. */
export function toFailure(line: LogLine | null): Failure | null {
  if (line?.fields.message !== BATCH_FAILED) return null;
  const { code, sqlstate, reason } = line.fields;
  return { at: line.at, code: String(code), sqlstate: typeof sqlstate === "string" ? sqlstate : null, reason: String(reason) };
}

/** Reads the newest failure of a whole batch. @param since milliseconds since 1970, as `until` */
export async function readNewestFailure(log: LogReader, since: number, until?: number, signal?: AbortSignal): Promise<Failure | null> {
  const [line = null] = await log({ where: { message: BATCH_FAILED }, since, until, limit: 1 }, signal);
  return toFailure(line);
}

const HOUR = 3_600_000;
/** How far back, one after another: CloudWatch reads every line on the way, and a day of a busy function takes longer than the timeout. */
const WINDOWS = [HOUR, 6 * HOUR, LOOK_BACK.failures] as const;

/** Reads the newest failure of a whole batch; if the time ends before the last window, none in the windows that were read. */
export async function readLastFailure(log: LogReader, now: number, signal?: AbortSignal): Promise<Failure | NoFailure> {
  let noneIn = 0;
  for (const back of WINDOWS) {
    try {
      const failure = await readNewestFailure(log, now - back, noneIn > 0 ? now - noneIn : undefined, signal);
      if (failure) return failure;
    } catch (error) {
      if (noneIn === 0) throw error;
      break;
    }
    noneIn = back;
  }
  return { noneIn };
}
