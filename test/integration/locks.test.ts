import { describe, expect, test } from "@jest/globals";
import { idsBut, logins, useScene } from "../support/scene.ts";
import { holdTable } from "../support/sessions.ts";

const scene = useScene();

describe("a table that is locked until after the function's time", () => {
  test.each([1, 2])("fails the invocation, and the container recovers (receive count %i)", async (receiveCount) => {
    const batch = logins(100, () => ({}), { receiveCount });
    await scene.lambda.invoke([]);
    const release = await holdTable(scene.database);
    await expect(scene.lambda.invoke(batch, 2)).rejects.toMatchObject({ code: "out_of_time" });
    expect(scene.lambda.reports.failures.map(({ code }) => code)).toEqual(["out_of_time"]);
    await release();
    // What the first invocation sent may still be committed now that the table is free, under the second one.
    expect(await scene.lambda.failures(batch)).toEqual([]);
    expect(await scene.stored()).toEqual(idsBut(100));
  });

  test("fails the first invocation of a container in the same way", async () => {
    const release = await holdTable(scene.database, "mask_keys");
    await expect(scene.lambda.invoke(logins(3), 1)).rejects.toMatchObject({ code: "out_of_time" });
    await release();
    expect(await scene.lambda.failures(logins(3))).toEqual([]);
  });

  test("is waited for while there is time", async () => {
    await scene.lambda.invoke([]);
    const release = await holdTable(scene.database);
    const answer = scene.lambda.failures(logins(3));
    setTimeout(release, 100);
    expect(await answer).toEqual([]);
    expect(await scene.stored()).toEqual(idsBut(3));
  });
});

describe("two containers with the same rows in opposite order", () => {
  test.each([1, 2])("both report all as done and do not deadlock (receive count %i)", async (receiveCount) => {
    const [one, other] = [scene.container(), scene.container()];
    await Promise.all([one.invoke([]), other.invoke([])]);
    for (let round = 0; round < 5; round++) {
      const batch = logins(300, () => ({ create_date: `2026-03-0${round + 1}` }), { receiveCount });
      const answers = [one.failures(batch), other.failures([...batch].reverse())];
      expect(await Promise.all(answers)).toEqual([[], []]);
    }
    expect(await scene.stored()).toEqual(idsBut(300).flatMap((id) => Array(5).fill(id)));
    const [{ deadlocks } = {}] = await scene.database.rows(
      "SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()",
    );
    expect(deadlocks).toBe(0);
  });
});
