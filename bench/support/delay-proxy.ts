import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { type Alarm, preciseAlarm } from "./alarm.ts";

export interface DelayProxy {
  readonly port: number;
  /** @param milliseconds that each direction takes longer, from now on; fractions count */
  setDelay(milliseconds: number): void;
  close(): Promise<void>;
}

interface Delayed {
  readonly due: bigint;
  deliver(): void;
}

/**
 * A way to a server on loopback that is as long as a network's: what comes in goes out later by the delay, in its order, and however
 * much of it is on its way at a time.
 */
export async function startDelayProxy(target: { host: string; port: number }, alarm: Alarm = preciseAlarm()): Promise<DelayProxy> {
  const line = new Line(alarm);
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true });
    line.join(client, upstream);
    line.join(upstream, client);
    for (const socket of [client, upstream]) sockets.add(socket.on("close", () => sockets.delete(socket)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    setDelay: (milliseconds) => line.setDelay(milliseconds),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await alarm.close();
    },
  };
}

/** What is on its way. The delay being the same for all, what came first is due first. */
class Line {
  #delay = 0n;
  #queue: Delayed[] = [];
  readonly #alarm: Alarm;

  constructor(alarm: Alarm) {
    this.#alarm = alarm;
    alarm.onRing(() => this.#ring());
  }

  setDelay(milliseconds: number): void {
    this.#delay = BigInt(Math.round(milliseconds * 1e6));
  }

  /** Hands on what one socket says to the other; the end and a break are delayed as well, so that they overtake nothing. */
  join(from: Socket, to: Socket): void {
    from.on("data", (chunk) => this.#later(() => to.write(chunk)));
    from.on("end", () => this.#later(() => to.end()));
    from.on("error", () => this.#later(() => to.resetAndDestroy()));
    from.on("close", () => this.#later(() => to.destroySoon()));
  }

  #later(deliver: () => void): void {
    const due = process.hrtime.bigint() + this.#delay;
    this.#queue.push({ due, deliver });
    if (this.#queue.length === 1) this.#alarm.set(due);
  }

  #ring(): void {
    const now = process.hrtime.bigint();
    const next = this.#queue.findIndex(({ due }) => due > now);
    const ripe = this.#queue.splice(0, next < 0 ? this.#queue.length : next);
    for (const { deliver } of ripe) deliver();
    const [first] = this.#queue;
    if (first) this.#alarm.set(first.due);
  }
}
