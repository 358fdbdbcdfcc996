import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { canaryLogin, findTraces, plantCanaries } from "../support/canaries.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { type Ended, launch, masqueue, type Running } from "../support/masqueue.ts";
import { login } from "../support/records.ts";

let database: TestDatabase;
let files: string;
beforeEach(async () => {
  database = await createDatabase();
  files = mkdtempSync(join(tmpdir(), "masqueue-files-"));
});
afterEach(async () => {
  await database.drop();
  rmSync(files, { recursive: true, force: true });
});

const path = (name: string) => join(files, name);
const rejectsOf = (name: string) => path(`${name}.rejected.jsonl`);

function write(name: string, content: string | Buffer): string {
  writeFileSync(path(name), content);
  return path(name);
}

/** Bodies, one a line. @param fields those of the i-th */
function jsonl(count: number, fields: (i: number) => object = () => ({})): string {
  return Array.from(
    { length: count },
    (_, i) => `${JSON.stringify(login({ user_id: `u-${i}`, create_date: "2024-03-01", ...fields(i) }))}\n`,
  ).join("");
}

const env = () => {
  const { host, port, user, password, database: name } = database.config;
  return { DATABASE_URL: `postgres://${user}:${password}@${host}:${port}/${name}` };
};
const args = (names: readonly string[], options: readonly string[]) => [
  "load",
  ...names.map(path),
  "--env",
  "--data",
  path("data"),
  ...options,
];
const load = (names: readonly string[], ...options: string[]): Promise<Ended> => masqueue(args(names, options), env());
const start = (names: readonly string[], ...options: string[]): Running => launch(args(names, options), env());
const loadJson = async (names: readonly string[], ...options: string[]) => JSON.parse((await load(names, "--json", ...options)).stdout);
const count = async () => Number((await database.rows<{ count: string }>("SELECT count(*) FROM user_logins"))[0]?.count);

/** Waits until the run has stored something that it has noted. */
async function untilSome(running: Running): Promise<void> {
  await running.prints("per second");
}

