import middy from "@middy/core";
import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { Deadline } from "../deadline.ts";
import { IngestError, toIngestError } from "../errors.ts";
import { rememberMacs } from "../masking/keys.ts";
import { type Masking, openMasks } from "../masking/open-masks.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import type { RowStore } from "../rows/row-store.ts";
import { type BatchDeps, ingestBatch, isOpen, type Lane } from "./batch.ts";
import { assertSqsEvent } from "./event.ts";
import type { Reporter } from "./report.ts";

/** The dependencies of a container, built once. */
export interface HandlerDeps extends Omit<BatchDeps, "lanes"> {
  readonly masking: Masking;
  /** Makes the store of a pipeline; called once for each. */
  readonly openStore: (pipeline: Pipeline) => RowStore;
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
  const lanes: Lanes = new Map();

  const handle = async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    if (!deps) early?.begin(context);
    deps ??= build();
    deps.reporter.begin(context);
    const remaining = context.getRemainingTimeInMillis();
    const deadline = new Deadline(remaining - Math.min(RESERVE, remaining / 10), deps.now);
    assertSqsEvent(event);
    const isHealthCheck = event.Records.length === 0;
    if (isHealthCheck) lanes.clear();
    await openLanes(lanes, deps, deadline);
    const failures = [...lanes.values()].filter((lane) => lane instanceof IngestError);
    if (failures[0] && (isHealthCheck || failures.length === lanes.size)) throw failures[0];
    return isHealthCheck ? { batchItemFailures: [] } : ingestBatch(event.Records, { ...deps, lanes }, deadline);
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

type Lanes = Map<Pipeline, Lane | IngestError>;

/** Compares keys and declarations with the database, once per container. A lane that does not open is tried again at the next invocation. */
async function openLanes(lanes: Lanes, { queue, masking, openStore }: HandlerDeps, deadline: Deadline): Promise<void> {
  const shared: Masking = masking.mode === "hmac" ? { ...masking, masterKey: rememberMacs(masking.masterKey) } : masking;
  const open = async (pipeline: Pipeline): Promise<Lane> => {
    const { tokenize, proofs } = await openMasks(pipeline, shared, deadline);
    const store = openStore(pipeline);
    await store.check(proofs, deadline);
    return { tokenize, store };
  };
  for (const pipeline of queue.pipelines) if (!isOpen(lanes.get(pipeline))) lanes.set(pipeline, await open(pipeline).catch(toIngestError));
}
