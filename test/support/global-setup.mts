import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, startPostgres } from "../../local/emulators/postgres/server.ts";

declare global {
  var testPostgres: EmbeddedPostgres;
}

/** Starts one server for all tests; each test file creates its own databases in it. */
export default async function setUp(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "masqueue-test-"));
  // Durability costs time and no test pulls the plug.
  globalThis.testPostgres = await startPostgres(dataDir, ["fsync=off", "max_connections=200"]);
  process.env.TEST_POSTGRES = JSON.stringify({ config: globalThis.testPostgres.config, dataDir, logFile: globalThis.testPostgres.logFile });
}
