import type { Client, ClientConfig } from "pg";
import { IngestError } from "../errors.ts";
import { pipelines as allPipelines } from "../pipelines/index.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import { explained, MigrationError } from "./error.ts";
import { assertMakesNoTables, checkExcess } from "./excess-privileges.ts";
import { GRANTS, MIGRATIONS, namesIn, ROLES_FOLDER } from "./folders.ts";
import { checkGrants } from "./missing-privileges.ts";
import { migrate } from "./runner.ts";
import { LoginRefused, type SessionOptions, session } from "./session.ts";

export interface SchemaDeps {
  /** How the role that owns the tables logs in. */
  readonly postgres: ClientConfig;
  /** The logins of one who may make roles, by password and then by token, tried in turn; asked for only where there are roles to make, absent where people make them. */
  readonly admin?: (() => Promise<readonly AdminLogin[]>) | undefined;
  /** @default every pipeline of lambda/pipelines */
  readonly pipelines?: readonly Pipeline[];
  /** Where the folders of SQL lie. @default beside this page */
  readonly base?: URL | undefined;
  /** Between tries of a connection or login that is refused, in milliseconds. @default a quarter of a minute in all */
  readonly pauses?: readonly number[];
}

export type AdminLogin = Required<Pick<ClientConfig, "user" | "password">>;

/** A server may be restarting; an IAM policy that was made a moment ago is not known everywhere yet. */
const PAUSES = [1_000, 2_000, 4_000, 8_000];

const HELP = {
  admin: "Check the secret that ADMIN_SECRET names: it must hold the user name and password of the master user.",
  adminByToken:
    "Neither the password in the secret that ADMIN_SECRET names is taken nor an IAM token. Who has made the roles may be a member of rds_iam through them, and then RDS takes a token alone: let this function's IAM role rds-db:connect as that user (database.adminUser in the configuration), or run the files of lambda/schema/sql/roles/ by hand with a token (docs/deploy.md).",
  made: "The role is there: check that the database has IAM authentication on, and that this function's IAM role may rds-db:connect to it as that role.",
  byHand:
    "If the role is missing, run the files of lambda/schema/sql/roles/ as the master user, or set ADMIN_SECRET to the master user's secret (docs/deploy.md).",
};

/**
 * All that a deployment needs in the database: the roles where they are missing, the migrations, the grants; then it makes sure that the
 * ingest role may write each pipeline's table and do nothing else. A second run does nothing.
 * @returns the names of the files that ran
 * @throws MigrationError or IngestError, with a sentence that tells what to do
 */
export async function updateSchema(parts: SchemaDeps): Promise<string[]> {
  const { postgres, admin, base, pipelines = Object.values(allPipelines), pauses = PAUSES } = parts;
  try {
    const made = await makeRoles(parts);
    const help = admin ? HELP.made : HELP.byHand;
    const applied = await session(postgres, { help, pauses, isPatient: true }, async (client) => {
      const names = await migrate(client, { folders: [...MIGRATIONS, ...GRANTS], base });
      await checkGrants(client, pipelines);
      // What a newer release gives, and this one would call too much, is left alone: older code must deploy.
      if (!(await isAhead(client, base))) await checkExcess(client, pipelines);
      await assertMakesNoTables(client);
      return names;
    });
    return [...made, ...applied];
  } catch (error) {
    if (error instanceof MigrationError || error instanceof IngestError) throw error;
    // Of a foreign error the text alone: whoever prints the error itself prints its `detail`, which quotes rows.
    throw new MigrationError(explained(error).message);
  }
}

/** Runs what is new in `roles/` as the admin; without one, roles that were made by hand are taken as they are. */
async function makeRoles({ postgres, admin, base, pauses = PAUSES }: SchemaDeps): Promise<string[]> {
  const pending = await session(postgres, { help: "", pauses }, (client) => pendingRoles(client, base)).catch((error: unknown) => {
    if (error instanceof LoginRefused) return null;
    throw error;
  });
  if (pending?.length === 0) return [];
  if (admin) {
    const logins = await admin();
    const help = logins.length > 1 ? HELP.adminByToken : HELP.admin;
    return asAdmin(postgres, logins, { help, pauses }, (client) => migrate(client, { folders: [ROLES_FOLDER], base }));
  }
  if (pending)
    throw new MigrationError(
      `New in lambda/schema/sql/roles/: ${pending.join(", ")}. Set ADMIN_SECRET to the master user's secret, so that this function can run it (docs/deploy.md).`,
    );
  return [];
}

async function asAdmin<T>(
  postgres: ClientConfig,
  [login, ...more]: readonly AdminLogin[],
  options: SessionOptions,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  return session({ ...postgres, ...login }, options, work).catch((error: unknown) => {
    if (error instanceof LoginRefused && more.length > 0) return asAdmin(postgres, more, options, work);
    throw error;
  });
}

/** The files of `roles/` that have not run; null where nobody knows, because all were run by hand. */
async function pendingRoles(client: Client, base: URL | undefined): Promise<string[] | null> {
  const { rows: found } = await client.query("SELECT WHERE has_table_privilege(to_regclass($1), 'SELECT')", [
    `public.${ROLES_FOLDER.history}`,
  ]);
  if (found.length === 0) return null;
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM public.${ROLES_FOLDER.history}`);
  const done = new Set(rows.map(({ name }) => name));
  return namesIn(ROLES_FOLDER, base).filter((name) => !done.has(name));
}

/** Whether grants have run whose files are not here. */
async function isAhead(client: Client, base: URL | undefined): Promise<boolean> {
  for (const folder of GRANTS) {
    const { rows: found } = await client.query("SELECT WHERE to_regclass($1) IS NOT NULL", [folder.history]);
    if (found.length === 0) continue;
    const { rows } = await client.query(`SELECT FROM ${folder.history} WHERE name <> ALL ($1) LIMIT 1`, [namesIn(folder, base)]);
    if (rows.length > 0) return true;
  }
  return false;
}
