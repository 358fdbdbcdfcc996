import { type CloudWatchLogsClient, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { type Failure, LOOK_BACK, type LogLine, type NoFailure } from "../status/types.ts";
import { UserError } from "../terminal/errors.ts";
import { ask } from "./ask.ts";

interface LogQuery {
  /** Members that a line must have, with these values; none: all lines. */
  readonly where: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly until?: number;
  readonly most: number;
}

/** Reads a function's log: the newest lines that fit, newest first. */
export type LogReader = (query: LogQuery, signal?: AbortSignal) => Promise<LogLine[]>;

/** The log group of a deployed function. It may come only with the first line; until then it is empty. */
export function cloudWatchLog(client: CloudWatchLogsClient, logGroupName: string): LogReader {
  return async (query, abortSignal) => {
    const lines: LogLine[] = [];
    const filterPattern = patternOf(query);
    const range = { startTime: query.since, endTime: query.until };
    const input = { logGroupName, ...range, startFromHead: false, ...(filterPattern && { filterPattern }) };
    try {
      for await (const { events = [] } of paginateFilterLogEvents({ client }, input, { abortSignal })) {
        const page = events.map(({ message = "", timestamp = 0 }) => lineOf(message, timestamp)).filter(isLine);
        lines.push(...matching(newestFirst(page), query));
        if (lines.length >= query.most) break;
      }
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "ResourceNotFoundException") throw error;
    }
    return lines.toSorted((a, b) => b.at - a.at).slice(0, query.most);
  };
}

/** Says in a sentence why a log cannot be read, instead of handing AWS's error on. */
export function explainedLog(logGroup: string, log: LogReader): LogReader {
  return async (query) => {
    const answer = await ask("logs:FilterLogEvents", (signal) => log(query, signal));
    if ("failed" in answer) throw new UserError(`The log ${logGroup} cannot be read: ${answer.failed}.`);
    return answer.value;
  };
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html */
function patternOf({ where }: LogQuery): string {
  const terms = Object.entries(where).map(([name, value]) => `$.${name} = ${JSON.stringify(value)}`);
  return terms.length === 0 ? "" : `{ ${terms.join(" && ")} }`;
}

/** LocalStack gives the oldest first, whatever it is asked. */
function newestFirst(page: readonly LogLine[]): readonly LogLine[] {
  return (page[0]?.at ?? 0) < (page.at(-1)?.at ?? 0) ? page.toReversed() : page;
}

/** Asked again of what came back: LocalStack knows no patterns. */
function matching(lines: readonly LogLine[], { where, since, until = Infinity }: LogQuery): LogLine[] {
  const isAsked = ({ at, fields }: LogLine) =>
    at >= since && at <= until && Object.entries(where).every(([name, value]) => fields[name] === value);
  return lines.filter(isAsked);
}

/** A line that the function's own code printed; null for all that Lambda adds, which may quote a foreign error. */
export function lineOf(text: string, at: number): LogLine | null {
  try {
    const fields: unknown = JSON.parse(text);
    const isOurs = typeof fields === "object" && fields !== null && "service" in fields && "message" in fields;
    return isOurs ? { at, fields: { ...fields } } : null;
  } catch {
    return null;
  }
}

function isLine(line: LogLine | null): line is LogLine {
  return line !== null;
}

const BATCH_FAILED = "batch failed";

/** The failure that a line tells of. */
export function failureOf(line: LogLine | null): Failure | null {
  if (line?.fields.message !== BATCH_FAILED) return null;
  const { code, sqlstate, reason } = line.fields;
  return { at: line.at, code: String(code), sqlstate: typeof sqlstate === "string" ? sqlstate : null, reason: String(reason) };
}

/** The newest failure of a whole batch. @param since milliseconds since 1970, as `until` */
export async function newestFailure(log: LogReader, since: number, until?: number, signal?: AbortSignal): Promise<Failure | null> {
  const [line = null] = await log({ where: { message: BATCH_FAILED }, since, ...(until && { until }), most: 1 }, signal);
  return failureOf(line);
}

const HOUR = 3_600_000;
/** How far back, one after another: CloudWatch reads every line on the way, and a day of a busy function takes longer than one waits. */
const WINDOWS = [HOUR, 6 * HOUR, LOOK_BACK.failures] as const;

/** The newest failure of a whole batch; where the time is over before the last window, none as far back as was read. */
export async function lastFailure(log: LogReader, now: number, signal?: AbortSignal): Promise<Failure | NoFailure> {
  let noneIn = 0;
  for (const back of WINDOWS) {
    try {
      const failure = await newestFailure(log, now - back, noneIn > 0 ? now - noneIn : undefined, signal);
      if (failure) return failure;
    } catch (error) {
      if (noneIn === 0) throw error;
      break;
    }
    noneIn = back;
  }
  return { noneIn };
}
