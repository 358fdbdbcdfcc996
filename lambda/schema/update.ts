import type { Client, ClientConfig } from "pg";
import { IngestError, LoginRefused, MigrationError, rolesPending } from "../errors.ts";
import { pipelines as allPipelines } from "../pipelines/index.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import { checkCreatesNoTables, checkExcessPrivileges } from "./excess-privileges.ts";
import { GRANTS, listFiles, MIGRATIONS, ROLES_FOLDER } from "./folders.ts";
import { checkMissingPrivileges } from "./missing-privileges.ts";
import { describeRefusal } from "./refusal.ts";
import { migrate } from "./runner.ts";
import { type SessionOptions, withSession } from "./session.ts";

export interface SchemaDeps {
  /** The login of the role that owns the tables. */
  readonly postgres: ClientConfig;
  /**
   * Reads the logins of a user that may create roles, by password and then by token; they are tried in turn. Called only if there are
   * roles to create; absent if people create them.
   */
  readonly admin?: (() => Promise<readonly AdminLogin[]>) | undefined;
  /** @default every pipeline of lambda/pipelines */
  readonly pipelines?: readonly Pipeline[];
  /** The place of the folders of SQL. @default beside this file */
  readonly base?: URL | undefined;
  /** Milliseconds before each further attempt after a refused connection or login. @default a quarter of a minute in all */
  readonly pauses?: readonly number[];
}

export type AdminLogin = Required<Pick<ClientConfig, "user" | "password">>;

/** A server may be restarting; a new IAM policy is not in force everywhere at once. */
const PAUSES = [1_000, 2_000, 4_000, 8_000];

/**
 * Does all that a deployment needs in the database: creates the missing roles, runs the migrations and the grants, and then checks that
 * the ingest role may write each pipeline's table and do nothing else. A second run does nothing.
 * @returns the names of the files that ran
 * @throws MigrationError or IngestError, each with what to do
 */
export async function updateSchema(deps: SchemaDeps): Promise<string[]> {
  const { postgres, admin, base, pipelines = Object.values(allPipelines), pauses = PAUSES } = deps;
  try {
    const roles = await createRoles(deps);
    const help = admin ? "roleCreated" : "roleByHand";
    const applied = await withSession(postgres, { help, pauses, retriesLogin: true }, async (client) => {
      const names = await migrate(client, { folders: [...MIGRATIONS, ...GRANTS], base });
      await checkMissingPrivileges(client, pipelines);
      // A newer release may grant more than this one allows, and older code must deploy.
      if (!(await isAhead(client, base))) await checkExcessPrivileges(client, pipelines);
      await checkCreatesNoTables(client);
      return names;
    });
    return [...roles, ...applied];
  } catch (error) {
    if (error instanceof MigrationError || error instanceof IngestError) throw error;
    // Keeps only the text: printing the error itself would print its `detail`, which quotes rows.
    throw new MigrationError(describeRefusal(error).message);
  }
}

/** Runs what is new in `roles/` as the admin; without one, roles that were created by hand are left as they are. */
async function createRoles({ postgres, admin, base, pauses = PAUSES }: SchemaDeps): Promise<string[]> {
  const pending = await withSession(postgres, { pauses }, (client) => listPendingRoles(client, base)).catch((error: unknown) => {
    if (error instanceof LoginRefused) return null;
    throw error;
  });
  if (pending?.length === 0) return [];
  if (admin) {
    const logins = await admin();
    const help = logins.length > 1 ? "adminByToken" : "admin";
    return asAdmin(postgres, logins, { help, pauses }, (client) => migrate(client, { folders: [ROLES_FOLDER], base }));
  }
  if (pending) throw rolesPending(pending);
  return [];
}

async function asAdmin<T>(
  postgres: ClientConfig,
  [login, ...more]: readonly AdminLogin[],
  options: SessionOptions,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  return withSession({ ...postgres, ...login }, options, work).catch((error: unknown) => {
    if (error instanceof LoginRefused && more.length > 0) return asAdmin(postgres, more, options, work);
    throw error;
  });
}

/** Lists the files of `roles/` that have not run; null if there is no history, because all were run by hand. */
async function listPendingRoles(client: Client, base: URL | undefined): Promise<string[] | null> {
  const done = await readHistory(client, `public.${ROLES_FOLDER.history}`);
  return done && listFiles(ROLES_FOLDER, base).filter((name) => !done.includes(name));
}

/** Whether grants have run whose files are not here. */
async function isAhead(client: Client, base: URL | undefined): Promise<boolean> {
  for (const folder of GRANTS) {
    const files = listFiles(folder, base);
    if ((await readHistory(client, folder.history))?.some((name) => !files.includes(name))) return true;
  }
  return false;
}

/** Reads which files have run; null if the table does not exist or this role may not read it. */
async function readHistory(client: Client, table: string): Promise<string[] | null> {
  const { rowCount } = await client.query("SELECT WHERE has_table_privilege(to_regclass($1), 'SELECT')", [table]);
  if (rowCount === 0) return null;
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${table}`);
  return rows.map(({ name }) => name);
}
