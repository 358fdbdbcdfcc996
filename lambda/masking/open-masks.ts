import type { Deadline } from "../deadline.ts";
import * as errors from "../errors.ts";
import { listIdentifiers, type Pipeline } from "../pipelines/pipeline.ts";
import type { KeyProof } from "../rows/row-store.ts";
import { computeCheckValue, deriveKeys, type MasterKey } from "./keys.ts";
import { createHmacTokenizer, sha256Tokenizer, type Tokenizer } from "./tokens.ts";

/** The masking of a function: with a secret key, or reversibly, to match the rows of a legacy table. */
export type Masking = { readonly mode: "hmac"; readonly masterKey: MasterKey } | { readonly mode: "sha256" };

/**
 * Derives the keys of a pipeline's identifiers.
 * @returns the tokenizer, and the proofs of its keys
 * @throws IngestError `mask_key_unavailable`, at the latest at the deadline; nothing is remembered, so the next invocation tries again
 */
export async function openMasks(
  pipeline: Pipeline,
  masking: Masking,
  deadline: Deadline,
): Promise<{ tokenize: Tokenizer; proofs: readonly KeyProof[] }> {
  const identifiers = listIdentifiers(pipeline);
  if (masking.mode === "sha256") {
    return { tokenize: sha256Tokenizer, proofs: identifiers.flatMap((identifier) => prove(pipeline, identifier, "sha256", "none")) };
  }
  const keys = await deadline.limit(deriveKeys(masking.masterKey, identifiers, pipeline.domain), errors.maskKeyLate());
  const proofs = [...keys].flatMap(([identifier, key]) => prove(pipeline, identifier, "v1", computeCheckValue(key)));
  return { tokenize: createHmacTokenizer(keys), proofs };
}

/** Makes two proofs: one for the domain, whose tables can be joined, and one for the table, whose domain must not change. */
function prove({ domain, table }: Pipeline, identifier: string, version: string, value: string): KeyProof[] {
  const inDomain = domain === "main" ? identifier : `${domain}/${identifier}`;
  return [inDomain, `${table}.${identifier}`].map((name) => ({ identifier: name, version, checkValue: value }));
}
