import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Wire } from "../support/wire.ts";

let wire: Wire;
let client: Socket;
let server: Socket;
/** The chunks that the client and the server have read. */
let read: Record<"client" | "server", string[]>;

beforeEach(async () => {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  wire = await Wire.to({ host: "127.0.0.1", port: (listener.address() as AddressInfo).port });
  client = connect({ host: "127.0.0.1", port: Number(wire.config.port) });
  [server] = (await once(listener, "connection")) as [Socket];
  listener.close();
  read = { client: [], server: [] };
  client.on("error", () => {}).on("data", (chunk) => read.client.push(String(chunk)));
  server.on("error", () => {}).on("data", (chunk) => read.server.push(String(chunk)));
});
afterEach(async () => {
  client.destroy();
  server.destroy();
  await wire.close();
});

/** Resolves when one side has read this many bytes. */
async function untilRead(side: "client" | "server", bytes: number): Promise<void> {
  while (read[side].join("").length < bytes) await new Promise(setImmediate);
}

describe("a wire", () => {
  test("delivers each byte alone, in both directions", async () => {
    wire.follow({ pieces: "bytes" });
    client.write("question");
    await untilRead("server", 8);
    server.write("answer");
    await untilRead("client", 6);
    expect(read).toEqual({ server: [..."question"], client: [..."answer"] });
  });

  test("delivers one side's bytes in two pieces", async () => {
    wire.follow({ pieces: { from: "server", first: 2 } });
    server.write("answer");
    await untilRead("client", 6);
    expect(read.client).toEqual(["an", "swer"]);
  });

  test("holds the second piece until the other side has answered the first", async () => {
    wire.follow({ pieces: { from: "client", first: 3, answer: 2 } });
    client.write("question");
    await untilRead("server", 3);
    server.write("no");
    await untilRead("server", 8);
    expect(read).toEqual({ server: ["que", "stion"], client: ["no"] });
  });

  test.each(["at once", "when answered"] as const)(
    "that is cut %s delivers the bytes before the cut, and none after it",
    async (manner) => {
      wire.follow({ cut: { from: "client", after: 3, manner } });
      const ended = Promise.all([client, server].map((socket) => new Promise((resolve) => socket.on("close", resolve))));
      client.write("question");
      await ended;
      await wire.cutMade();
      expect(read.server).toEqual(["que"]);
    },
  );

  test("reports a cut whose bytes have not arrived", async () => {
    wire.follow({ cut: { from: "client", after: 9, manner: "at once" } });
    client.write("question");
    await untilRead("server", 8);
    await expect(wire.cutMade()).rejects.toThrow("only 8 bytes came");
  });
});
