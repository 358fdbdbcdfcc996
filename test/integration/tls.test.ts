import { lookup } from "node:dns/promises";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { readPostgres } from "../../lambda/config.ts";
import { Deadline } from "../../lambda/deadline.ts";
import { Database } from "../../lambda/postgres/database.ts";
import { certificateForLocalhost } from "../support/certificate.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { type Rds, startRds } from "../support/rds.ts";

/** A server with TLS in front of the embedded one, and the function's connection to it. */
let folder: string;
let database: TestDatabase;
let rds: Rds;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "masqueue-tls-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  database = await createDatabase();
  rds = await startRds(database.config);
});
afterEach(async () => {
  await rds.close();
  await database.drop();
});

/** Connects as the deployed function does. @param authority PEM. @default none, so Node's list counts */
async function connect({ host = rds.host, port = rds.port, authority }: { host?: string; port?: number; authority?: string } = {}) {
  const { user = "", password, database: name = "" } = database.config;
  const file = join(folder, "authority.pem");
  if (authority) writeFileSync(file, authority);
  const variables = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: String(password), PGDATABASE: name };
  const connection = new Database(readPostgres({ ...variables, ...(authority && { PGSSLROOTCERT: file }) }));
  try {
    return await connection.run(async (client) => (await client.query("SELECT 1 AS one")).rows, new Deadline(2_000));
  } finally {
    await connection.close();
  }
}

/** The connection fails with this reason, and the server has seen no login. */
async function expectRefusal(attempt: Promise<unknown>, reason: string): Promise<void> {
  await expect(attempt).rejects.toMatchObject({ code: "database_unavailable", message: expect.stringContaining(reason) });
  expect(rds.logins).toEqual([]);
}

describe("the function sends its login only to a server", () => {
  test("with a certificate for its host name from the trusted authority", async () => {
    expect(await connect({ authority: rds.authority })).toEqual([{ one: 1 }]);
    expect(rds.logins).toHaveLength(1);
  });

  test("and not to one whose authority is not trusted", async () => {
    await expectRefusal(connect(), "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  });

  test("and not to one with a certificate of another authority, even one of the same name", async () => {
    await expectRefusal(connect({ authority: certificateForLocalhost().authority }), "CERT_SIGNATURE_FAILURE");
  });

  test("and not to one whose certificate is for another host", async () => {
    const { address } = await lookup(rds.host);
    await expectRefusal(connect({ host: address, authority: rds.authority }), "ERR_TLS_CERT_ALTNAME_INVALID");
  });

  test("and not to one without TLS", async () => {
    const { host, port } = database.config;
    await expectRefusal(connect({ host: host ?? "", port: port ?? 0, authority: rds.authority }), "the server offers no TLS");
  });
});
