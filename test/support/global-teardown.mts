import { rmSync } from "node:fs";

export default async function tearDown(): Promise<void> {
  await globalThis.testPostgres.stop();
  const { dataDir } = JSON.parse(process.env.TEST_POSTGRES ?? "{}") as { dataDir: string };
  rmSync(dataDir, { recursive: true, force: true });
}
