import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { bundle, COMMON } from "../../infra/bundle.ts";

/** What Lambda unpacks, and what it is made of. */
export interface BuiltFunction {
  readonly folder: string;
  /** Of the code, without its source map. */
  readonly bytes: number;
  /** The inputs that take most bytes of it, largest first. */
  readonly largest: readonly { readonly path: string; readonly bytes: number }[];
}

type Inputs = Readonly<Record<string, { readonly bytesInOutput: number }>>;

const SHOWN = 5;

/** The function as it is deployed. */
export async function bundleFunction(folder: string): Promise<BuiltFunction> {
  const { metafile } = await bundle("ingest", folder);
  const code = Object.entries(metafile.outputs).find(([path]) => path.endsWith("index.js"));
  return built(folder, code?.[1].inputs ?? {});
}

/** A handler of this folder, bundled with the function's own options. @param name e.g. "empty" */
export async function bundleRival(name: string, folder: string): Promise<BuiltFunction> {
  const { metafile } = await build({
    ...COMMON,
    entryPoints: [fileURLToPath(new URL(`${name}.ts`, import.meta.url))],
    outfile: join(folder, "index.js"),
    format: "cjs",
    metafile: true,
  });
  return built(folder, Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint)?.inputs ?? {});
}

/** A folder for bundles that goes when the work is done. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "masqueue-bench-bundle-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function built(folder: string, inputs: Inputs): Promise<BuiltFunction> {
  const largest = Object.entries(inputs)
    .map(([path, { bytesInOutput }]) => ({ path, bytes: bytesInOutput }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, SHOWN);
  return { folder, bytes: (await stat(join(folder, "index.js"))).size, largest };
}
