import { rmSync } from "node:fs";

export default async function tearDown(): Promise<void> {
  await globalThis.testPostgres.stop();
  const { home } = JSON.parse(process.env.TEST_POSTGRES ?? "{}") as { home: string };
  rmSync(home, { recursive: true, force: true });
}
