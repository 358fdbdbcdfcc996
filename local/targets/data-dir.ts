import { createHash, randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { findUnprivilegedUser, isReachable } from "../emulators/postgres/binaries.ts";
import * as errors from "../errors.ts";
import { createOnce } from "../files.ts";

/** The project's root. */
export const ROOT = resolve(import.meta.dirname, "../..");

/** The files that local runs keep. */
export type DataDir = ReturnType<typeof resolveDataDir>;

/** @param data the folder of `--data`; by default an ignored one in the project */
export function resolveDataDir(data: string = join(ROOT, ".masqueue")) {
  const folder = resolve(data);
  return {
    /** The embedded database, its log and its masking key: what `masqueue reset` removes. */
    embedded: resolveEmbedded(folder),
    /** The masking key for databases from the environment; `reset` leaves it, because their rows need it. */
    keyFile: join(folder, "mask.key"),
  };
}

/** Root's Postgres runs under another account. If that cannot enter a private folder, the data lies elsewhere. */
function resolveEmbedded(folder: string): string {
  if (!findUnprivilegedUser() || isReachable(existsSync(folder) ? folder : dirname(folder))) return join(folder, "embedded");
  const elsewhere = `/var/tmp/masqueue-${createHash("sha256").update(folder).digest("hex").slice(0, 12)}`;
  if (existsSync(elsewhere) && statSync(elsewhere).uid !== 0) throw errors.foreignFolder(elsewhere);
  return elsewhere;
}

/** The bytes of a masking key; the first use creates a random one. */
export function readLocalKey(file: string): Buffer {
  return createOnce(file, () => randomBytes(32));
}
