import pg from "pg";
import { pipelines } from "../../lambda/pipelines/index.ts";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { readCatalogue } from "../../lambda/postgres/catalogue.ts";
import { listFiles, MIGRATIONS } from "../../lambda/schema/folders.ts";
import * as errors from "../errors.ts";
import { findQueue } from "../run/container.ts";
import { diffTable, formatMigration, type TableDiff } from "../tables/diff.ts";
import { resolveDataDir } from "../targets/data-dir.ts";
import { migrateTarget, openRequiredPostgres, withClient } from "../targets/postgres.ts";
import { checkInterrupted } from "../terminal/signals.ts";

interface Options {
  pipeline?: string;
  env: boolean;
  json: boolean;
  data?: string;
}

/**
 * Compares declarations with their tables, and changes neither. Prints the differences on stderr, and on stdout the migration that ends
 * them: `masqueue diff > FILE` makes a file of lambda/custom/migrations.
 * @returns 0 if nothing differs, else 1
 */
export async function diff({ pipeline, env, json, data }: Options): Promise<number> {
  const named = pipeline === undefined ? Object.values(pipelines) : findQueue(pipeline).pipelines;
  const compared = Object.values(pipelines).filter(({ table }) => named.some((one) => one.table === table));
  await using postgres = await openRequiredPostgres(resolveDataDir(data), env);
  console.error(`Postgres   ${postgres.label}`);
  checkInterrupted();
  if (postgres.isEmbedded) await migrateTarget(postgres);
  const diffs = await withClient(postgres, async (client) => {
    const pending = await listPending(client);
    if (pending.length > 0) throw errors.pendingMigrations(pending);
    return readDiffs(client, compared);
  });
  const migration = formatMigration(diffs);
  const equal = diffs.every(({ changes, byHand }) => changes.length + byHand.length === 0);
  if (json) {
    console.log(JSON.stringify({ equal, tables: diffs, migration }));
  } else {
    for (const line of diffs.flatMap(formatDiff)) console.error(line);
    if (migration !== null) console.log(migration);
  }
  return equal ? 0 : 1;
}

/** Compares pipelines with their tables. @param compared those of one table are compared together */
export async function readDiffs(client: pg.Client, compared: readonly Pipeline[]): Promise<TableDiff[]> {
  const diffs: TableDiff[] = [];
  for (const pipeline of mergeByTable(compared)) {
    const catalogue = await readCatalogue(client, pipeline);
    const isAsked = !catalogue.hasKey || catalogue.columns.some(({ comment }) => comment === null);
    const hasRows = catalogue.exists && isAsked && (await findRow(client, pipeline.table));
    diffs.push(diffTable(catalogue, pipeline, hasRows));
  }
  return diffs;
}

/** Several pipelines may fill one table: it then has the columns of all. */
function mergeByTable(compared: readonly Pipeline[]): Pipeline[] {
  return [...Map.groupBy(compared, ({ table }) => table).values()].map((sharers) => {
    const columns = sharers.flatMap((pipeline) => pipeline.columns);
    const first = columns.filter(({ name }, i) => columns.findIndex((column) => column.name === name) === i);
    return { ...(sharers[0] as Pipeline), columns: first };
  });
}

async function findRow(client: pg.Client, table: string): Promise<boolean> {
  return (await client.query(`SELECT FROM ${pg.escapeIdentifier(table)} LIMIT 1`)).rowCount === 1;
}

const [UNDEFINED_TABLE, INSUFFICIENT_PRIVILEGE] = ["42P01", "42501"];

/** Lists the migrations that have not run. A role that may not read the history is shown the tables as they are. */
async function listPending(client: pg.Client): Promise<string[]> {
  const pending: string[] = [];
  for (const folder of MIGRATIONS) {
    const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${folder.history}`).catch((error: unknown) => {
      if (error instanceof pg.DatabaseError && error.code === UNDEFINED_TABLE) return { rows: [] };
      if (error instanceof pg.DatabaseError && error.code === INSUFFICIENT_PRIVILEGE)
        return { rows: listFiles(folder).map((name) => ({ name })) };
      throw error;
    });
    pending.push(...listFiles(folder).filter((name) => !rows.some((row) => row.name === name)));
  }
  return pending;
}

function formatDiff({ table, changes, byHand, notes, grants }: TableDiff): string[] {
  const differences = changes.length + byHand.length;
  return [
    `${table}: ${differences === 0 ? "equal" : "differs"}`,
    ...changes.map(({ text }) => `  ${text}`),
    ...byHand.map((text) => `  by hand: ${text}`),
    ...notes.map((text) => `  note: ${text}`),
    ...(grants ? ["  the function's rights, for a file of lambda/custom/grants:", ...grants.split("\n").map((line) => `    ${line}`)] : []),
  ];
}
