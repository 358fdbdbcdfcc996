import { existsSync, globSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { ROLES } from "../names.ts";

/** SQL files that run once each, in the order of their names. */
export interface Folder {
  /** From this page; the bundled function keeps its folders at the same places. */
  readonly dir: string;
  /** The table in which node-pg-migrate remembers what has run. */
  readonly history: string;
  /** What its files change, and only the owner may. */
  readonly relations?: readonly string[];
  /** What to do where who runs them lacks a right, a sentence. */
  readonly denied?: string;
}

/** The roles belong to the server and need the master user; the migrations can be run by any owner, also without them. */
export const ROLES_FOLDER: Folder = {
  dir: "./sql/roles",
  history: "masqueue_role_migrations",
  denied: `docs/deploy.md ("A database") says what its user needs. Where another user has made the roles, run the files of lambda/schema/sql/roles/ as that user, or let it: GRANT ${ROLES.migrate}, ${ROLES.ingest} TO this one WITH ADMIN OPTION;`,
};

/** Masqueue's migrations, then the user's own, each with a history of its own, so that both can grow. */
export const MIGRATIONS: readonly Folder[] = [
  {
    dir: "./sql/migrations",
    history: "masqueue_migrations",
    relations: ["user_logins", "rejections", "rejected_messages", "mask_keys"],
  },
  { dir: "../custom/migrations", history: "masqueue_own_migrations" },
];

/** What the roles may do with the tables. */
export const GRANTS: readonly Folder[] = [
  { dir: "./sql/grants", history: "masqueue_grants" },
  { dir: "../custom/grants", history: "masqueue_own_grants" },
];

/**
 * @param base from where, if not from this page
 * @returns null where there is no such folder: one of the user's own may be missing
 */
export function pathOf({ dir }: Folder, base: URL | string = import.meta.url): string | null {
  const path = fileURLToPath(new URL(dir, base));
  return existsSync(path) ? path : null;
}

/** The names under which the files of the folder are remembered. */
export function namesIn(folder: Folder, base?: URL): string[] {
  const cwd = pathOf(folder, base);
  return cwd ? globSync("*.sql", { cwd }).map((file) => basename(file, ".sql")) : [];
}