describe("masqueue load", () => {
  test("stores the lines of files of every kind, and leaves nothing but the rows", async () => {
    write("a.jsonl", jsonl(2_500));
    write("b.jsonl.gz", gzipSync(jsonl(1)));
    write("c.json", `[${jsonl(2).trim().replace("\n", ",")}]`);
    write("d.csv", "user_id,ip,device_id,create_date\n1,1.2.3.4,x,2024-03-01\n2,,,2024-03-02\n");
    write("e.csv.gz", gzipSync("user_id,create_date\n3,2024-03-01T23:59:00-01:00\n"));
    const { code, stdout } = await load(["*.{jsonl,json,csv,gz}"]);
    expect(code).toBe(0);
    expect(stdout).toContain("stored           2506");
    expect(
      await database.rows("SELECT user_id, masked_ip, create_date::text FROM user_logins WHERE user_id IN ('2', '3') ORDER BY 1"),
    ).toEqual([
      { user_id: "2", masked_ip: null, create_date: "2024-03-02" },
      { user_id: "3", masked_ip: null, create_date: "2024-03-02" },
    ]);
    expect(existsSync(rejectsOf("a.jsonl"))).toBe(false);
  });

  test("stores nothing twice when it is repeated, or when the file has been packed or has grown", async () => {
    write("a.jsonl", jsonl(1_200));
    expect(await loadJson(["a.jsonl"])).toMatchObject({ lines: 1_200, stored: 1_200, duplicates: 0, done: true });
    expect(await loadJson(["a.jsonl"])).toMatchObject({ stored: 0, duplicates: 1_200 });
    rmSync(path("a.jsonl"));
    write("a.jsonl.gz", gzipSync(jsonl(1_201)));
    expect(await loadJson(["a.jsonl.gz"])).toMatchObject({ stored: 1, duplicates: 1_200 });
  });

  test("takes the date of lines without one from --sent, and never from today", async () => {
    write("a.jsonl", '{"user_id":"a"}\n{"user_id":"b","create_date":"2020-01-01"}\n');
    expect(await loadJson(["a.jsonl"])).toMatchObject({
      stored: 1,
      rejections: [{ code: "missing_field", field: "create_date", lines: 1 }],
    });
    rmSync(rejectsOf("a.jsonl"));
    await load(["a.jsonl"], "--sent", "2024-02-29T23:30:00-02:00");
    expect(await database.rows("SELECT user_id, create_date::text FROM user_logins ORDER BY 1")).toEqual([
      { user_id: "a", create_date: "2024-03-01" },
      { user_id: "b", create_date: "2020-01-01" },
    ]);
  });

  test("finds lines again by --id in files that were renamed, split and sorted, and rejects lines without it", async () => {
    write("a.jsonl", jsonl(30));
    await load(["a.jsonl"], "--id", "user_id");
    const lines = jsonl(30).trimEnd().split("\n").toReversed();
    mkdirSync(path("more"));
    write("b.jsonl", lines.slice(0, 9).join("\n"));
    write("more/b.jsonl", `${lines.slice(9).join("\n")}\n{"ip":"1.2.3.4"}\n`);
    expect(await loadJson(["b.jsonl", "more/b.jsonl"], "--id", "user_id")).toMatchObject({
      ...{ stored: 0, duplicates: 30, rejected: 1 },
      rejections: [{ code: "missing_field", field: "user_id", lines: 1 }],
    });
    expect(await count()).toBe(30);
  });

  test("writes rejected lines beside the file, for its owner only, and neither overwrites nor loads such a file", async () => {
    write("a.jsonl", '{"user_id":"a","create_date":"2024-01-01"}\n\nno json\n{"user_id":1,"create_date":"2024-01-01"}\n');
    const { code, stdout } = await load(["a.jsonl"]);
    expect(code).toBe(0);
    expect(stdout).toContain("They hold raw values, and only you can read them");
    expect(stdout).toContain(rejectsOf("a.jsonl"));
    const rejected = [
      { line: 3, code: "not_json", body: "no json" },
      { line: 4, code: "wrong_type", field: "user_id", body: '{"user_id":1,"create_date":"2024-01-01"}' },
    ];
    const written = () =>
      readFileSync(rejectsOf("a.jsonl"), "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
    expect(written()).toEqual(rejected);
    expect(statSync(rejectsOf("a.jsonl")).mode & 0o777).toBe(0o600);
    const again = await load(["a.jsonl"]);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("it holds the rejected lines of an earlier run") });
    expect(written()).toEqual(rejected);
    renameSync(path("a.jsonl"), path("kept"));
    expect((await load(["*.jsonl"])).stderr).toContain("files of rejected lines hold no bodies");
  });

  test("stores rejected lines once they are corrected in their places and the file of rejected lines is away", async () => {
    const good = '{"user_id":"a","create_date":"2024-01-01"}\n';
    write("a.jsonl", `${good}no json\n${good}`);
    await load(["a.jsonl"]);
    write("a.jsonl", good.repeat(3));
    expect((await load(["a.jsonl"])).stderr).toContain("Correct these lines in the file that you load, at their numbers");
    renameSync(rejectsOf("a.jsonl"), path("kept"));
    expect(await loadJson(["a.jsonl"])).toMatchObject({ stored: 1, duplicates: 2, rejected: 0 });
  });

  test("shows no value anywhere but in the file of rejected lines", async () => {
    const canaries = plantCanaries();
    const good = canaryLogin(canaries, { create_date: "2024-03-01" });
    const bad = [
      { ...good, create_date: "yesterday" },
      { ...good, locale: canaries.locale.repeat(3) },
      { ...good, user_id: [canaries.userId] },
    ];
    write("a.jsonl", `${[good, ...bad].map((body) => JSON.stringify(body)).join("\n")}\n${canaries.deviceId}\n`);
    write("b.csv", `user_id,create_date\n${canaries.deviceId}\n"${canaries.deviceId}`);
    const ended = [await load(["a.jsonl"]), await load(["b.csv"]), await load(["a.jsonl", "b.csv"], "--json", "--id", "user_id")];
    const rejections = JSON.stringify(await database.rows("SELECT * FROM rejections"));
    expect(rejections).toContain("bad_date");
    expect(findTraces(JSON.stringify(ended) + rejections, canaries)).toEqual([]);
    expect(findTraces(readFileSync(rejectsOf("a.jsonl"), "utf8"), canaries)).not.toEqual([]);
  });
});

