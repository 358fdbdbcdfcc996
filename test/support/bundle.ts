import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** What Lambda unpacks: one folder with index.js in it. */
export interface Bundle {
  readonly folder: string;
  remove(): void;
}

/** The function, bundled as it is deployed: one CommonJS file without packages beside it. */
export async function bundleFunction(): Promise<Bundle> {
  const bundle = emptyBundle();
  await build({
    entryPoints: [fileURLToPath(new URL("../../lambda/ingest.ts", import.meta.url))],
    outfile: join(bundle.folder, "index.js"),
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node24",
    mainFields: ["module", "main"],
    // Only loaded by those who ask for the native client.
    external: ["pg-native"],
    logLevel: "error",
  });
  return bundle;
}

/** A function of the test's own. @param source CommonJS that sets `exports.handler` */
export function bundleSource(source: string): Bundle {
  const bundle = emptyBundle();
  writeFileSync(join(bundle.folder, "index.js"), source);
  return bundle;
}

function emptyBundle(): Bundle {
  const folder = mkdtempSync(join(tmpdir(), "masqueue-bundle-"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
