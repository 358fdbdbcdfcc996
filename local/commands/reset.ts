import { existsSync, rmSync } from "node:fs";
import { stopLeftover } from "../emulators/postgres/server.ts";
import { dataDirAt } from "../targets/data-dir.ts";
import { UserError } from "../terminal/errors.ts";

/** Removes the embedded database with its key; refuses while another run uses it. */
export async function reset(options: { data?: string }): Promise<number> {
  const { embedded } = dataDirAt(options.data);
  if (!(await stopLeftover(embedded)))
    throw new UserError("Another run uses the embedded database; end it first (Ctrl-C in its terminal).");
  if (!existsSync(embedded)) {
    console.log(`There is nothing to remove at ${embedded}.`);
    return 0;
  }
  rmSync(embedded, { recursive: true, force: true });
  console.log(`Removed ${embedded}.`);
  return 0;
}
