import { describe, expect, test } from "@jest/globals";
import { idsBut, logins, useFixture } from "../support/fixture.ts";
import { holdTable } from "../support/sessions.ts";

const fixture = useFixture();

describe("a table that is locked until after the function's time", () => {
  test.each([1, 2])("fails the invocation, and the container recovers (receive count %i)", async (receiveCount) => {
    const batch = logins(100, () => ({}), { receiveCount });
    await fixture.lambda.invoke([]);
    const release = await holdTable(fixture.database);
    await expect(fixture.lambda.invoke(batch, 2)).rejects.toMatchObject({ code: "out_of_time" });
    expect(fixture.lambda.reports.failures.map(({ code }) => code)).toEqual(["out_of_time"]);
    await release();
    // The rows of the first invocation may be committed now that the table is free, during the second one.
    expect(await fixture.lambda.failures(batch)).toEqual([]);
    expect(await fixture.stored()).toEqual(idsBut(100));
  });

  test("fails the invocation in the same way if only milliseconds are left: nothing else ends it first", async () => {
    await fixture.lambda.invoke([]);
    const release = await holdTable(fixture.database);
    await expect(fixture.lambda.invoke(logins(3), 0.03)).rejects.toMatchObject({ code: "out_of_time" });
    await release();
    expect(await fixture.lambda.failures(logins(3))).toEqual([]);
  });

  test("fails the first invocation of a container in the same way", async () => {
    const release = await holdTable(fixture.database, "mask_keys");
    await expect(fixture.lambda.invoke(logins(3), 1)).rejects.toMatchObject({ code: "out_of_time" });
    await release();
    expect(await fixture.lambda.failures(logins(3))).toEqual([]);
  });

  test.each([1, 2])(
    "is reported by the SQLSTATE of the role's lock_timeout if it let no row be tried (receive count %i)",
    async (count) => {
      const lambda = fixture.container({ ...fixture.database.config, options: "-c lock_timeout=200" });
      const batch = logins(3, () => ({}), { receiveCount: count });
      await lambda.invoke([]);
      const release = await holdTable(fixture.database);
      await expect(lambda.invoke(batch, 3)).rejects.toMatchObject({ code: "database_refused", sqlstate: "55P03" });
      expect(lambda.reports).toMatchObject({ batches: [], failures: [{ code: "database_refused", sqlstate: "55P03" }] });
      await release();
      expect(await lambda.failures(batch)).toEqual([]);
    },
  );

  test("that is free again in time for some rows gives a partial answer", async () => {
    await fixture.sql(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      PERFORM pg_sleep(0.01); IF NEW.locale = 'bad' THEN RAISE 'no'; END IF; RETURN NEW; END $$;
      CREATE TRIGGER slow BEFORE INSERT ON user_logins FOR EACH ROW EXECUTE PROCEDURE slow()`);
    const lambda = fixture.container({ ...fixture.database.config, options: "-c lock_timeout=200" });
    await lambda.invoke([]);
    const release = await holdTable(fixture.database);
    const answer = lambda.invoke(
      logins(100, (i) => (i % 5 === 4 ? { locale: "bad" } : {})),
      3,
    );
    setTimeout(release, 300);
    const { batchItemFailures } = await answer;
    const stored = await fixture.stored();
    expect(stored).not.toEqual([]);
    expect(batchItemFailures).toHaveLength(100 - stored.length);
    expect(lambda.reports.last.outcomes.some(({ outcome }) => outcome === "unsettled")).toBe(true);
  });

  test("is waited for while time is left", async () => {
    await fixture.lambda.invoke([]);
    const release = await holdTable(fixture.database);
    const answer = fixture.lambda.failures(logins(3));
    setTimeout(release, 100);
    expect(await answer).toEqual([]);
    expect(await fixture.stored()).toEqual(idsBut(3));
  });
});

describe("two containers with the same rows in opposite order", () => {
  test.each([1, 2])("both report all as done and do not deadlock (receive count %i)", async (receiveCount) => {
    const [one, other] = [fixture.container(), fixture.container()];
    await Promise.all([one.invoke([]), other.invoke([])]);
    for (let round = 0; round < 5; round++) {
      const batch = logins(300, () => ({ create_date: `2026-03-0${round + 1}` }), { receiveCount });
      const answers = [one.failures(batch), other.failures([...batch].reverse())];
      expect(await Promise.all(answers)).toEqual([[], []]);
    }
    expect(await fixture.stored()).toEqual(idsBut(300).flatMap((id) => Array(5).fill(id)));
    const [{ deadlocks } = {}] = await fixture.database.rows(
      "SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()",
    );
    expect(deadlocks).toBe(0);
  });
});
