import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** The content of a stand-in for AWS; a test may change it while it runs. */
interface AwsContent {
  /** Stacks by name, with their outputs. */
  stacks: Record<string, Record<string, string>>;
  /** Event source mappings by UUID. */
  eventSources: Record<string, Record<string, unknown>>;
  /** Functions by name. */
  functions: Record<string, (event: unknown) => Promise<{ payload: unknown; isError: boolean; log?: string }>>;
  /** Log groups by name: their lines, oldest first. */
  logs: Record<string, () => { at: number; text: string }[]>;
  /** Samples by the metric's `name` or, for a rejection code, `name/code`: newest first, one per minute or with an age. */
  metrics: Record<string, (number | Sample)[]>;
  /** Operations that the credentials do not allow. */
  denied: string[];
  /** Operations that fail with this code and message. */
  failing: Record<string, [code: string, message: string]>;
}

interface Sample {
  readonly value: number;
  readonly minutesAgo: number;
}

export interface StandIn extends AwsContent {
  readonly endpoint: string;
  /** The operations that were called, in order. */
  readonly calls: readonly string[];
  stop(): Promise<void>;
}

const ACCOUNT = "123456789012";
const CREATED = "2026-03-01T12:00:00.000Z";

/** A server on loopback that answers the tool's calls of CloudFormation, Lambda, CloudWatch and Logs, each in its protocol. */
export async function startAws(): Promise<StandIn> {
  const parts: AwsContent = { stacks: {}, eventSources: {}, functions: {}, logs: {}, metrics: {}, denied: [], failing: {} };
  const calls: string[] = [];
  const server = createServer((request, response) => void answer(request, response));
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = Buffer.concat(await request.toArray()).toString("utf8");
    const target = String(request.headers["x-amz-target"] ?? "").split(".")[1];
    const [, version, kind, id = ""] = (request.url ?? "").split("/");
    if (target) return json(response, target, OPERATIONS[target]?.(parts, JSON.parse(body)));
    if (!version) return xml(response, new URLSearchParams(body));
    if (kind === "event-source-mappings") return json(response, "GetEventSourceMapping", parts.eventSources[id]);
    const invoked = isDenied("Invoke") ? undefined : await parts.functions[id]?.(JSON.parse(body));
    if (invoked?.isError) response.setHeader("X-Amz-Function-Error", "Unhandled");
    if (invoked?.log && request.headers["x-amz-log-type"] === "Tail")
      response.setHeader("X-Amz-Log-Result", Buffer.from(invoked.log.slice(-4096)).toString("base64"));
    return json(response, "Invoke", invoked?.payload);
  };
  const isDenied = (operation: string) => parts.denied.includes(operation);
  const json = (response: ServerResponse, operation: string, content: unknown) => {
    calls.push(operation);
    if (isDenied(operation)) {
      const message = "User is not authorized";
      return response.writeHead(403, { "X-Amzn-ErrorType": DENIED }).end(JSON.stringify({ __type: DENIED, message }));
    }
    const [type, message] = parts.failing[operation] ?? [];
    if (type) return response.writeHead(400, { "X-Amzn-ErrorType": type }).end(JSON.stringify({ __type: type, message }));
    const missing = { __type: "ResourceNotFoundException", message: `${operation}: there is no such thing` };
    if (content === undefined) response.writeHead(400, { "X-Amzn-ErrorType": "ResourceNotFoundException" });
    return response.end(JSON.stringify(content ?? missing));
  };
  const xml = (response: ServerResponse, query: URLSearchParams) => {
    calls.push(query.get("Action") ?? "");
    const name = query.get("StackName");
    const fail = (code: string, message: string) =>
      response.writeHead(400).end(`<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`);
    if (isDenied(name ? "DescribeStacks" : "ListAllStacks")) return fail("AccessDenied", "User is not authorized");
    const failing = parts.failing[query.get("Action") ?? ""];
    if (failing) return fail(...failing);
    if (name && !parts.stacks[name]) return fail("ValidationError", `Stack with id ${name} does not exist`);
    const stacks = Object.entries(parts.stacks).filter(([stack]) => !name || stack === name);
    return response.end(
      `<DescribeStacksResponse><DescribeStacksResult><Stacks>${stacks.map(stackXml).join("")}</Stacks></DescribeStacksResult></DescribeStacksResponse>`,
    );
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return Object.assign(parts, {
    endpoint: `http://127.0.0.1:${port}`,
    calls,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** Few, so that every reader has to turn pages. */
const LOG_PAGE = 3;
const DENIED = "AccessDeniedException";

function stackXml([name, outputs]: [string, Record<string, string>]): string {
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  const id = `arn:aws:cloudformation:us-east-1:${ACCOUNT}:stack/${name}/1`;
  return `<member><StackId>${id}</StackId><StackName>${name}</StackName><StackStatus>UPDATE_COMPLETE</StackStatus><CreationTime>${CREATED}</CreationTime><Outputs>${members.join("")}</Outputs></member>`;
}

interface MetricQuery {
  Id: string;
  MetricStat: {
    Metric: { Namespace: string; MetricName: string; Dimensions: { Name: string; Value: string }[] };
    Stat: string;
    Period: number;
  };
}

const STATISTICS: Readonly<Record<string, (values: number[]) => number>> = {
  Maximum: (values) => Math.max(...values),
  Minimum: (values) => Math.min(...values),
  Sum: (values) => values.reduce((sum, value) => sum + value, 0),
  Average: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
};
const MINUTE = 60_000;

/** A data point for each period with samples, as CloudWatch aggregates them. */
function dataPoints(samples: (number | Sample)[], { MetricStat: { Stat, Period } }: MetricQuery, since: number, until: number) {
  const now = Date.now();
  const measured = samples.map((sample, i) => {
    const { value, minutesAgo } = typeof sample === "number" ? { value: sample, minutesAgo: i } : sample;
    // Not quite now, because the end of the caller's range is a moment earlier.
    return { value, at: now - minutesAgo * MINUTE - MINUTE / 2 };
  });
  const asked = measured.filter(({ at }) => at >= since && at <= until);
  const periods = Map.groupBy(asked, ({ at }) => Math.floor(at / (Period * 1000)));
  return [...periods].map(([period, some]) => ({ at: period * Period, value: STATISTICS[Stat]?.(some.map(({ value }) => value)) }));
}

/** The operations whose protocol is JSON with the operation in a header. */
const OPERATIONS: Readonly<Record<string, (parts: AwsContent, input: Record<string, unknown>) => unknown>> = {
  GetMetricData: ({ metrics, functions }, { MetricDataQueries, StartTime, EndTime, ScanBy }) => ({
    MetricDataResults: (MetricDataQueries as MetricQuery[]).map((asked) => {
      const {
        Id,
        MetricStat: { Metric },
      } = asked;
      const code = Metric.Dimensions.find(({ Name }) => Name === "code")?.Value;
      // Masqueue's metrics belong to a function, SQS's to a queue. Unknown names have no values.
      const owner = Metric.Dimensions.find(({ Name }) => Name === "service" || Name === "FunctionName")?.Value;
      const known = owner === undefined || owner in functions;
      const samples = (known && metrics[code ? `${Metric.MetricName}/${code}` : Metric.MetricName]) || [];
      const points = dataPoints(samples, asked, Number(StartTime) * 1000, Number(EndTime) * 1000);
      points.sort((a, b) => (ScanBy === "TimestampAscending" ? a.at - b.at : b.at - a.at));
      const [Values, Timestamps] = [points.map(({ value }) => value), points.map(({ at }) => at)];
      return { Id, Label: Metric.MetricName, Values, Timestamps, StatusCode: "Complete" };
    }),
  }),
  FilterLogEvents({ logs }, { logGroupName, filterPattern = "", startTime, endTime = Infinity, startFromHead, nextToken = 0 }) {
    const group = logs[String(logGroupName)];
    if (!group) return undefined;
    const terms = [...String(filterPattern).matchAll(/\$\.(\w+) = ("[^"]*")/g)].map(([, name, value]) => `"${name}":${value}`);
    const events = group().filter(
      ({ at, text }) => at >= Number(startTime) && at <= Number(endTime) && terms.every((term) => text.includes(term)),
    );
    if (startFromHead === false) events.reverse();
    const [from, to] = [Number(nextToken), Number(nextToken) + LOG_PAGE];
    const page = events.slice(from, to).map(({ at, text }) => ({ timestamp: at, message: text }));
    return { events: page, ...(to < events.length && { nextToken: String(to) }) };
  },
};
