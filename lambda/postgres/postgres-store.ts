import type { Client } from "pg";
import type { Deadline } from "../deadline.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import type { SettledRow } from "../rows/outcome.ts";
import type { Findings, KeyProof, RowBatch, RowStore } from "../rows/row-store.ts";
import type { Database } from "./database.ts";
import { appendFindings } from "./findings.ts";
import { checkMaskKeys } from "./mask-keys.ts";
import { storeRows } from "./store-rows.ts";
import { describeTable } from "./table.ts";
import { checkTable } from "./table-check.ts";

declare module "pg" {
  /** A member of pg that its types omit. */
  interface Client {
    /** The server process that was announced at login. */
    readonly processID: number | null;
  }
}

/** A pipeline's table in Postgres. */
export class PostgresStore implements RowStore {
  readonly #database: Database;
  readonly #pipeline: Pipeline;
  /** Until it is checked, the safe assumption. */
  #isPooled = true;

  constructor(database: Database, pipeline: Pipeline) {
    this.#database = database;
    this.#pipeline = pipeline;
  }

  async check(proofs: readonly KeyProof[], deadline: Deadline): Promise<void> {
    await this.#database.run(async (client) => {
      await checkTable(client, this.#pipeline);
      await checkMaskKeys(client, proofs);
      this.#isPooled = await isPooled(client);
    }, deadline);
  }

  async storeRows(batch: RowBatch, deadline: Deadline): Promise<readonly SettledRow[]> {
    // PgBouncer does not release the server's connection after a COPY whose rows arrive before the server has asked for them, as ours do.
    return storeRows(this.#database, describeTable(this.#pipeline), batch, !this.#isPooled, deadline);
  }

  async appendFindings(findings: Findings, deadline: Deadline): Promise<void> {
    await this.#database.run((client) => appendFindings(client, findings), deadline);
  }
}

/** Whether there is a pooler: the process that answers is not the one that was announced at login. */
export async function isPooled(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]?.pid !== client.processID;
}
