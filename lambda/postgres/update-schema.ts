import type { Client, ClientConfig } from "pg";
import { IngestError } from "../errors.ts";
import { pipelines as allPipelines } from "../pipelines/index.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import { checkGrants } from "./check-grants.ts";
import { GRANTS, MIGRATIONS, namesIn, ROLES_FOLDER } from "./folders.ts";
import { MigrationError, migrate } from "./migrate.ts";
import { LoginRefused, session } from "./session.ts";

export interface SchemaParts {
  /** How the role that owns the tables logs in. */
  readonly postgres: ClientConfig;
  /** The logins of one who may make roles, tried in turn; asked for only where there are roles to make, absent where people make them. */
  readonly admin?: (() => Promise<readonly AdminLogin[]>) | undefined;
  /** @default every pipeline of lambda/pipelines */
  readonly pipelines?: readonly Pipeline[];
  /** Where the folders of SQL lie. @default beside this page */
  readonly base?: URL | undefined;
  /** Between tries of a login that is refused, in milliseconds. @default a quarter of a minute in all */
  readonly pauses?: readonly number[];
}

export type AdminLogin = Required<Pick<ClientConfig, "user" | "password">>;

/** An IAM policy that was made a moment ago is not known everywhere yet. */
const PAUSES = [1_000, 2_000, 4_000, 8_000];

const HELP = {
  admin: "Check the secret that ADMIN_SECRET names: it must hold the user name and password of the master user.",
  made: "The role is there: check that the database has IAM authentication on, and that this function's IAM role may rds-db:connect to it as that role.",
  byHand:
    "If the role is missing, run the files of lambda/postgres/roles/ as the master user, or set ADMIN_SECRET to the master user's secret (docs/deploy.md).",
};

/**
 * All that a deployment needs in the database: the roles where they are missing, the migrations, the grants; then it makes sure that the
 * ingest role may write each pipeline's table. A second run does nothing.
 * @returns the names of the files that ran
 * @throws MigrationError or IngestError, with a sentence that tells what to do
 */
export async function updateSchema(parts: SchemaParts): Promise<string[]> {
  const { postgres, admin, base, pipelines = Object.values(allPipelines), pauses = PAUSES } = parts;
  try {
    const made = await makeRoles(parts);
    const help = admin ? HELP.made : HELP.byHand;
    const applied = await session(postgres, { help, pauses }, async (client) => {
      const names = await migrate(client, { folders: [...MIGRATIONS, ...GRANTS], base });
      await checkGrants(client, pipelines);
      return names;
    });
    return [...made, ...applied];
  } catch (error) {
    if (error instanceof MigrationError || error instanceof IngestError) throw error;
    // Of a foreign error the text alone: whoever prints the error itself prints its `detail`, which quotes rows.
    throw new MigrationError(error instanceof Error ? error.message : String(error));
  }
}

/** Runs what is new in `roles/` as the admin; without one, roles that were made by hand are taken as they are. */
async function makeRoles({ postgres, admin, base }: SchemaParts): Promise<string[]> {
  const pending = await session(postgres, { help: "" }, (client) => pendingRoles(client, base)).catch((error: unknown) => {
    if (error instanceof LoginRefused) return null;
    throw error;
  });
  if (pending?.length === 0) return [];
  if (admin) return asAdmin(postgres, await admin(), (client) => migrate(client, { folders: [ROLES_FOLDER], base }));
  if (pending)
    throw new MigrationError(
      `New in lambda/postgres/roles/: ${pending.join(", ")}. Set ADMIN_SECRET to the master user's secret, so that this function can run it (docs/deploy.md).`,
    );
  return [];
}

async function asAdmin<T>(
  postgres: ClientConfig,
  [login, ...more]: readonly AdminLogin[],
  work: (client: Client) => Promise<T>,
): Promise<T> {
  return session({ ...postgres, ...login }, { help: HELP.admin }, work).catch((error: unknown) => {
    if (error instanceof LoginRefused && more.length > 0) return asAdmin(postgres, more, work);
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
