import { existsSync, globSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { ROLES } from "../names.ts";

/** SQL files that run once each, in the order of their names. */
export interface Folder {
  /** Relative to this file; the bundled function keeps its folders at the same places. */
  readonly dir: string;
  /** The table in which node-pg-migrate records what has run. */
  readonly history: string;
  /** Relations that its files change; only their owner may. */
  readonly relations?: readonly string[];
  /** Help if the user that runs the files lacks a privilege. */
  readonly denied?: string;
}

/** The roles belong to the server and need the master user; any owner can run the migrations, also without the roles. */
export const ROLES_FOLDER: Folder = {
  dir: "./sql/roles",
  history: "masqueue_role_migrations",
  denied: `docs/deploy.md ("A database") lists what its user needs. If another user created the roles, run the files of lambda/schema/sql/roles/ as that user, or grant the roles to this user: GRANT ${ROLES.migrate}, ${ROLES.ingest} TO this_user WITH ADMIN OPTION;`,
};

/** Masqueue's migrations, then the custom ones. Each has its own history, so that both can grow. */
export const MIGRATIONS: readonly Folder[] = [
  {
    dir: "./sql/migrations",
    history: "masqueue_migrations",
    relations: ["user_logins", "rejections", "rejected_messages", "mask_keys", "unknown_fields"],
  },
  // Existing databases have the histories of custom files under these names: another name would run the files again.
  { dir: "../custom/migrations", history: "masqueue_own_migrations" },
];

/** The privileges of the roles. */
export const GRANTS: readonly Folder[] = [
  { dir: "./sql/grants", history: "masqueue_grants" },
  { dir: "../custom/grants", history: "masqueue_own_grants" },
];

/**
 * Finds the folder on disk.
 * @param base the place that `dir` is relative to. @default this file
 * @returns null if there is no such folder: custom ones are optional
 */
export function findFolder({ dir }: Folder, base: URL | string = import.meta.url): string | null {
  const path = fileURLToPath(new URL(dir, base));
  return existsSync(path) ? path : null;
}

/** Lists the names under which a history records the folder's files. */
export function listFiles(folder: Folder, base?: URL): string[] {
  const cwd = findFolder(folder, base);
  return cwd ? globSync("*.sql", { cwd }).map((file) => basename(file, ".sql")) : [];
}
