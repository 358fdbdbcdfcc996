import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../../infra/bundle.ts";

/** What Lambda unpacks: one folder with index.js in it. */
export interface Bundle {
  readonly folder: string;
  remove(): void;
}

/** The function, bundled as it is deployed. */
export async function bundleFunction(): Promise<Bundle> {
  const made = emptyBundle();
  await bundle("ingest", made.folder);
  return made;
}

/** A function of the test's own. @param source CommonJS that sets `exports.handler` */
export function bundleSource(source: string): Bundle {
  const made = emptyBundle();
  writeFileSync(join(made.folder, "index.js"), source);
  return made;
}

function emptyBundle(): Bundle {
  const folder = mkdtempSync(join(tmpdir(), "masqueue-bundle-"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
