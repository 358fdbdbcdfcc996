import { connect, createServer, type Socket } from "node:net";

type Side = "client" | "server";

/** A connection of both sides. */
interface Pair extends Record<Side, Socket> {
  /** Half-open: neither side gets a byte, and neither learns that the other one has gone. */
  isHeld: boolean;
}

/** A way to Postgres that fails on demand. It supports no TLS. */
export type FaultyProxy = Awaited<ReturnType<typeof startProxy>>;

/** @param findPort returns the port of the server at the moment */
export async function startProxy(findPort: () => number) {
  const pairs = new Set<Pair>();
  const faults = {
    /** Milliseconds by which every chunk is late. */
    delay: 0,
    /** The next connection in use is cut when this side has sent so many bytes more. */
    cut: undefined as { from: Side; bytes: number } | undefined,
    /** Called instead of passing on the answer to the next commit; the connection is then cut. */
    onCommit: undefined as (() => void) | undefined,
  };
  const cutPair = ({ client, server }: Pair) => {
    client.destroy();
    server.destroy();
  };

  const pipe = (pair: Pair, from: Side, to: Side) => {
    const [source, target] = [pair[from], pair[to]];
    source.on("data", (chunk: Buffer) => {
      if (pair.isHeld) return;
      const { cut, onCommit, delay } = faults;
      if (from === "server" && onCommit && answersCommit(chunk)) {
        faults.onCommit = undefined;
        cutPair(pair);
        onCommit();
      } else if (cut?.from === from && cut.bytes < chunk.length) {
        faults.cut = undefined;
        target.end(chunk.subarray(0, cut.bytes));
        source.destroy();
      } else {
        if (cut?.from === from) cut.bytes -= chunk.length;
        if (delay === 0) return void target.write(chunk);
        source.pause();
        setTimeout(() => source.resume() && target.write(chunk), delay);
      }
    });
    source.on("error", () => {});
    source.on("close", () => {
      if (pair.isHeld) return;
      pairs.delete(pair);
      target.end();
    });
  };

  const listener = createServer((client) => {
    const pair = { client, server: connect(findPort(), "127.0.0.1"), isHeld: false };
    pairs.add(pair);
    pipe(pair, "client", "server");
    pipe(pair, "server", "client");
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return Object.assign(faults, {
    port: (listener.address() as { port: number }).port,
    /** Makes the connections half-open. @returns a function that cuts them */
    hold() {
      const held = [...pairs];
      for (const pair of held) pair.isHeld = true;
      return () => held.forEach(cutPair);
    },
    async close() {
      pairs.forEach(cutPair);
      await new Promise((resolve) => listener.close(resolve));
    },
  });
}

/** ReadyForQuery outside a transaction: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const READY = Buffer.from("Z\0\0\0\x05I");

/** Whether the server says that a statement that wrote is committed. */
function answersCommit(chunk: Buffer): boolean {
  return chunk.includes(READY) && /C....(COPY|INSERT 0|COMMIT)/s.test(chunk.toString("latin1"));
}
