import { beforeEach, describe, expect, test } from "@jest/globals";
import { idOf, idsBut, logins, useFixture } from "../support/fixture.ts";

const fixture = useFixture();

describe("if the table's owner requires one row per user and day,", () => {
  beforeEach(() => fixture.sql("ALTER TABLE user_logins ADD UNIQUE (user_id, create_date)"));

  test("a row that violates this rule is rejected, not reported as a duplicate", async () => {
    await fixture.lambda.invoke(logins(1));
    const [, second] = logins(2);
    expect(await fixture.lambda.failures(second ? [second] : [])).toEqual([idOf(1)]);
    expect(await fixture.stored()).toEqual([idOf(0)]);
    expect(await fixture.rejected()).toEqual([{ message_id: idOf(1), code: "refused_by_database", field: null, sqlstate: "23505" }]);
  });

  test("the second of two such rows in one batch is rejected, and the other 99 are stored", async () => {
    const batch = logins(100, (i) => ({ user_id: `user ${i === 60 ? 20 : i}` }));
    expect(await fixture.lambda.failures(batch)).toEqual([idOf(60)]);
    expect(await fixture.stored()).toEqual(idsBut(100, 60));
  });

  test.each([1, 2])("a redelivery, which violates this rule and the key, is a duplicate at receive count %i", async (receiveCount) => {
    await fixture.lambda.invoke(logins(1));
    expect(await fixture.lambda.failures(logins(1, () => ({}), { receiveCount }))).toEqual([]);
    expect(fixture.lambda.reports.last.outcomes).toEqual([{ messageId: idOf(0), outcome: "duplicate" }]);
    expect(await fixture.stored()).toEqual([idOf(0)]);
    expect(await fixture.rejected()).toEqual([]);
  });
});
