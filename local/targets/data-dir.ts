import { createHash, randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isReachable, unprivileged } from "../emulators/postgres/binaries.ts";
import { UserError } from "../terminal/errors.ts";
import { createOnce } from "./create-once.ts";

/** The project's root. */
export const ROOT = resolve(import.meta.dirname, "../..");

/** Where local runs keep what they keep: an ignored folder of the project unless `--data` names another. */
export interface Home {
  /** The embedded database, its log and its masking key: what `masqueue reset` removes. */
  readonly embedded: string;
  /** The key for databases that the environment names; `reset` leaves it, their rows need it. */
  readonly keyFile: string;
}

export function dataDirAt(data: string = join(ROOT, ".masqueue")): Home {
  const folder = resolve(data);
  return { embedded: reachable(folder), keyFile: join(folder, "mask.key") };
}

/** Root's Postgres runs under another account, which cannot enter a private folder; then the data stands elsewhere. */
function reachable(folder: string): string {
  if (!unprivileged() || isReachable(existsSync(folder) ? folder : dirname(folder))) return join(folder, "embedded");
  const name = createHash("sha256").update(folder).digest("hex").slice(0, 12);
  const elsewhere = `/var/tmp/masqueue-${name}`;
  if (existsSync(elsewhere) && statSync(elsewhere).uid !== 0)
    throw new UserError(`${elsewhere} belongs to somebody else. Use --data with a folder that every user may enter.`);
  return elsewhere;
}

/** The bytes of a masking key; a random one is made at the first use. */
export function localKey(file: string): Buffer {
  return createOnce(file, () => randomBytes(32));
}
