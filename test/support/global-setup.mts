import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, startPostgres } from "../../local/emulators/postgres/server.ts";

declare global {
  var testPostgres: EmbeddedPostgres;
}

/** One server for all tests; each test file makes databases of its own in it. */
export default async function setUp(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "masqueue-test-"));
  // Durability costs time and no test pulls the plug.
  globalThis.testPostgres = await startPostgres(home, ["fsync=off", "max_connections=200"]);
  process.env.TEST_POSTGRES = JSON.stringify({ config: globalThis.testPostgres.config, home, logFile: globalThis.testPostgres.logFile });
}
