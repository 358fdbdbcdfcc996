import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClientConfig } from "pg";
import { toQueue } from "../../lambda/pipelines/queue.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { FileProgress } from "../../local/load/file-progress.ts";
import { CONTAINERS, createLineContainer } from "../../local/load/line-container.ts";
import { loadFile } from "../../local/load/load-file.ts";
import { toLoadQueue } from "../../local/load/load-queue.ts";
import { LoadTotals } from "../../local/load/load-totals.ts";
import type { Batch } from "./batches.ts";
import { DAY } from "./logins.ts";
import { masterKey } from "./rows.ts";
import type { Writer } from "./writers.ts";

const SENT = Date.parse(DAY);

/** The contents of a file by its type. The first record of a CSV file is in line 2, so the other file begins with a blank line. */
const FORMATS = {
  jsonl: (bodies: readonly string[]) => `\n${bodies.join("\n")}\n`,
  csv(bodies: readonly string[]) {
    const rows = bodies.map((body) => JSON.parse(body) as Record<string, string | null>);
    return [Object.keys(rows[0] ?? {}), ...rows.map(Object.values)].map((cells) => `${cells.join(",")}\n`).join("");
  },
};

/** Opens `masqueue load` in this process, connected and with its table checked. Its ids are those of the batches. */
export async function openLoad(config: ClientConfig, table: string, type: keyof typeof FORMATS): Promise<Writer> {
  const folder = mkdtempSync(join(tmpdir(), "masqueue-load-"));
  const queue = toLoadQueue(toQueue({ ...userLogins, table }));
  const masking = { mode: "hmac", masterKey } as const;
  const containers = Array.from({ length: CONTAINERS }, () => createLineContainer(queue, { config }, masking, new LoadTotals()));
  for (const container of containers) await container.check();
  const toPath = (name: string) => join(folder, `${name}.${type}`);
  return {
    table,
    async before(batches, name) {
      const bodies = batches.flatMap(({ event }: Batch) => event.Records.map(({ body }) => body));
      writeFileSync(toPath(name), FORMATS[type](bodies));
    },
    async writeAll(_batches, name) {
      const progress = new FileProgress(folder, [name], `${toPath(name)}.rejected.jsonl`);
      await loadFile(toPath(name), { name, queue, sent: SENT }, { containers, progress, signal: new AbortController().signal });
    },
  };
}
