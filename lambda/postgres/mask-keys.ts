import type { Client } from "pg";
import * as errors from "../errors.ts";
import type { KeyProof } from "../rows/row-store.ts";

/**
 * Compares the keys with those that masked the existing rows, and registers them at their first use. Another key would split the
 * tokens silently: the same address would get two.
 * @throws IngestError `mask_key_mismatch`, naming the identifiers
 */
export async function checkMaskKeys(client: Client, proofs: readonly KeyProof[]): Promise<void> {
  const known = await readProofs(client, proofs);
  const isKnown = ({ identifier }: KeyProof) => known.has(identifier);
  assertSame(proofs.filter(isKnown), known);
  if (proofs.every(isKnown)) return;
  await registerProofs(
    client,
    proofs.filter((proof) => !isKnown(proof)),
  );
  assertSame(proofs, await readProofs(client, proofs));
}

function assertSame(proofs: readonly KeyProof[], known: ReadonlyMap<string, string>): void {
  const wrong = proofs.filter(({ identifier, version, checkValue }) => known.get(identifier) !== `${version} ${checkValue}`);
  if (wrong.length === 0) return;
  throw errors.maskKeyMismatch([...new Set(wrong.map(({ identifier }) => identifier.replace(/^.*[/.]/, "")))]);
}

async function readProofs(client: Client, proofs: readonly KeyProof[]): Promise<Map<string, string>> {
  const { rows } = await client.query<{ identifier: string; proof: string }>(
    "SELECT identifier, version || ' ' || check_value AS proof FROM mask_keys WHERE identifier = ANY ($1)",
    [proofs.map(({ identifier }) => identifier)],
  );
  return new Map(rows.map(({ identifier, proof }) => [identifier, proof]));
}

/** If two containers start at once, the first proof stays. */
async function registerProofs(client: Client, proofs: readonly KeyProof[]): Promise<void> {
  await client.query(
    `INSERT INTO mask_keys (identifier, version, check_value)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
     ON CONFLICT (identifier) DO NOTHING`,
    [proofs.map((p) => p.identifier), proofs.map((p) => p.version), proofs.map((p) => p.checkValue)],
  );
}
