import { describe, expect, test } from "@jest/globals";
import type { SQSRecord } from "aws-lambda";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { REJECTION_CODES, type RejectionCode } from "../../lambda/rows/outcome.ts";
import { type Canaries, canaryLogin } from "../support/canaries.ts";
import { IN_PROCESS, UNDER_RIC, useCage } from "../support/canary-cage.ts";
import { record } from "../support/records.ts";

const cage = useCage();

/** Bodies that are rejected before they reach Postgres, by rejection code. */
const BAD: Partial<Record<RejectionCode, (canaries: Canaries) => unknown[]>> = {
  not_json: (c) => [c.deviceId, `{"ip": "${c.ip}", ${c.deviceId}}`, JSON.stringify(canaryLogin(c)).slice(0, -1)],
  not_an_object: (c) => [JSON.stringify(c.userId), [canaryLogin(c)]],
  wrapped: (c) => [
    { Type: "Notification", TopicArn: "arn:aws:sns:us-east-1:000000000000:logins", Message: JSON.stringify(canaryLogin(c)) },
    { "detail-type": c.deviceId, source: c.userId, detail: canaryLogin(c) },
  ],
  missing_field: (c) => [canaryLogin(c, { user_id: null }), { [c.deviceId]: c.ip }],
  wrong_type: (c) => [canaryLogin(c, { ip: { v6: c.ipv6 } }), canaryLogin(c, { user_id: [c.userId] })],
  too_long: (c) => [canaryLogin(c, { user_id: c.userId.repeat(9) }), canaryLogin(c, { locale: c.locale.repeat(9) })],
  nul_character: (c) => [canaryLogin(c, { device_id: `${c.deviceId}\0` })],
  lone_surrogate: (c) => [canaryLogin(c, { ip: `${c.host}\ud800` })],
  bad_date: (c) => [canaryLogin(c, { create_date: c.deviceId }), canaryLogin(c, { create_date: c.ip })],
};

const readCodes = async () => (await cage.database.rows("SELECT DISTINCT code FROM rejections ORDER BY 1")).map(({ code }) => code);

function good(canaries: Canaries): SQSRecord[] {
  const { ipv6, host, deviceId, ip } = canaries;
  return [{}, { ip: ipv6 }, { ip: host }, { ip: `  ${ipv6} ` }, { vpn: ip, [deviceId]: host }].map((fields) =>
    record(canaryLogin(canaries, fields)),
  );
}

describe.each([IN_PROCESS, UNDER_RIC])("%s", (_name, start) => {
  test("good messages leave no trace outside the table, at the first delivery and at later ones", async () => {
    const lambda = await cage.start(start);
    const records = good(cage.canaries);
    expect(await lambda.invoke(records)).toEqual([]);
    expect(
      await lambda.invoke(records.map((one) => ({ ...one, attributes: { ...one.attributes, ApproximateReceiveCount: "2" } }))),
    ).toEqual([]);
    expect(await lambda.invoke(records)).toEqual([]);
    expect(await cage.database.rows("SELECT DISTINCT user_id FROM user_logins")).toEqual([{ user_id: cage.canaries.userId }]);
    const { output, log } = await cage.open();
    expect(output).toContain('"duplicates":5');
    expect(log).toContain('duplicate key value violates unique constraint "user_logins_create_date_message_id_key"');
    expect(await cage.escaped()).toEqual([]);
  });

  test("bad messages of every kind are rejected with a code and leave no trace", async () => {
    const lambda = await cage.start(start);
    const records = Object.values(BAD).flatMap((bodies) => bodies(cage.canaries).map((body) => record(body)));
    expect(await lambda.invoke([...good(cage.canaries), ...records])).toEqual(records.map(({ messageId }) => messageId));
    expect(await readCodes()).toEqual(Object.keys(BAD).sort());
    const { output } = await cage.open();
    for (const code of Object.keys(BAD)) expect(output).toContain(`"code":"${code}"`);
    expect(await cage.escaped()).toEqual([]);
  });
});

test("a bad event-id is rejected with a code and leaves no trace", async () => {
  const lambda = await cage.start(IN_PROCESS[1], undefined, { pipeline: { ...userLogins, once: "event-id" } });
  const { deviceId, userId } = cage.canaries;
  const message = record(canaryLogin(cage.canaries), { attributes: { "event-id": `${deviceId} ${userId}` } });
  const undated = record(canaryLogin(cage.canaries), { attributes: { "event-id": "1", "event-time": deviceId } });
  expect(await lambda.invoke([message, undated])).toEqual([message.messageId, undated.messageId]);
  expect(await readCodes()).toEqual(["bad_date", "bad_event_id"]);
  expect((await cage.open()).output).toContain('"code":"bad_event_id"');
  expect(await cage.escaped()).toEqual([]);
});

test("these tests cover every rejection code", () => {
  const elsewhere = ["bad_event_id", "refused_by_database", "no_partition", "no_pipeline", "not_allowed", "out_of_range"];
  expect([...Object.keys(BAD), ...elsewhere].sort()).toEqual(Object.keys(REJECTION_CODES).sort());
});
