import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach } from "@jest/globals";
import { ROLES } from "../../lambda/names.ts";
import type { SchemaDeps } from "../../lambda/schema/update.ts";
import type { TestDatabase } from "./database.ts";
import { connected, deploySchema, MASTER, type RoleServer, startRoleServer } from "./roles.ts";

/** The files that the first deployment runs. */
export const ALL_FILES = [
  "001_roles",
  "001_user_logins",
  "002_rejections",
  "003_mask_keys",
  "004_unknown_fields",
  "005_comments",
  "001_ingest",
  "002_unknown_fields",
];

const SQL = join(import.meta.dirname, "../../lambda");
const FOLDERS = ["schema/sql/roles", "schema/sql/migrations", "schema/sql/grants", "custom/migrations", "custom/grants"];

/** A database on a server without Masqueue's roles, and a copy of the SQL to change; new for each test. */
export interface SchemaDeployment {
  readonly server: RoleServer;
  readonly database: TestDatabase;
  /** Runs the copy. */
  deploy(deps?: Partial<SchemaDeps>): Promise<string[]>;
  /** The message of the MigrationError with which {@link deploy} fails. */
  failure(deps?: Partial<SchemaDeps>): Promise<string>;
  add(file: string, sql: string): void;
  remove(file: string): void;
  createRolesByHand(): Promise<void>;
}

/** Registers the hooks that set a {@link SchemaDeployment} up for each test of a file. */
export function useSchemaDeployment(): SchemaDeployment {
  const made = {} as { -readonly [Name in keyof SchemaDeployment]: SchemaDeployment[Name] };
  let folder: string;
  beforeAll(async () => {
    made.server = await startRoleServer();
  });
  beforeEach(async () => {
    const database = await made.server.database();
    folder = mkdtempSync(join(tmpdir(), "masqueue-sql-"));
    for (const dir of FOLDERS) cpSync(join(SQL, dir), join(folder, dir), { recursive: true });
    const base = pathToFileURL(join(folder, "schema", "page.ts"));
    made.database = database;
    made.deploy = (deps) => deploySchema(database, { base, ...deps });
    made.failure = async (deps) => {
      const outcome = await made.deploy(deps).catch((error: Error) => error);
      if (Array.isArray(outcome) || outcome.name !== "MigrationError") throw new Error(`no MigrationError: ${outcome}`);
      return outcome.message;
    };
    made.add = (file, sql) => writeFileSync(join(folder, file), sql);
    made.remove = (file) => rmSync(join(folder, file), { recursive: true });
    made.createRolesByHand = () =>
      connected({ ...database.config, ...MASTER }, async (client) => {
        await client.query(readFileSync(join(SQL, "schema/sql/roles/001_roles.sql"), "utf8"));
      });
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await made.database.drop();
    await made.server.sql(`DROP ROLE IF EXISTS ${ROLES.migrate}, ${ROLES.ingest}`);
  });
  afterAll(() => made.server.stop());
  return made;
}
