import middy from "@middy/core";
import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { Deadline } from "../deadline.ts";
import { toIngestError } from "../errors.ts";
import { type Masking, openMasks } from "../masking/open-masks.ts";
import type { Tokenizer } from "../masking/tokens.ts";
import { type BatchDeps, ingestBatch } from "./batch.ts";
import { assertSqsEvent } from "./event.ts";
import type { Reporter } from "./report.ts";

/** The dependencies of a container, built once. */
export interface HandlerDeps extends Omit<BatchDeps, "tokenize"> {
  readonly masking: Masking;
}

/** Time reserved for the report and the response at the end of the function's time, in milliseconds. */
const RESERVE = 1_000;

/**
 * The Lambda handler: takes a batch of SQS messages and returns those that are not done. An event without messages is a health check:
 * it checks table and keys again, and stores and counts nothing.
 * @param build makes the dependencies. It is called at the first invocation and, until it succeeds, at each later one: at init, an
 * outage would be an init failure.
 * @param early receives the error if `build` throws. @default none
 */
export function createHandler(build: () => HandlerDeps, early?: Reporter) {
  let deps: HandlerDeps | undefined;
  let tokenize: Tokenizer | undefined;

  const handle = async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    if (!deps) early?.begin(context);
    deps ??= build();
    deps.reporter.begin(context);
    const remaining = context.getRemainingTimeInMillis();
    const deadline = new Deadline(remaining - Math.min(RESERVE, remaining / 10), deps.now);
    assertSqsEvent(event);
    const isHealthCheck = event.Records.length === 0;
    if (isHealthCheck) tokenize = undefined;
    tokenize ??= await prepare(deps, deadline);
    return isHealthCheck ? { batchItemFailures: [] } : ingestBatch(event.Records, { ...deps, tokenize }, deadline);
  };

  // Our own deadline ends the work that is under way; middy's would only stop waiting for it.
  return middy<SQSEvent, SQSBatchResponse, Error>({ timeoutEarlyInMillis: 0 })
    .onError((request) => {
      const error = toIngestError(request.error);
      request.error = error;
      (deps?.reporter ?? early)?.failed(error);
    })
    .handler(handle);
}

/** Compares keys and declaration with the database, once per container. After a failure, the next invocation tries again. */
async function prepare({ pipeline, masking, store }: HandlerDeps, deadline: Deadline): Promise<Tokenizer> {
  const { tokenize, proofs } = await openMasks(pipeline, masking, deadline);
  await store.check(proofs, deadline);
  return tokenize;
}