describe("an interrupted load goes on", () => {
  const bad = (i: number) => (i % 100 === 0 ? { user_id: null } : {});

  test("after a kill: each line is stored once, and each rejected line is written once", async () => {
    write("a.jsonl", jsonl(6_000, bad));
    const running = start(["a.jsonl"], "--rate", "1000");
    await untilSome(running);
    running.child.kill("SIGKILL");
    await running.ended;
    const before = await count();
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(5_940);
    const { code, stderr, stdout } = await load(["a.jsonl"], "--json");
    expect(code).toBe(0);
    expect(stderr).toMatch(/an earlier run settled the lines up to \d+000; this run goes on after it\./);
    expect(JSON.parse(stdout).lines).toBeLessThan(6_000);
    expect(await count()).toBe(5_940);
    const lines = readFileSync(rejectsOf("a.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).line);
    expect(lines).toEqual(Array.from({ length: 60 }, (_, i) => i * 100 + 1));
  });

  test("after a Ctrl-C, which lets the batches under way end", async () => {
    write("a.jsonl", jsonl(6_000));
    const running = start(["a.jsonl"], "--rate", "1000");
    await untilSome(running);
    running.child.kill("SIGINT");
    const { code, stdout } = await running.ended;
    expect(code).toBe(130);
    expect(stdout).toContain("The load is not complete. To go on, repeat the same command.");
    const stored = await count();
    expect(stdout).toContain(`stored           ${stored}`);
    expect(await loadJson(["a.jsonl"])).toMatchObject({ lines: 6_000 - stored, stored: 6_000 - stored, duplicates: 0 });
  });

  test("from the beginning if the file has changed: nothing is stored twice", async () => {
    write("a.jsonl", jsonl(6_000));
    const running = start(["a.jsonl"], "--rate", "1000");
    await untilSome(running);
    running.child.kill("SIGINT");
    await running.ended;
    const stored = await count();
    write("a.jsonl", jsonl(6_001));
    expect(await loadJson(["a.jsonl"])).toMatchObject({ lines: 6_001, stored: 6_001 - stored, duplicates: stored });
  });

  test("with the next file after one that is done, which it does not read again", async () => {
    write("a.jsonl", jsonl(2_000));
    write("b.csv", 'user_id,create_date\n1,2024-03-01\n2,"2024-03-01\n');
    const broken = await load(["a.jsonl", "b.csv"]);
    expect(broken.stdout).toContain("To go on, repeat the same command.");
    expect(broken).toMatchObject({ code: 2, stderr: expect.stringContaining("b.csv: a quote after line") });
    write("b.csv", "user_id,create_date\n1,2024-03-01\n2,2024-03-01\n");
    expect(await loadJson(["a.jsonl", "b.csv"])).toMatchObject({ lines: 2, stored: 2, duplicates: 0 });
    expect(await loadJson(["a.jsonl", "b.csv"])).toMatchObject({ lines: 2_002, stored: 0, duplicates: 2_002 });
  });
});

describe("a load is refused before anything is stored", () => {
  test.each<[string, string[], string]>([
    ["a missing file", ["none.jsonl"], "none.jsonl cannot be read (ENOENT)."],
    ["a pattern without a file", ["none*.csv"], "No file matches"],
    ["a folder", ["folder.jsonl"], "folder.jsonl cannot be read (EISDIR)."],
    ["another kind of file", ["a.jsonl", "a.txt"], "a.txt: the name must end in .jsonl, .json or .csv, each also with .gz."],
    ["two files of one name", ["a.jsonl", "more/a.jsonl.gz"], "have the same name, from which the ids of their lines are made."],
    ["a file whose rejected lines have no place", ["b.jsonl"], "b.jsonl.rejected.jsonl exists"],
    ["an impossible date", ["a.jsonl", "--sent", "2024-02-30"], "Give a date like 2024-03-01"],
    ["a date before 1970", ["a.jsonl", "--sent", "1969-12-31"], "from 1970 on"],
    ["a rate of nothing", ["a.jsonl", "--rate", "0"], "Give a number of lines per second from 1 to 1000000."],
    ["a field in brackets", ["a.jsonl", "--id", "a[0]"], "Name a field of the body"],
    ["a masked field as id", ["a.jsonl", "--id", "device_id"], "pipeline user-logins masks this field"],
    ["an unknown pipeline", ["a.jsonl", "--pipeline", "none"], "There is no pipeline none."],
  ])("for %s", async (_what, [name = "", ...more], sentence) => {
    for (const folder of ["more", "folder.jsonl", "b.jsonl.rejected.jsonl"]) mkdirSync(path(folder));
    for (const file of ["a.jsonl", "b.jsonl", "a.txt", "more/a.jsonl.gz"]) write(file, jsonl(1));
    const isOption = more[0]?.startsWith("--") ?? false;
    const { code, stderr } = await load([name, ...(isOption ? [] : more)], ...(isOption ? more : []));
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
    expect(await count()).toBe(0);
  });
});
