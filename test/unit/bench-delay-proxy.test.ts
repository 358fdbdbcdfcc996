import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Alarm } from "../../bench/support/alarm.ts";
import { type DelayProxy, startDelayProxy } from "../../bench/support/delay-proxy.ts";

/** Rings when it is told to, so that no test waits for a time. */
class HandAlarm implements Alarm {
  readonly times: bigint[] = [];
  #ring: () => void = () => {};
  set(at: bigint): void {
    this.times.push(at);
  }
  onRing(ring: () => void): void {
    this.#ring = ring;
  }
  ring(): void {
    this.#ring();
  }
  async close(): Promise<void> {}
}

let server: Server;
let proxy: DelayProxy | undefined;
let accepted: Promise<Socket>;

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true });
  accepted = once(server, "connection").then(([socket]) => socket as Socket);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  await proxy?.close();
  server.close();
});

async function joined(alarm?: Alarm): Promise<{ client: Socket; far: Socket }> {
  proxy = await startDelayProxy({ host: "127.0.0.1", port: (server.address() as AddressInfo).port }, alarm);
  const client = connect({ port: proxy.port, host: "127.0.0.1", allowHalfOpen: true });
  // A proxy that closes resets what is under way.
  client.on("error", () => {});
  return { client, far: await accepted };
}

const all = async (socket: Socket) => Buffer.concat(await socket.toArray());

test("everything arrives, in its order, in both directions, and so does the end", async () => {
  const { client, far } = await joined();
  proxy?.setDelay(0.2);
  const sent = Array.from({ length: 500 }, (_, i) => Buffer.alloc(1_000 + i, i));
  for (const chunk of sent) {
    client.write(chunk);
    far.write(chunk);
  }
  client.end();
  far.end();
  const [there, here] = await Promise.all([all(far), all(client)]);
  expect(there.equals(Buffer.concat(sent))).toBe(true);
  expect(here.equals(Buffer.concat(sent))).toBe(true);
});

test("what is on its way takes up no room of what follows: all of it is sent before any of it arrives", async () => {
  const alarm = new HandAlarm();
  const { client, far } = await joined(alarm);
  proxy?.setDelay(3_600_000);
  let arrived = 0;
  far.on("data", (chunk: Buffer) => {
    arrived += chunk.length;
  });
  const drained = once(client, "drain");
  client.write(Buffer.alloc(8_000_000));
  await drained;
  expect(arrived).toBe(0);
});

test("nothing is delivered before its time, and the alarm is set for the first that is due", async () => {
  const alarm = new HandAlarm();
  const { client, far } = await joined(alarm);
  proxy?.setDelay(3_600_000);
  const before = process.hrtime.bigint();
  let arrived = "";
  far.on("data", (chunk: Buffer) => {
    arrived += chunk;
  });
  client.write("late");
  while (alarm.times.length === 0) await new Promise(setImmediate);
  alarm.ring();
  expect(alarm.times.length).toBe(2);
  expect(alarm.times[0]).toBe(alarm.times[1]);
  expect((alarm.times[0] ?? 0n) - before).toBeGreaterThanOrEqual(3_600_000_000_000n);
  await new Promise(setImmediate);
  expect(arrived).toBe("");
});

test("without a delay what comes in goes on at once", async () => {
  const alarm = new HandAlarm();
  const { client, far } = await joined(alarm);
  client.end("now");
  while (alarm.times.length === 0) await new Promise(setImmediate);
  const arrived = all(far);
  const ringing = setInterval(() => alarm.ring(), 1);
  expect((await arrived).toString()).toBe("now");
  clearInterval(ringing);
});

test("a connection that is reset on one side is reset on the other", async () => {
  const { client, far } = await joined();
  const failed = new Promise<Error>((resolve) => client.on("error", resolve));
  far.resetAndDestroy();
  expect(await failed).toMatchObject({ code: "ECONNRESET" });
});
