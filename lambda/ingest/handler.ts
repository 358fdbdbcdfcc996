import middy from "@middy/core";
import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import type { Client } from "pg";
import type { Config } from "../config.ts";
import { Deadline } from "../deadline.ts";
import { IngestError, toIngestError } from "../errors.ts";
import { checkValue, deriveKeys } from "../masking/keys.ts";
import { hmacTokenizer, sha256Tokenizer, type Tokenizer } from "../masking/tokens.ts";
import { identifiersOf } from "../pipelines/pipeline.ts";
import type { Database } from "../postgres/database.ts";
import { checkMaskKeys, type KeyProof } from "../postgres/mask-keys.ts";
import { isPooled } from "../postgres/pooler.ts";
import { checkTable } from "../postgres/table-check.ts";
import { type BatchDeps, ingestBatch } from "./batch.ts";
import type { Reporter } from "./report.ts";

/** What a container works with, built once. */
export interface HandlerDeps extends Pick<Config, "pipeline" | "masterKey"> {
  readonly database: Database;
  readonly reporter: Reporter;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Kept free at the end of the function's time, in milliseconds: for the report and the answer. */
const RESERVE = 1_000;

/**
 * The Lambda handler: takes a batch of SQS messages, answers with those that are not done. An event without messages is a health check:
 * table and keys are checked anew, and nothing is stored or counted.
 * @param build makes the parts at the first invocation, not at init, where an outage would be an init failure; again until it succeeds
 * @param early is told of a `build` that throws. @default nobody
 */
export function createHandler(build: () => HandlerDeps, early?: Reporter) {
  let parts: HandlerDeps | undefined;
  let prepared: Prepared | undefined;

  const ingest = async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    if (!parts) early?.begin(context);
    parts ??= build();
    parts.reporter.begin(context);
    const remaining = context.getRemainingTimeInMillis();
    const deadline = new Deadline(remaining - Math.min(RESERVE, remaining / 10));
    assertSqsEvent(event);
    const isHealthCheck = event.Records.length === 0;
    if (isHealthCheck) prepared = undefined;
    prepared ??= await prepare(parts, deadline);
    if (isHealthCheck) return { batchItemFailures: [] };
    return ingestBatch(event.Records, { ...parts, ...prepared }, deadline);
  };

  // Our own deadline ends what is under way; middy's would only stop waiting for it.
  return middy<SQSEvent, SQSBatchResponse, Error>({ timeoutEarlyInMillis: 0 })
    .onError((request) => {
      const error = toIngestError(request.error);
      request.error = error;
      (parts?.reporter ?? early)?.failed(error);
    })
    .handler(ingest);
}

type Prepared = Pick<BatchDeps, "tokenize" | "isPooled">;

/** Holds the declaration and the keys against the database, once for each container; a failure is not remembered. */
async function prepare({ pipeline, masterKey, database }: HandlerDeps, deadline: Deadline): Promise<Prepared> {
  const late = new IngestError("mask_key_unavailable", "The masking key could not be had within the function's time.");
  const { tokenize, proofs } = await deadline.limit(openMasks(pipeline, masterKey), late);
  const work = async (client: Client) => {
    await checkTable(client, pipeline);
    await checkMaskKeys(client, proofs);
    return isPooled(client);
  };
  return { tokenize, isPooled: await database.run(work, deadline) };
}

async function openMasks(
  pipeline: Config["pipeline"],
  masterKey: Config["masterKey"],
): Promise<{ tokenize: Tokenizer; proofs: KeyProof[] }> {
  const identifiers = identifiersOf(pipeline);
  if (pipeline.masking !== "hmac") {
    return { tokenize: sha256Tokenizer, proofs: identifiers.flatMap((identifier) => proofsOf(pipeline, identifier, "sha256", "none")) };
  }
  if (!masterKey) throw new IngestError("configuration", "No masking key.");
  const keys = await deriveKeys(masterKey, identifiers, pipeline.domain);
  return {
    tokenize: hmacTokenizer(keys),
    proofs: [...keys].flatMap(([identifier, key]) => proofsOf(pipeline, identifier, "v1", checkValue(key))),
  };
}

/** One for the domain, whose tables join; one for the table, whose rows must not change their domain. */
function proofsOf({ domain, table }: Config["pipeline"], identifier: string, version: string, value: string): KeyProof[] {
  const named = domain === "main" ? identifier : `${domain}/${identifier}`;
  return [named, `${table}.${identifier}`].map((name) => ({ identifier: name, version, checkValue: value }));
}

/** Without a message's id its failure could not be reported, so such an event fails as a whole. */
function assertSqsEvent(event: SQSEvent): void {
  const records: unknown = (event as Partial<SQSEvent> | null)?.Records;
  const isRecord = (record: unknown) =>
    typeof record === "object" &&
    record !== null &&
    "messageId" in record &&
    typeof record.messageId === "string" &&
    record.messageId !== "" &&
    "body" in record &&
    typeof record.body === "string";
  if (!Array.isArray(records) || !records.every(isRecord)) {
    throw new IngestError("not_an_sqs_event", "The event is not an SQS event: it needs a list Records, each with a messageId and a body.");
  }
}
