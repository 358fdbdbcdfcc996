import { describe, expect, test } from "@jest/globals";
import { BAD, CANARY, useDeadLetters } from "../support/dead-letters.ts";
import { login } from "../support/records.ts";

const fixture = useDeadLetters();

describe("masqueue dlq list", () => {
  test("counts messages by code and field, lists them, and leaves them visible", async () => {
    const ids = await fixture.bury([BAD, BAD, "{", login({ ip: CANARY })]);
    const { code, stdout, stderr } = await fixture.dlq(["list"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/missing_field │ user_id │ 2 /);
    expect(stdout).toMatch(/not_json +│ +│ 1 /);
    expect(stdout).toMatch(/storable +│ +│ 1 /);
    for (const id of ids) expect(stdout).toContain(id);
    expect(stdout).not.toContain(CANARY);
    expect(await fixture.receiveDead()).toHaveLength(4);
  });

  test("takes the reasons from table rejections if the environment names the database", async () => {
    const [refused = "", failed = ""] = await fixture.bury([login(), login()]);
    await fixture.database.client.query(
      "INSERT INTO rejections (pipeline, message_id, code, field, sqlstate, receive_count) VALUES ('user-logins', $1, 'refused_by_database', 'user_id', '23514', 9)",
      [refused],
    );
    const { stdout } = await fixture.dlq(["list", "--json"], fixture.withDatabase());
    const { groups, messages, depth } = JSON.parse(stdout);
    expect(groups).toEqual(
      expect.arrayContaining([
        { code: "refused_by_database", field: "user_id", messages: 1 },
        { code: "batch_failed", field: null, messages: 1 },
      ]),
    );
    expect(messages.map(({ messageId }: { messageId: string }) => messageId).sort()).toEqual([refused, failed].sort());
    expect(messages[0].expires - messages[0].sent).toBeGreaterThan(60_000);
    expect(depth).toBe(2);
  });

  test("parses the messages again if the database cannot be reached, and says so", async () => {
    await fixture.bury([BAD]);
    const { code, stdout, stderr } = await fixture.dlq(["list"], { ...fixture.withDatabase(), PGPORT: "1" });
    expect(code).toBe(0);
    expect(stdout).toContain("missing_field");
    expect(stderr).toContain("cannot be read");
    expect(stderr).toContain("the messages are parsed again.");
  });

  test("says that the queue is empty, and reads no more than --limit", async () => {
    expect((await fixture.dlq(["list"])).stdout).toContain("is empty.");
    await fixture.bury(Array.from({ length: 12 }, () => BAD));
    expect((await fixture.dlq(["list", "--limit", "5"])).stdout).toContain("Read 5 of about 12: --limit reads more.");
    expect(await fixture.receiveDead()).toHaveLength(12);
  });
});

describe("masqueue dlq show", () => {
  test("prints what the pipeline stores in the open, and redacts all else", async () => {
    const [id = ""] = await fixture.bury([{ ...BAD, locale: "DE", nickname: CANARY, device_type: { hidden: CANARY } }]);
    const { code, stdout, stderr } = await fixture.dlq(["show", id]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      ...{ user_id: null, app_version: "2.3.0", device_type: { hidden: "[redacted]" }, ip: "[redacted]", locale: "DE" },
      ...{ device_id: "[redacted]", nickname: "[redacted]" },
    });
    expect(stderr).toContain("missing_field (user_id)");
    expect(stdout + stderr).not.toContain(CANARY);
  });

  test("prints the raw body only with --raw, with a warning", async () => {
    const [id = "", broken = ""] = await fixture.bury([BAD, `{"ip":"${CANARY}`]);
    expect((await fixture.dlq(["show", broken])).stdout).not.toContain(CANARY);
    const { stdout, stderr } = await fixture.dlq(["show", id, "--raw"]);
    expect(JSON.parse(stdout)).toEqual(BAD);
    expect(stderr).toContain("personal data");
  });

  test("reports an id that is not there", async () => {
    const { code, stderr } = await fixture.dlq(["show", "none"]);
    expect(code).toBe(1);
    expect(stderr).toContain("No message none is in");
  });
});
