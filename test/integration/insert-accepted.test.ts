import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import pg from "pg";
import { Deadline } from "../../lambda/deadline.ts";
import { date, definePipeline, text } from "../../lambda/pipelines/pipeline.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { insertAccepted } from "../../lambda/postgres/insert-accepted.ts";
import { describeTable } from "../../lambda/postgres/table.ts";
import { MaskedRow } from "../../lambda/rows/masked-row.ts";
import { idOf, idsBut, useFixture } from "../support/fixture.ts";

const fixture = useFixture();
const table = describeTable(userLogins);
const soon = () => new Deadline(10_000);
let client: pg.Client;

/** Makes rows with the ids 0 to n-1. @param locale of the i-th */
const makeRows = (count: number, locale: (i: number) => string | null) =>
  Array.from({ length: count }, (_, i) => {
    const cells = ["user", null, null, null, locale(i), null, "2026-03-01", idOf(i)];
    return new MaskedRow({ date: "2026-03-01", id: idOf(i) }, [i], cells);
  });

/** Rows whose locale is "bad" run these statements of PL/pgSQL before they are stored. */
const onBad = (statements: string) =>
  fixture.sql(`CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.locale = 'bad' THEN ${statements} END IF; RETURN NEW; END $$;
    CREATE TRIGGER guard BEFORE INSERT ON user_logins FOR EACH ROW EXECUTE PROCEDURE guard()`);

describe("of rows of which Postgres refuses some,", () => {
  beforeEach(async () => {
    client = new pg.Client({ ...fixture.database.config, pipeline: true });
    await client.connect();
  });
  afterEach(() => client.end());

  test("rows that were there before and rows that a trigger leaves out are named, among refused and stored ones", async () => {
    await onBad("RETURN NULL;");
    await fixture.sql("ALTER TABLE user_logins ADD CONSTRAINT short CHECK (locale <> 'refused')");
    await insertAccepted(client, table, makeRows(36, () => null).slice(35), soon());
    const special: Record<number, string> = { 3: "refused", 17: "bad", 29: "refused", 30: "bad" };
    const { tried, unstored } = await insertAccepted(
      client,
      table,
      makeRows(41, (i) => special[i] ?? null),
      soon(),
    );
    expect(tried).toBe(41);
    const refusal = { code: "23514", column: "", constraint: "short" };
    const expected = [{ position: 3, ...refusal }, { position: 17 }, { position: 29, ...refusal }, { position: 30 }, { position: 35 }];
    expect(unstored).toEqual(expected);
    expect(await fixture.stored()).toEqual(idsBut(41, 3, 17, 29, 30));
  });

  test.each([
    ["an assertion", "ASSERT false;", "P0004"],
    ["an error of a statement in a trigger", "PERFORM 1 / 0;", "22012"],
  ])("%s refuses its row only", async (_what, statements, code) => {
    await onBad(statements);
    const rows = makeRows(3, (i) => (i === 1 ? "bad" : null));
    expect(await insertAccepted(client, table, rows, soon())).toMatchObject({ tried: 3, unstored: [{ position: 1, code }] });
    expect(await fixture.stored()).toEqual(idsBut(3, 1));
  });

  test.each(["42501", "40P01", "53100"])(
    "an error that is not a row's (%s) is thrown, nothing is stored, and the connection still works",
    async (code) => {
      await onBad(`RAISE SQLSTATE '${code}';`);
      const rows = (bad: number) => makeRows(30, (i) => (i === bad ? "bad" : null));
      await expect(insertAccepted(client, table, rows(25), soon())).rejects.toMatchObject({ code });
      expect(await fixture.stored()).toEqual([]);
      expect(await insertAccepted(client, table, rows(-1), soon())).toEqual({ tried: 30, unstored: [] });
    },
  );

  test("rows for which no time is left are not tried, and the rows before them are stored", async () => {
    await onBad("PERFORM pg_sleep(1);");
    const { tried } = await insertAccepted(
      client,
      table,
      makeRows(40, (i) => (i === 15 ? "bad" : null)),
      new Deadline(500),
    );
    expect(tried).toBe(20);
    expect(await fixture.stored()).toEqual(idsBut(20));
  });

  test("columns may have the names of the search's variables", async () => {
    const { columns } = definePipeline({
      name: "t",
      table: "t",
      columns: { stored: text({ max: 9 }), part: text({ max: 9 }), ends: date({ otherwise: "sent" }) },
    });
    const names = columns.map(({ name }) => name);
    await fixture.sql(
      `CREATE TABLE t (stored text, part text CHECK (part <> 'bad'), ends date, message_id text, UNIQUE (ends, message_id))`,
    );
    const rows = ["good", "bad"].map(
      (part, i) => new MaskedRow({ date: "2026-03-01", id: `${i}` }, [i], ["s", part, "2026-03-01", `${i}`]),
    );
    const own = { name: "t", columns: [...names, "message_id"], types: ["text", "text", "date", "text"], dateColumn: "ends" };
    expect(await insertAccepted(client, own, rows, soon())).toMatchObject({ tried: 2, unstored: [{ position: 1 }] });
    expect(await fixture.database.rows("SELECT stored, part, ends::text FROM t")).toEqual([
      { stored: "s", part: "good", ends: "2026-03-01" },
    ]);
  });

  const anyText = fc.string({ unit: "binary", maxLength: 20 }).filter((value) => !value.includes("\0") && value.isWellFormed());

  test("any text is stored byte for byte", async () => {
    const store = async (values: (string | null)[]) => {
      await fixture.sql("TRUNCATE user_logins");
      await insertAccepted(
        client,
        table,
        makeRows(values.length, (i) => values[i] ?? null),
        soon(),
      );
      const rows = await fixture.database.rows("SELECT locale FROM user_logins ORDER BY message_id");
      expect(rows.map(({ locale }) => locale)).toEqual(values);
    };
    await fc.assert(fc.asyncProperty(fc.array(fc.option(anyText), { minLength: 1, maxLength: 25 }), store), { numRuns: 40 });
  });
});
