import { describe, expect, test } from "@jest/globals";
import { Deadline } from "../../lambda/deadline.ts";
import { ingestBatch } from "../../lambda/ingest/batch.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { login, record } from "../support/records.ts";
import { idOf, idsBut, logins, useScene } from "../support/scene.ts";

const scene = useScene();

describe("a batch is inserted without trying COPY first", () => {
  test("where one of its messages was delivered before", async () => {
    await scene.lambda.invoke([]);
    scene.proxy.takeStatements();
    const again = record(login(), { messageId: idOf(3), receiveCount: 2 });
    expect(await scene.lambda.failures([...logins(3), again])).toEqual([]);
    expect(scene.proxy.takeStatements()).toEqual(["INSERT"]);
    expect(await scene.stored()).toEqual(idsBut(4));
  });

  test("where its pipeline goes by event-id: producers repeat themselves", async () => {
    const lambda = scene.container(scene.proxy.config, { pipeline: { ...userLogins, once: "event-id" } });
    await lambda.invoke([]);
    scene.proxy.takeStatements();
    expect(await lambda.failures(logins(3))).toEqual([]);
    expect(scene.proxy.takeStatements()).toEqual(["INSERT"]);
  });

  test.each([
    [true, ["INSERT"]],
    [false, ["COPY"]],
  ])("where a pooler stands before the database: %s", async (isPooled, statements) => {
    const { database, reports } = scene.lambda;
    const parts = { pipeline: userLogins, database, reporter: reports, tokenize: () => null, isPooled };
    expect(await ingestBatch(logins(3), parts, new Deadline(10_000))).toEqual({ batchItemFailures: [] });
    expect(scene.proxy.takeStatements()).toEqual(statements);
    expect(await scene.stored()).toEqual(idsBut(3));
  });
});

describe("the rows around a refused one are copied once more", () => {
  const bodies = (special: Readonly<Record<number, string>>) => logins(20, (i) => (special[i] ? { locale: special[i] } : {}));

  test.each([
    ["and where there are several, the rest is inserted", { 5: "bad", 9: "bad", 17: "bad" }, [5, 9, 17]],
    ["and one that a trigger leaves out there is refused, too", { 3: "skipped", 5: "bad", 12: "skipped" }, [3, 5, 12]],
  ])("%s", async (_title, special, refused) => {
    await scene.lambda.invoke([]);
    await scene.sql(`
      ALTER TABLE user_logins ADD CHECK (locale <> 'bad');
      CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RETURN CASE WHEN NEW.locale = 'skipped' THEN NULL ELSE NEW END; END $$;
      CREATE TRIGGER guard BEFORE INSERT ON user_logins FOR EACH ROW EXECUTE PROCEDURE guard()`);
    scene.proxy.takeStatements();
    expect(await scene.lambda.failures(bodies(special))).toEqual(refused.map(idOf));
    expect(scene.proxy.takeStatements().filter((word) => word === "COPY")).toHaveLength(3);
    expect(await scene.stored()).toEqual(idsBut(20, ...refused));
  });
});
