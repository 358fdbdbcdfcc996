import { existsSync, rmSync } from "node:fs";
import { stopLeftover } from "../emulators/postgres/server.ts";
import * as errors from "../errors.ts";
import { resolveDataDir } from "../targets/data-dir.ts";

/** Removes the embedded database with its key. @returns the exit code @throws UserError if another run uses it */
export async function reset(options: { data?: string }): Promise<number> {
  const { embedded } = resolveDataDir(options.data);
  if (!(await stopLeftover(embedded))) throw errors.databaseInUse();
  const isThere = existsSync(embedded);
  rmSync(embedded, { recursive: true, force: true });
  console.log(isThere ? `Removed ${embedded}.` : `There is nothing to remove at ${embedded}.`);
  return 0;
}
