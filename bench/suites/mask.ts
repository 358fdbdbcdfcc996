import { createHmac, type KeyObject } from "node:crypto";
import type { SQSEvent } from "aws-lambda";
import type { MaskedRow } from "../../lambda/ingest/mask.ts";
import type { Bench, PartResult } from "../bench.ts";
import { figure } from "../figures.ts";
import { interleave, ratesOf } from "../measure.ts";
import { type Batch, batchOf, newBatches } from "../support/batches.ts";
import { tallyOf, WrongRows } from "../support/expected.ts";
import { maskKeys } from "../support/masks.ts";
import { maskAll } from "../support/path.ts";
import { planFor } from "../support/plan.ts";

const SIZE = 10_000;

/** Part B: parse, canonicalise and mask, against the least that could do it. */
export async function runMask({ scale, say }: Bench): Promise<PartResult> {
  say(`${SIZE.toLocaleString("en")} bodies`);
  let batch: Batch = batchOf([]);
  let rows: readonly MaskedRow[] = [];
  const [ipKey, deviceKey] = [keyOf("ip"), keyOf("device_id")];
  const variants = [
    {
      name: "mask",
      batches: 1,
      async run() {
        rows = maskAll(batch.event);
      },
    },
    {
      name: "limit",
      batches: 1,
      async run() {
        bareMasks(batch.event, ipKey, deviceKey);
      },
    },
  ];
  const arrange = async () => {
    assertRows(rows, batch);
    batch = newBatches(1, SIZE)[0] as Batch;
  };
  const samples = await interleave(variants, { ...planFor(scale, 15, 25), arrange });
  assertRows(rows, batch);
  const limit = ratesOf(samples, "limit", SIZE);
  const where = { part: "B", group: "parse, canonicalise and mask", unit: "rows/s" } as const;
  return {
    figures: [
      figure(where, "the function's stages", ratesOf(samples, "mask", SIZE), { limit }),
      figure(where, "limit (JSON.parse and two bare HMACs)", limit),
    ],
  };
}

function assertRows(rows: readonly MaskedRow[], { tally }: Batch): void {
  const found = tallyOf(rows);
  if (found.rows !== tally.rows || found.sum !== tally.sum)
    throw new WrongRows(`${found.rows} masked rows are not the ${tally.rows} expected.`);
}

function keyOf(identifier: string): KeyObject {
  const key = maskKeys.get(identifier);
  if (!key) throw new TypeError(`no key for ${identifier}`);
  return key;
}

/** No check of any field, no canonical form, no object for a row. */
function bareMasks({ Records }: SQSEvent, ipKey: KeyObject, deviceKey: KeyObject): void {
  for (const { body } of Records) {
    const { ip, device_id } = JSON.parse(body) as { ip: string; device_id: string };
    createHmac("sha256", ipKey).update(ip).digest("hex");
    createHmac("sha256", deviceKey).update(device_id).digest("hex");
  }
}
