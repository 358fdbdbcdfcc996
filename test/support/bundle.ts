import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../../infra/bundle.ts";

/** The folder that Lambda unpacks, with index.js in it. */
export interface Bundle {
  readonly folder: string;
  remove(): void;
}

/** Bundles the ingest function as it is deployed. */
export async function bundleFunction(): Promise<Bundle> {
  const made = createFolder();
  await bundle("ingest", made.folder);
  return made;
}

/** Bundles a function that a test writes. @param source CommonJS that sets `exports.handler` */
export function bundleSource(source: string): Bundle {
  const made = createFolder();
  writeFileSync(join(made.folder, "index.js"), source);
  return made;
}

function createFolder(): Bundle {
  const folder = mkdtempSync(join(tmpdir(), "masqueue-bundle-"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
