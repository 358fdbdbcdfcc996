import { expect, test } from "@jest/globals";
import { openDryRun, tryBody } from "../../lambda/ingest/dry-run.ts";
import { shareQueue, skip, toQueue } from "../../lambda/pipelines/queue.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { login, record } from "../support/records.ts";

const TOKEN = expect.stringMatching(/^v1\.[0-9a-f]{32}$/);

test("a body becomes the row that the function would store", async () => {
  expect(await tryBody(userLogins, login())).toEqual({
    user_id: "424cdd21-063a-43a7-b91b-7ca1a833afae",
    device_type: "android",
    masked_ip: TOKEN,
    masked_device_id: TOKEN,
    locale: "RU",
    app_version: "2.3.0",
    create_date: "2026-03-01",
  });
});

test("a body that would be rejected is an error with its code and field", async () => {
  await expect(tryBody(userLogins, login({ user_id: null }))).rejects.toThrow("rejected: missing_field user_id");
});

test("each run has a key of its own, and equal values have equal tokens within it", async () => {
  const [first, second] = await Promise.all([openDryRun(toQueue(userLogins)), openDryRun(toQueue(userLogins))]);
  const mask = (run: typeof first) => {
    const trial = run(record(login()));
    return trial.kind === "row" ? trial.row.masked_ip : undefined;
  };
  expect(mask(first)).toEqual(TOKEN);
  expect(mask(first)).toBe(mask(first));
  expect(mask(first)).not.toBe(mask(second));
});

test("the columns whose values were masked as text are named", async () => {
  const run = await openDryRun(toQueue(userLogins));
  expect(run(record(login({ ip: "no address" })))).toMatchObject({ kind: "row", maskedAsText: ["masked_ip"] });
  expect(run(record(login()))).toMatchObject({ kind: "row", maskedAsText: [] });
});

test("a table that must match older rows is tried with their digests", async () => {
  const { masked_ip } = await tryBody({ ...userLogins, masking: { sha256: true } }, login());
  expect(masked_ip).toMatch(/^[0-9a-f]{64}$/);
});

test("a message of a shared queue that no pipeline stores is settled without one", async () => {
  const logins = { ...userLogins, when: [{ path: ["type"], values: ["login"] }] };
  const run = await openDryRun(shareQueue("events", [logins, skip({ type: "ping" })]));
  const outcomes = ["login", "ping", "pong"].map((type) => run(record(login({ type }))));
  expect(outcomes).toMatchObject([
    { kind: "row", pipeline: logins },
    { kind: "settled", pipeline: undefined, outcome: { kind: "skipped" } },
    { kind: "settled", pipeline: undefined, outcome: { kind: "rejected", code: "no_pipeline" } },
  ]);
});
