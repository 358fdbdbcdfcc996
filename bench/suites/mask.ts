import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import type { SQSEvent } from "aws-lambda";
import { mask } from "../../lambda/ingest/mask.ts";
import { parse } from "../../lambda/ingest/parse.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { createPlan, interleave, toRates } from "../measure.ts";
import { compare, type Figure } from "../report/figures.ts";
import { makeRecords, toBatch } from "../support/batches.ts";
import { checksumRows, compareChecksums } from "../support/checksum.ts";
import { type Row, SECRET, tokenize } from "../support/rows.ts";
import type { SuiteContext } from "./suite.ts";

const SIZE = 10_000;

/** Parsing and masking alone, against the least that could do it. */
export async function measure({ scale }: SuiteContext): Promise<Figure[]> {
  console.error(`mask: ${SIZE.toLocaleString("en")} messages`);
  const key = createSecretKey(SECRET);
  let batch = toBatch([]);
  let rows: readonly Row[] = [];
  const variants = [
    {
      name: "function",
      batches: 1,
      run: async () => {
        rows = parseAndMask(batch.event);
      },
      after: async () => compareChecksums("The masked batch", checksumRows(rows), batch.checksum),
    },
    { name: "limit", batches: 1, run: async () => hashFields(batch.event, key) },
  ];
  const arrange = async () => {
    batch = toBatch(makeRecords(SIZE));
  };
  const samples = await interleave(variants, { ...createPlan(scale, 15, 25), arrange });
  const limit = toRates(samples, "limit", SIZE);
  return compare({ group: "parse and mask", unit: "rows/s" }, toRates(samples, "function", SIZE), { limit });
}

/** The first two stages of the function's path. */
function parseAndMask({ Records }: SQSEvent): Row[] {
  return Records.flatMap((record, i) => {
    const message = parse(record, userLogins);
    return message.kind === "message" ? [mask(message, [i], userLogins, tokenize).row.cells()] : [];
  });
}

/** Checks no field, reads no address, and makes no row. */
function hashFields({ Records }: SQSEvent, key: KeyObject): void {
  for (const { body } of Records) {
    const { ip, device_id } = JSON.parse(body) as { ip: string; device_id: string };
    createHmac("sha256", key).update(ip).digest("hex");
    createHmac("sha256", key).update(device_id).digest("hex");
  }
}
