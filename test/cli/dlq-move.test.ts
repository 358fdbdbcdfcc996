import { describe, expect, test } from "@jest/globals";
import { container } from "../support/container.ts";
import { BAD, text, useDeadLetters } from "../support/dead-letters.ts";
import { login } from "../support/records.ts";

const fixture = useDeadLetters();

describe("masqueue dlq redrive", () => {
  test("sends messages back with their first id and time, and deletes them", async () => {
    const [first = ""] = await fixture.bury([login()]);
    expect((await fixture.dlq(["redrive", "--all"])).stdout).toContain("1 message redriven, 0 left.");
    const [message] = await fixture.receiveLive();
    expect(message?.MessageId).not.toBe(first);
    expect(message?.MessageAttributes).toMatchObject({ "masqueue-id": text(first), "masqueue-sent": { DataType: "String" } });
    expect(await fixture.receiveDead()).toEqual([]);
  });

  test("keeps id and time of the first delivery over several redrives, so that the row is stored once and keeps its date", async () => {
    const sent = String(Date.UTC(2026, 2, 1, 23, 59, 59));
    const id = "0f0e0d0c-0b0a-4908-8706-050403020100";
    const lambda = container(fixture.database.config);
    for (let round = 0; round < 2; round++) {
      await fixture.bury([login()], { "masqueue-id": text(id), "masqueue-sent": text(sent) });
      await fixture.dlq(["redrive", "--all"]);
      await fixture.queue.drain((event) => lambda.invoke(event.Records));
    }
    await lambda.close();
    expect(await fixture.database.rows("SELECT message_id, create_date::text FROM user_logins")).toEqual([
      { message_id: id, create_date: "2026-03-01" },
    ]);
  });

  test("makes room among ten attributes, and keeps those that the function reads", async () => {
    const many = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`trace-${i}`, text("x")]));
    const [id = ""] = await fixture.bury([login()], { ...many, "event-id": text("e-1"), "event-time": text("2026-03-01") });
    await fixture.dlq(["redrive", "--id", id]);
    const [message] = await fixture.receiveLive();
    const names = Object.keys(message?.MessageAttributes ?? {});
    expect(names).toHaveLength(10);
    expect(names).toEqual(expect.arrayContaining(["event-id", "event-time", "masqueue-id", "masqueue-sent"]));
  });

  test("takes only the messages of a code, and no more than --limit", async () => {
    await fixture.bury([BAD, BAD, BAD, "{"]);
    const { stdout } = await fixture.dlq(["redrive", "--code", "missing_field", "--limit", "2"]);
    expect(stdout).toContain("2 messages redriven");
    expect(await fixture.receiveLive()).toHaveLength(2);
    expect(await fixture.receiveDead()).toHaveLength(2);
  });

  test("with --check takes only what the function would store now; with --dry-run takes nothing", async () => {
    await fixture.bury([BAD, login(), login()]);
    expect((await fixture.dlq(["redrive", "--all", "--dry-run"])).stdout).toContain("3 messages would be redriven, 0 left.");
    expect(await fixture.queue.depth()).toBe(0);
    expect((await fixture.dlq(["redrive", "--all", "--check"])).stdout).toContain("2 messages redriven, 1 left.");
    expect((await fixture.receiveDead()).map(({ Body }) => JSON.parse(Body ?? "{}").user_id)).toEqual([null]);
  });

  test.each([
    [["redrive"], 2, "Say which messages: --code, --id or --all."],
    [["redrive", "--all", "--limit", "0"], 2, "Give a whole number from 1 on."],
  ])("refuses %j", async (args, exit, sentence) => {
    const { code, stderr } = await fixture.dlq(args);
    expect(code).toBe(exit);
    expect(stderr).toContain(sentence);
  });
});

describe("masqueue dlq drop", () => {
  test("keeps the reason in table rejections, and deletes the messages", async () => {
    const [id = ""] = await fixture.bury([BAD, "{"]);
    const { code, stdout } = await fixture.dlq(["drop", "--code", "missing_field", "--reason", "test", "--yes"], fixture.withDatabase());
    expect({ code, stdout }).toEqual({ code: 0, stdout: "1 message dropped.\n" });
    expect(await fixture.database.rows("SELECT message_id, code FROM rejected_messages")).toEqual([
      { message_id: id, code: "dropped_test" },
    ]);
    expect(await fixture.receiveDead()).toHaveLength(1);
  });

  test("drops nothing without a database, without a terminal's answer, or if the reason cannot be kept", async () => {
    await fixture.bury([BAD]);
    expect((await fixture.dlq(["drop", "--all", "--reason", "test", "--yes"])).stderr).toContain("set DATABASE_URL or PGHOST");
    expect((await fixture.dlq(["drop", "--all", "--reason", "test"], fixture.withDatabase())).stderr).toContain("pass --yes");
    await fixture.database.client.query("ALTER TABLE rejections ADD CHECK (code NOT LIKE 'dropped%')");
    const { code, stderr } = await fixture.dlq(["drop", "--all", "--reason", "test", "--yes"], fixture.withDatabase());
    expect(code).toBe(1);
    expect(stderr).toContain("Nothing was dropped");
    expect(await fixture.receiveDead()).toHaveLength(1);
  });
});
