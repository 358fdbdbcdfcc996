import { beforeEach, describe, expect, test } from "@jest/globals";
import { MigrationError } from "../../lambda/errors.ts";
import { migrate } from "../../lambda/schema/runner.ts";
import { idOf, idsBut, logins, useFixture } from "../support/fixture.ts";

const fixture = useFixture({ migrated: false });

/** The table before Masqueue. */
const LEGACY = `
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
  fixture.database.rows(
    `SELECT user_id, device_type, masked_ip, masked_device_id, locale, app_version::text, create_date::text
     FROM user_logins WHERE masked_ip IS NULL OR masked_ip NOT LIKE 'v1.%' ORDER BY user_id, create_date`,
  );

beforeEach(async () => {
  await fixture.sql(LEGACY);
  await fixture.sql(OLD_ROWS);
});

describe("a legacy table with rows", () => {
  test("is upgraded: its rows are all kept, and only the type of app_version has changed", async () => {
    const before = await oldRows();
    expect(before).toHaveLength(5);
    await migrate(fixture.database.client);
    expect(await oldRows()).toEqual(before);
    expect(await fixture.database.rows("SELECT count(*)::int AS rows, count(message_id)::int AS ids FROM user_logins")).toEqual([
      { rows: 5, ids: 0 },
    ]);
    expect(await fixture.database.rows("SELECT DISTINCT pg_typeof(app_version)::text AS type FROM user_logins")).toEqual([
      { type: "character varying" },
    ]);
  });

  test("accepts new rows beside the old ones, each once", async () => {
    await migrate(fixture.database.client);
    expect(await fixture.lambda.failures(logins(100))).toEqual([]);
    expect(await fixture.lambda.failures(logins(100))).toEqual([]);
    expect(await fixture.lambda.failures(logins(100, () => ({}), { receiveCount: 2 }))).toEqual([]);
    expect(await fixture.database.rows("SELECT message_id, app_version FROM user_logins WHERE message_id IS NOT NULL ORDER BY 1")).toEqual(
      idsBut(100).map((message_id) => ({ message_id, app_version: "2.3.0" })),
    );
    expect(await oldRows()).toHaveLength(5);
  });

  test("is left as it is by a second migration", async () => {
    await migrate(fixture.database.client);
    const before = await oldRows();
    expect(await migrate(fixture.database.client)).toEqual([]);
    expect(await oldRows()).toEqual(before);
  });

  test("requires of new rows what its old rows lack", async () => {
    await migrate(fixture.database.client);
    for (const values of ["'new', NULL, 'id'", "'new', '2026-01-01', NULL"]) {
      await expect(fixture.sql(`INSERT INTO user_logins (user_id, create_date, message_id) VALUES (${values})`)).rejects.toMatchObject({
        code: "23514",
        constraint: "user_logins_key_present",
      });
    }
  });

  test("accepts an update of an old row only if it fills both columns of the key", async () => {
    await migrate(fixture.database.client);
    await expect(fixture.sql("UPDATE user_logins SET locale = 'DE' WHERE user_id = 'u2'")).rejects.toMatchObject({ code: "23514" });
    await fixture.sql("UPDATE user_logins SET locale = 'DE', create_date = '2022-01-01', message_id = 'old-2' WHERE user_id = 'u2'");
    expect(await fixture.database.rows("SELECT locale FROM user_logins WHERE message_id = 'old-2'")).toEqual([{ locale: "DE" }]);
  });
});

describe("a view on app_version", () => {
  test("stops the migration, which names the view and the column and changes nothing", async () => {
    await fixture.sql("CREATE VIEW versions AS SELECT app_version, count(*) FROM user_logins GROUP BY 1");
    const before = await oldRows();
    const failure = await migrate(fixture.database.client).catch((error: Error) => error);
    expect(failure).toBeInstanceOf(MigrationError);
    expect(failure).toMatchObject({ message: expect.stringMatching(/user_logins\.app_version .* view .*: versions\b.*Drop the view/) });
    expect(await fixture.database.rows("SELECT pg_typeof(app_version)::text AS type FROM versions LIMIT 1")).toEqual([{ type: "integer" }]);
    expect(await fixture.database.rows("SELECT to_regclass('rejections') AS rejections, to_regclass('mask_keys') AS keys")).toEqual([
      { rejections: null, keys: null },
    ]);
    expect(await oldRows()).toEqual(before);
  });

  test("may be dropped before the migration and created again after it", async () => {
    await fixture.sql("CREATE VIEW versions AS SELECT app_version FROM user_logins");
    await expect(migrate(fixture.database.client)).rejects.toThrow(MigrationError);
    await fixture.sql("DROP VIEW versions");
    expect(await migrate(fixture.database.client)).toContain("001_user_logins");
    await fixture.sql("CREATE VIEW versions AS SELECT app_version FROM user_logins");
    expect(await fixture.lambda.failures(logins(1))).toEqual([]);
    expect(await fixture.stored()).toContain(idOf(0));
  });

  test("does not stop it if it shows only other columns", async () => {
    await fixture.sql("CREATE VIEW locales AS SELECT DISTINCT locale FROM user_logins");
    expect(await migrate(fixture.database.client)).toContain("001_user_logins");
    expect(await fixture.database.rows("SELECT locale FROM locales ORDER BY 1")).toEqual([{ locale: "RU" }, { locale: null }]);
  });
});
