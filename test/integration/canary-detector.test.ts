import { expect, test } from "@jest/globals";
import { startLambda } from "../../local/emulators/lambda-runtime/lambda.ts";
import { bundleSource } from "../support/bundle.ts";
import { canaryLogin, findTraces, maskCanaries, plantCanaries } from "../support/canaries.ts";
import { IN_PROCESS, useCage } from "../support/canary-cage.ts";
import { eventOf, record } from "../support/records.ts";

/** If these fail, the other canary tests prove nothing. */
const cage = useCage();

const HANDLERS: [string, string, string][] = [
  ["throws an error that quotes it", "throw new Error(body)", "deviceId as text"],
  ["throws an error with it as a property", "throw Object.assign(new Error('failed'), { detail: body })", "deviceId as text"],
  ["throws JSON.parse's error about it", "JSON.parse(JSON.parse(body).device_id)", "deviceId as text"],
  ["prints it", "console.log(body)", "userId as JSON"],
  ["prints it inside JSON", "console.log(JSON.stringify(event))", "userId as JSON"],
  ["writes it to stderr in hex", "process.stderr.write(Buffer.from(body).toString('hex'))", "ip as hex"],
  ["prints it as a buffer", "console.log(Buffer.from(JSON.parse(body).device_id))", "deviceId as hex"],
  ["prints it as a list of bytes", "console.log(JSON.stringify(Buffer.from(body)))", "locale as bytes"],
  ["prints it in base64", "console.log(Buffer.from(body).toString('base64'))", "ip as base64"],
  ["prints it as part of an address", "console.log(encodeURIComponent(JSON.parse(body).user_id))", "userId as percent signs"],
  ["returns it", "return body", "deviceId as text"],
];

test.each(HANDLERS)("a function that %s is detected", async (_name, statement, trace) => {
  const leaky = bundleSource(`exports.handler = async (event) => { const { body } = event.Records[0]; ${statement}; };`);
  const lambda = await startLambda(leaky.folder, {});
  const { payload } = await lambda.invoke(eventOf(record(canaryLogin(cage.canaries))));
  await lambda.stop();
  leaky.remove();
  expect(findTraces(lambda.output().toString("utf8") + JSON.stringify(payload), cage.canaries)).toContain(trace);
});

test("output in process is captured, from streams and from the console", async () => {
  await cage.start(IN_PROCESS[1]);
  process.stdout.write(cage.canaries.ip);
  process.stderr.write(Buffer.from(cage.canaries.ipv6));
  console.error({ value: cage.canaries.deviceId });
  await cage.open();
  expect(await cage.escaped()).toEqual(["output: ip as text", "output: ipv6 as text", "output: deviceId as text"]);
});

test("a canary or a token in `rejections` is detected", async () => {
  const { "token of ip": token } = await maskCanaries(cage.canaries);
  const insert = "INSERT INTO rejections (pipeline, message_id, code, field, receive_count) VALUES ('p', 'm', $1, $2, 1)";
  await cage.database.client.query(insert, [cage.canaries.userId, token]);
  await cage.open();
  expect(await cage.escaped()).toEqual(["rejections: userId as text", "rejections: userId as JSON", "rejections: token of ip as text"]);
});

test("a canary in Postgres's log is detected", async () => {
  await cage.database.client.query("SET log_min_messages = warning");
  await cage.database.client.query(`DO $do$ BEGIN RAISE WARNING '%', $text$${cage.canaries.locale}$text$; END $do$`);
  await cage.open();
  expect(await cage.escaped()).toEqual(["log: locale as text"]);
});

test("a piece of eight characters is detected, and a harmless text has none", () => {
  const canaries = plantCanaries();
  expect(findTraces(`...${canaries.deviceId.slice(4, 12)}...`, canaries)).toEqual(["deviceId as text"]);
  expect(findTraces("2026-03-01 12:00:00.123 UTC [4711] ERROR:  value too long for type character varying(2)", canaries)).toEqual([]);
});
