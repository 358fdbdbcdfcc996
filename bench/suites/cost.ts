import type { PartResult } from "../bench.ts";
import { type Figure, figure } from "../figures.ts";

/**
 * Published prices in us-east-1, in dollars, as of March 2026, without free tiers and discounts.
 * https://aws.amazon.com/lambda/pricing, https://aws.amazon.com/sqs/pricing, https://aws.amazon.com/kms/pricing
 */
const PRICES = {
  date: "March 2026",
  lambdaRequest: 0.2 / 1e6,
  /** arm64. */
  lambdaGigabyteSecond: 0.0000133334,
  /** Standard queue; a request carries up to 64 kB. */
  sqsRequest: 0.4 / 1e6,
  kmsRequest: 0.03 / 1e4,
} as const;

/** Megabytes that have one whole core; less memory has that share of one. */
const WHOLE_CORE = 1_769;
const MEMORY = 512;

/** Messages that a receive or a delete takes. */
const MESSAGES_A_REQUEST = 10;
const KMS_CALLS_A_START = 2;
/** An assumption: containers live for hours. */
const INVOCATIONS_A_START = 1_000;

const SIZES = [10, 100, 1_000] as const;

/** Part F: dollars for a million messages, from what part A measured. */
export function runCost(measured: readonly Figure[]): PartResult {
  const figures = SIZES.flatMap((size) => {
    const group = `batches of ${size.toLocaleString("en")}`;
    const find = (name: string) => measured.find((one) => one.part === "A" && one.group === group && one.name === name);
    const [wall, cpu] = [find("function, a batch"), find("function, its processor time a batch")];
    return wall && cpu ? costsOf(size, wall, cpu) : [];
  });
  const notes = [
    `Prices of ${PRICES.date}, us-east-1, arm64, without free tiers. A function of ${MEMORY} MB has ${((MEMORY / WHOLE_CORE) * 100).toFixed(0)} % of a core: its processor time counts ${(WHOLE_CORE / MEMORY).toFixed(1)} times. A start for each ${INVOCATIONS_A_START} invocations, with ${KMS_CALLS_A_START} calls to KMS.`,
  ];
  return { figures, notes: figures.length > 0 ? notes : [] };
}

function costsOf(size: number, wall: Figure, cpu: Figure): Figure[] {
  const where = { part: "F", group: `batches of ${size.toLocaleString("en")}`, unit: "$" } as const;
  const lambda = (["median", "min", "max"] as const).map((which) => (1e6 / size) * invocationCost(wall[which], cpu[which]));
  const sqs = ((2 * 1e6) / MESSAGES_A_REQUEST) * PRICES.sqsRequest;
  const kms = (1e6 / size / INVOCATIONS_A_START) * KMS_CALLS_A_START * PRICES.kmsRequest;
  return [
    figure(where, "Lambda", lambda),
    figure(where, "SQS, receiving and deleting", [sqs]),
    figure(where, "KMS", [kms]),
    figure(
      where,
      "all, for a million messages",
      lambda.map((dollars) => dollars + sqs + kms),
    ),
  ];
}

/** Dollars. @param wall milliseconds of a batch on a whole core @param cpu milliseconds of it that the function's process computed */
function invocationCost(wall: number, cpu: number): number {
  const waiting = Math.max(0, wall - cpu);
  const billed = Math.max(1, Math.ceil(waiting + cpu * (WHOLE_CORE / MEMORY)));
  return PRICES.lambdaRequest + (billed / 1000) * (MEMORY / 1024) * PRICES.lambdaGigabyteSecond;
}
