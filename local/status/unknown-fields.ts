import type pg from "pg";
import { DAY } from "../../lambda/dates.ts";
import { isObject } from "../../lambda/pipelines/path.ts";
import type { LogReader } from "../aws/log.ts";
import { LOOK_BACK } from "./types.ts";

/** A field that messages had and their pipeline does not declare. Times are milliseconds since 1970. */
interface UnknownField {
  readonly pipeline: string;
  readonly field: string;
  readonly messages: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/** The unknown fields of a pipeline, or of all that share a queue; the most frequent first. */
export interface UnknownFields {
  readonly fields: readonly UnknownField[];
  /** Whether several pipelines were looked at. */
  readonly isShared: boolean;
  /** Milliseconds that were looked at. */
  readonly lookBack: number;
}

/** Sums the table that the function writes. */
export async function sumUnknownFields(client: pg.Client, pipelines: readonly string[]): Promise<UnknownFields> {
  const lookBack = LOOK_BACK.rejected;
  const { rows: fields } = await client.query<UnknownField>(
    `SELECT pipeline, field, sum(messages)::float8 AS messages,
            extract(epoch FROM min(at))::float8 * 1000 AS "firstSeen", extract(epoch FROM max(at))::float8 * 1000 AS "lastSeen"
       FROM unknown_fields
      WHERE pipeline = ANY ($1) AND at > now() - $2 * interval '1 ms'
      GROUP BY pipeline, field
      ORDER BY messages DESC, pipeline, field`,
    [pipelines, lookBack],
  );
  return { fields, isShared: pipelines.length > 1, lookBack };
}

const LINES = 100;
const HOUR = 3_600_000;

/** Sums the newest lines of the function's log, as many as one call returns. @param now milliseconds since 1970 */
export async function readUnknownFields(log: LogReader, now: number, signal?: AbortSignal): Promise<UnknownFields> {
  const lines = await log({ where: { message: "batch" }, since: now - HOUR, limit: LINES }, signal);
  const counts = lines.flatMap(({ at, fields: { pipeline, unknownFieldNames: names } }) =>
    Object.entries(isObject(names) ? names : {}).map(([field, messages]) => ({
      pipeline: String(pipeline),
      field,
      messages: Number(messages),
      at,
    })),
  );
  const byField = Map.groupBy(counts, ({ pipeline, field }) => `${pipeline} ${field}`);
  const fields = [...byField.values()].map((some) => {
    const { pipeline = "", field = "" } = some[0] ?? {};
    const times = some.map(({ at }) => at);
    const messages = some.reduce((total, count) => total + count.messages, 0);
    return { pipeline, field, messages, firstSeen: Math.min(...times), lastSeen: Math.max(...times) };
  });
  const oldest = lines.length < LINES ? now - HOUR : (lines.at(-1)?.at ?? now);
  const isShared = new Set(lines.map((line) => line.fields.pipeline)).size > 1;
  return { fields: fields.toSorted((a, b) => b.messages - a.messages), isShared, lookBack: now - oldest };
}

/** Whether a field is new: it was not seen on the earlier days that were looked at. */
export function isNew({ firstSeen }: UnknownField, lookBack: number, now: number): boolean {
  return lookBack > DAY && now - firstSeen < DAY;
}
