import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type Delay, startDelayProxy } from "../../bench/support/delay-proxy.ts";

/** Delivers when it is told to, so that no test waits for a time. */
class HandDelay {
  readonly #pending: (() => void)[] = [];
  readonly delay: Delay = (deliver) => this.#pending.push(deliver);

  get pending(): number {
    return this.#pending.length;
  }

  deliver(): void {
    for (const deliver of this.#pending.splice(0)) deliver();
  }
}

let server: Server;
let proxy: Server | undefined;
let client: Socket | undefined;
let accepted: Promise<Socket>;

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true });
  accepted = once(server, "connection").then(([socket]) => socket as Socket);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  client?.destroy();
  (await accepted).destroy();
  proxy?.close();
  server.close();
});

async function connectThrough(delay: Delay): Promise<{ client: Socket; far: Socket }> {
  proxy = await startDelayProxy({ host: "127.0.0.1", port: (server.address() as AddressInfo).port }, delay);
  client = connect({ port: (proxy.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
  client.on("error", () => {});
  return { client, far: await accepted };
}

const all = async (socket: Socket) => Buffer.concat(await socket.toArray());

test("everything arrives, in its order, in both directions, and so does the end", async () => {
  const { client, far } = await connectThrough((deliver) => setTimeout(deliver, 1));
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

test("what is on its way does not hold up what follows: all of it is sent before any of it arrives", async () => {
  const hand = new HandDelay();
  const { client, far } = await connectThrough(hand.delay);
  let arrived = 0;
  far.on("data", (chunk: Buffer) => {
    arrived += chunk.length;
  });
  const drained = once(client, "drain");
  client.write(Buffer.alloc(8_000_000));
  await drained;
  expect(arrived).toBe(0);
});

test("nothing is delivered before its time", async () => {
  const hand = new HandDelay();
  const { client, far } = await connectThrough(hand.delay);
  const first = once(far, "data");
  let arrived = "";
  far.on("data", (chunk: Buffer) => {
    arrived += chunk;
  });
  client.write("late");
  while (hand.pending === 0) await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(arrived).toBe("");
  hand.deliver();
  await first;
  expect(arrived).toBe("late");
});

test("a connection that is reset on one side is reset on the other", async () => {
  const { client, far } = await connectThrough(setImmediate);
  const failed = new Promise<Error>((resolve) => client.on("error", resolve));
  far.resetAndDestroy();
  expect(await failed).toMatchObject({ code: "ECONNRESET" });
});
