import { beforeEach, describe, expect, test } from "@jest/globals";
import { idOf, idsBut, logins, useScene } from "../support/scene.ts";

const scene = useScene();

describe("where the table's owner demands one row for each user and day", () => {
  beforeEach(() => scene.sql("ALTER TABLE user_logins ADD UNIQUE (user_id, create_date)"));

  test("a good row refused by that is rejected, not called a duplicate", async () => {
    await scene.lambda.invoke(logins(1));
    const [, second] = logins(2);
    expect(await scene.lambda.failures(second ? [second] : [])).toEqual([idOf(1)]);
    expect(await scene.stored()).toEqual([idOf(0)]);
    expect(await scene.rejected()).toEqual([{ message_id: idOf(1), code: "refused_by_database", field: null, sqlstate: "23505" }]);
  });

  test("the second of two in one batch is rejected, and the other 99 are stored", async () => {
    const batch = logins(100, (i) => ({ user_id: `user ${i === 60 ? 20 : i}` }));
    expect(await scene.lambda.failures(batch)).toEqual([idOf(60)]);
    expect(await scene.stored()).toEqual(idsBut(100, 60));
  });

  test.each([1, 2])("a redelivery, which violates that as well as the key, is a duplicate at receive count %i", async (receiveCount) => {
    await scene.lambda.invoke(logins(1));
    expect(await scene.lambda.failures(logins(1, () => ({}), { receiveCount }))).toEqual([]);
    expect(scene.lambda.reports.last.outcomes).toEqual([{ messageId: idOf(0), outcome: "duplicate" }]);
    expect(await scene.stored()).toEqual([idOf(0)]);
    expect(await scene.rejected()).toEqual([]);
  });
});
