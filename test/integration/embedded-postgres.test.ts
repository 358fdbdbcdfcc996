import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { binariesIn, findBinaries, isReachable } from "../../local/emulators/postgres/binaries.ts";
import { type EmbeddedPostgres, startPostgres, stopLeftover } from "../../local/emulators/postgres/server.ts";
import { readLocalKey, resolveDataDir } from "../../local/targets/data-dir.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "masqueue-home-"));
  chmodSync(home, 0o755);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const pidFile = () => join(home, "postgres-18", "postmaster.pid");

async function ask(server: EmbeddedPostgres, sql: string): Promise<unknown[][]> {
  const client = new pg.Client(server.config);
  await client.connect();
  const { rows } = await client.query({ text: sql, rowMode: "array" });
  await client.end();
  return rows;
}

describe("the embedded Postgres", () => {
  test("keeps its data between runs, listens on loopback alone and quotes no rows in its log", async () => {
    const first = await startPostgres(home);
    await ask(first, "CREATE TABLE kept AS SELECT 1 AS n");
    await first.stop();
    const second = await startPostgres(home);
    expect(await ask(second, "SELECT n FROM kept")).toEqual([[1]]);
    const settings = "listen_addresses,log_error_verbosity,log_min_error_statement,log_parameter_max_length_on_error,fsync".split(",");
    expect(await ask(second, `SELECT ${settings.map((name) => `current_setting('${name}')`).join()}`)).toEqual([
      ["127.0.0.1", "terse", "panic", "0", "on"],
    ]);
    await second.stop();
    expect(existsSync(pidFile())).toBe(false);
  });

  test("is shared by runs at once, from the very first, and stopped by the last", async () => {
    const all = await Promise.all([startPostgres(home), startPostgres(home), startPostgres(home)]);
    expect(new Set(all.map(({ config }) => config.port)).size).toBe(1);
    await all[0]?.stop();
    await all[1]?.stop();
    expect(await ask(all[2] as EmbeddedPostgres, "SELECT 1")).toEqual([[1]]);
    expect(await stopLeftover(home)).toBe(false);
    await all[2]?.stop();
    expect(existsSync(pidFile())).toBe(false);
  });

  test("starts although a killed server left its pid file", async () => {
    const first = await startPostgres(home);
    const pid = Number(readFileSync(pidFile(), "utf8").split("\n")[0]);
    process.kill(pid, "SIGKILL");
    await first.stop().catch(() => {});
    const second = await startPostgres(home);
    expect(await ask(second, "SELECT 1")).toEqual([[1]]);
    await second.stop();
  });

  test("starts although a pid file names a process that does not exist", async () => {
    await (await startPostgres(home)).stop();
    writeFileSync(pidFile(), `4194303\n${join(home, "postgres-18")}\n0\n1\n\n127.0.0.1\n\nready\n`);
    const server = await startPostgres(home);
    expect(await ask(server, "SELECT 1")).toEqual([[1]]);
    await server.stop();
  });

  test("is stopped by its pid file if its password is lost", async () => {
    const server = await startPostgres(home);
    writeFileSync(join(home, "postgres.password"), "another");
    expect(await stopLeftover(home)).toBe(true);
    expect(existsSync(pidFile())).toBe(false);
    await server.stop().catch(() => {});
  });

  test("is reported if its program does not run", () => {
    mkdirSync(join(home, "bin"));
    for (const name of ["postgres", "initdb"])
      writeFileSync(join(home, "bin", name), "#!/bin/sh\necho 'wrong machine' >&2; exit 1\n", { mode: 0o755 });
    expect(() => binariesIn(home)).toThrow("The embedded Postgres does not run here: wrong machine");
  });
});

describe("a folder that others cannot enter", () => {
  test("is distinguished from one that they can", () => {
    const folder = join(home, "inner");
    mkdirSync(folder, { mode: 0o755 });
    expect(isReachable(folder)).toBe(true);
    chmodSync(home, 0o700);
    expect(isReachable(folder)).toBe(false);
  });

  test("has root's data elsewhere, and other users' data in it", () => {
    chmodSync(home, 0o700);
    const { embedded, keyFile } = resolveDataDir(join(home, "data"));
    const isRoot = process.getuid?.() === 0;
    expect(embedded).toMatch(isRoot ? /^\/var\/tmp\/masqueue-[0-9a-f]{12}$/ : /\/data\/embedded$/);
    expect(keyFile).toBe(join(home, "data", "mask.key"));
  });

  test("does not keep the programs from being found", async () => {
    const { postgres, major } = await findBinaries(home);
    expect(major).toBe(18);
    expect(existsSync(postgres)).toBe(true);
  });
});

test("a masking key is made once, at random, for its owner's eyes only", () => {
  const file = join(home, "keys", "mask.key");
  const key = readLocalKey(file);
  expect(key).toHaveLength(32);
  expect(readLocalKey(file)).toEqual(key);
  expect(readLocalKey(join(home, "other.key"))).not.toEqual(key);
});
