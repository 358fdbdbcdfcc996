import { randomBytes } from "node:crypto";
import type { SQSRecord } from "aws-lambda";
import { deriveKeys, importMasterKey } from "../masking/keys.ts";
import { createHmacTokenizer, type MaskSpec, sha256Tokenizer, type Tokenizer } from "../masking/tokens.ts";
import { listIdentifiers, type Pipeline } from "../pipelines/pipeline.ts";
import { type Queue, toQueue } from "../pipelines/queue.ts";
import type { Outcome } from "../rows/outcome.ts";
import { mask } from "./mask.ts";
import { type Message, parse } from "./parse.ts";
import { route } from "./route.ts";

/** What the function would do with a record. */
export type Trial =
  | { readonly kind: "settled"; readonly pipeline: Pipeline | undefined; readonly outcome: Outcome }
  | {
      readonly kind: "row";
      readonly pipeline: Pipeline;
      readonly message: Message;
      /** The row by column; personal fields are tokens. */
      readonly row: Readonly<Record<string, string | null>>;
      /** The columns whose values lack their form and were masked as text. */
      readonly maskedAsText: readonly string[];
    };

/** Prepares to read and mask records as the function does, under a key that is thrown away. Nothing is stored. */
export async function openDryRun(queue: Queue): Promise<(record: SQSRecord) => Trial> {
  const master = importMasterKey(randomBytes(32));
  const open = async (pipeline: Pipeline): Promise<[Pipeline, Tokenizer]> => {
    if (pipeline.masking !== "hmac") return [pipeline, sha256Tokenizer];
    return [pipeline, createHmacTokenizer(await deriveKeys(master, listIdentifiers(pipeline), pipeline.domain))];
  };
  const tokenizers = new Map(await Promise.all(queue.pipelines.map(open)));
  return (record) => {
    const { shares, unrouted } = route([record], queue);
    for (const { pipeline, events } of shares) {
      const message = parse(record, pipeline, events[0]);
      if (message.kind === "rejected") return { kind: "settled", pipeline, outcome: message };
      return { kind: "row", pipeline, message, ...maskOnce(message, pipeline, tokenizers.get(pipeline) as Tokenizer) };
    }
    return { kind: "settled", pipeline: undefined, outcome: unrouted.outcomes[0] as Outcome };
  };
}

function maskOnce(message: Message, pipeline: Pipeline, tokenize: Tokenizer) {
  const asText = new Set<MaskSpec>();
  const watch: Tokenizer = (spec, value) => {
    const token = tokenize(spec, value);
    if (token?.asText) asText.add(spec);
    return token;
  };
  const cells = mask(message, [0], pipeline, watch).row.cells();
  const { columns } = pipeline;
  return {
    row: Object.fromEntries(columns.map(({ name }, i) => [name, cells[i] ?? null])),
    maskedAsText: columns.filter((column) => column.kind === "masked" && asText.has(column)).map(({ name }) => name),
  };
}

/** 2026-03-01T12:00:00Z, so that a test has the same day each time. */
const SENT = Date.UTC(2026, 2, 1, 12);

/**
 * Reads and masks one body as the function does, for the test of a pipeline.
 * @returns the row by column; personal fields are tokens
 * @throws Error with the code and the field if the message is rejected
 */
export async function tryBody(pipeline: Pipeline, body: object): Promise<Readonly<Record<string, string | null>>> {
  const attributes = { SentTimestamp: String(SENT), ApproximateFirstReceiveTimestamp: String(SENT) };
  const trial = (await openDryRun(toQueue(pipeline)))({ messageId: "1", body: JSON.stringify(body), attributes } as SQSRecord);
  if (trial.kind === "row") return trial.row;
  const { outcome } = trial;
  throw new Error(outcome.kind === "rejected" ? `rejected: ${outcome.code} ${outcome.field ?? ""}` : outcome.kind);
}
