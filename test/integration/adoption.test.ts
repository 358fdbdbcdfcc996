import { beforeEach, describe, expect, test } from "@jest/globals";
import { MigrationError, migrate } from "../../lambda/schema/runner.ts";
import { idOf, idsBut, logins, useScene } from "../support/scene.ts";

const scene = useScene({ migrated: false });

/** The table as the take-home makes it. */
const TAKE_HOME = `
  CREATE TABLE IF NOT EXISTS user_logins (
    user_id varchar(128), device_type varchar(32), masked_ip varchar(256), masked_device_id varchar(256),
    locale varchar(32), app_version integer, create_date date)`;
const OLD_ROWS = `
  INSERT INTO user_logins VALUES
    ('u1', 'android', repeat('a', 64), repeat('b', 64), 'RU', 230, '2022-11-01'),
    ('u1', 'android', repeat('a', 64), repeat('b', 64), 'RU', 230, '2022-11-01'),
    ('u2', 'iOS', repeat('c', 64), repeat('d', 64), NULL, 2, NULL),
    ('u3', NULL, NULL, NULL, NULL, NULL, NULL),
    (NULL, NULL, NULL, NULL, NULL, -1, '1999-12-31')`;

const oldRows = () =>
  scene.database.rows(
    `SELECT user_id, device_type, masked_ip, masked_device_id, locale, app_version::text, create_date::text
     FROM user_logins WHERE masked_ip IS NULL OR masked_ip NOT LIKE 'v1.%' ORDER BY user_id, create_date`,
  );

beforeEach(async () => {
  await scene.sql(TAKE_HOME);
  await scene.sql(OLD_ROWS);
});

describe("the take-home's table with its rows", () => {
  test("is adopted: its rows are all there and untouched but for the type of app_version", async () => {
    const before = await oldRows();
    expect(before).toHaveLength(5);
    await migrate(scene.database.client);
    expect(await oldRows()).toEqual(before);
    expect(await scene.database.rows("SELECT count(*)::int AS rows, count(message_id)::int AS ids FROM user_logins")).toEqual([
      { rows: 5, ids: 0 },
    ]);
    expect(await scene.database.rows("SELECT DISTINCT pg_typeof(app_version)::text AS type FROM user_logins")).toEqual([
      { type: "character varying" },
    ]);
  });

  test("takes new rows next to the old ones, each once", async () => {
    await migrate(scene.database.client);
    expect(await scene.lambda.failures(logins(100))).toEqual([]);
    expect(await scene.lambda.failures(logins(100))).toEqual([]);
    expect(await scene.lambda.failures(logins(100, () => ({}), { receiveCount: 2 }))).toEqual([]);
    expect(await scene.database.rows("SELECT message_id, app_version FROM user_logins WHERE message_id IS NOT NULL ORDER BY 1")).toEqual(
      idsBut(100).map((message_id) => ({ message_id, app_version: "2.3.0" })),
    );
    expect(await oldRows()).toHaveLength(5);
  });

  test("is left as it is by a second migration", async () => {
    await migrate(scene.database.client);
    const before = await oldRows();
    expect(await migrate(scene.database.client)).toEqual([]);
    expect(await oldRows()).toEqual(before);
  });

  test("demands of new rows what its old ones lack", async () => {
    await migrate(scene.database.client);
    for (const values of ["'new', NULL, 'id'", "'new', '2026-01-01', NULL"]) {
      await expect(scene.sql(`INSERT INTO user_logins (user_id, create_date, message_id) VALUES (${values})`)).rejects.toMatchObject({
        code: "23514",
        constraint: "user_logins_key_present",
      });
    }
  });

  test("lets an old row be updated only when both columns of the key are filled", async () => {
    await migrate(scene.database.client);
    await expect(scene.sql("UPDATE user_logins SET locale = 'DE' WHERE user_id = 'u2'")).rejects.toMatchObject({ code: "23514" });
    await scene.sql("UPDATE user_logins SET locale = 'DE', create_date = '2022-01-01', message_id = 'old-2' WHERE user_id = 'u2'");
    expect(await scene.database.rows("SELECT locale FROM user_logins WHERE message_id = 'old-2'")).toEqual([{ locale: "DE" }]);
  });
});

describe("a view on app_version", () => {
  test("stops the migration, which names the view and the column and changes nothing", async () => {
    await scene.sql("CREATE VIEW versions AS SELECT app_version, count(*) FROM user_logins GROUP BY 1");
    const before = await oldRows();
    const failure = await migrate(scene.database.client).catch((error: Error) => error);
    expect(failure).toBeInstanceOf(MigrationError);
    expect(failure).toMatchObject({ message: expect.stringMatching(/user_logins\.app_version .* view .*: versions\b.*Drop the view/) });
    expect(await scene.database.rows("SELECT pg_typeof(app_version)::text AS type FROM versions LIMIT 1")).toEqual([{ type: "integer" }]);
    expect(await scene.database.rows("SELECT to_regclass('rejections') AS rejections, to_regclass('mask_keys') AS keys")).toEqual([
      { rejections: null, keys: null },
    ]);
    expect(await oldRows()).toEqual(before);
  });

  test("may be dropped and made again around the migration", async () => {
    await scene.sql("CREATE VIEW versions AS SELECT app_version FROM user_logins");
    await expect(migrate(scene.database.client)).rejects.toThrow(MigrationError);
    await scene.sql("DROP VIEW versions");
    expect(await migrate(scene.database.client)).toHaveLength(3);
    await scene.sql("CREATE VIEW versions AS SELECT app_version FROM user_logins");
    expect(await scene.lambda.failures(logins(1))).toEqual([]);
    expect(await scene.stored()).toContain(idOf(0));
  });

  test("does not stop it when it shows other columns only", async () => {
    await scene.sql("CREATE VIEW locales AS SELECT DISTINCT locale FROM user_logins");
    expect(await migrate(scene.database.client)).toHaveLength(3);
    expect(await scene.database.rows("SELECT locale FROM locales ORDER BY 1")).toEqual([{ locale: "RU" }, { locale: null }]);
  });
});
