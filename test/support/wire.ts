import { connect, createServer, type Server, type Socket } from "node:net";
import { setImmediate as turn, setTimeout as wait } from "node:timers/promises";
import type { ClientConfig } from "pg";

export type Side = "client" | "server";

export interface Cut {
  readonly from: Side;
  readonly after: number;
  /** At once, by an end that the client sees; or by a reset, after the other side has answered these bytes. */
  readonly manner: "at once" | "when answered";
}

/** Milliseconds in which an answer has probably arrived. If it is later, the client sees only the reset. */
const ANSWER = 10;

/** The treatment of the bytes that come next. */
export interface Plan {
  /** The connection is cut in both directions when this many bytes from that side are delivered. */
  readonly cut?: Cut;
  /** Each byte is delivered alone; or that side's bytes in two pieces, the second after the other side has sent `answer` bytes. */
  readonly pieces?: "bytes" | { readonly from: Side; readonly first: number; readonly answer?: number };
}

/** A proxy to Postgres that controls the connection byte by byte. Not for TLS. */
export class Wire {
  /** The server's configuration, with the wire in front of it. */
  readonly config: ClientConfig;
  /** Bytes of each side that were delivered since the current plan began. */
  readonly passed: Record<Side, number> = { client: 0, server: 0 };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #plan: Plan = {};
  #cutting: Promise<void> | undefined;

  static async to(target: ClientConfig): Promise<Wire> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.on("error", reject).listen(0, "127.0.0.1", resolve);
    });
    return new Wire(server, target);
  }

  private constructor(server: Server, target: ClientConfig) {
    const { port } = server.address() as { port: number };
    this.#server = server.on("connection", (client: Socket) => this.#join(client, target));
    this.config = { ...target, host: "127.0.0.1", port };
  }

  /** Starts a plan with new counts. A cut ends the plan. */
  follow(plan: Plan): void {
    this.#plan = plan;
    Object.assign(this.passed, { client: 0, server: 0 });
  }

  /** Resolves when the planned cut is made. @throws if its bytes have not arrived */
  async cutMade(): Promise<void> {
    if (this.#plan.cut) throw new Error(`only ${this.passed[this.#plan.cut.from]} bytes came; the cut is still to be made`);
    await this.#cutting;
  }

  async close(): Promise<void> {
    this.#plan = {};
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, { host = "127.0.0.1", port = 5432 }: ClientConfig): void {
    const server = connect({ host, port, noDelay: true });
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => {}).on("close", () => this.#sockets.delete(socket));
    }
    void this.#carry("client", client, server);
    void this.#carry("server", server, client);
  }

  /** Delivers the bytes of one side, until the connection is cut. */
  async #carry(from: Side, source: Socket, target: Socket): Promise<void> {
    const [client, server] = from === "client" ? [source, target] : [target, source];
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        for (let rest = chunk; rest.length > 0; ) {
          const length = Math.min(rest.length, this.#untilBorder(from));
          target.write(rest.subarray(0, length));
          this.passed[from] += length;
          rest = rest.subarray(length);
          if (this.#isDue(from)) {
            this.#cutting = this.#cut(client, server);
            return await this.#cutting;
          }
          do await bothRead();
          while (this.#isHeld(from));
        }
      }
    } catch {
      // The source was reset by its peer or destroyed by a cut.
    }
    target.end();
  }

  /** The number of bytes of that side that may be delivered in one piece. */
  #untilBorder(from: Side): number {
    const { cut, pieces } = this.#plan;
    if (pieces === "bytes") return 1;
    const toCut = cut?.from === from ? cut.after - this.passed[from] : Number.POSITIVE_INFINITY;
    const toPiece = pieces?.from === from ? pieces.first - this.passed[from] : 0;
    return Math.min(toCut, toPiece > 0 ? toPiece : Number.POSITIVE_INFINITY);
  }

  /** Whether that side's next piece waits for an answer. */
  #isHeld(from: Side): boolean {
    const { pieces } = this.#plan;
    if (pieces === "bytes" || pieces?.from !== from || pieces.first !== this.passed[from]) return false;
    return this.passed[from === "client" ? "server" : "client"] < (pieces.answer ?? 0);
  }

  #isDue(from: Side): boolean {
    const { cut } = this.#plan;
    return cut?.from === from && this.passed[from] === cut.after;
  }

  async #cut(client: Socket, server: Socket): Promise<void> {
    const isLate = this.#plan.cut?.manner === "when answered";
    this.#plan = {};
    if (isLate) await wait(ANSWER);
    server.end();
    if (isLate) client.resetAndDestroy();
    else client.end();
  }
}

/** Waits until the client, in the same event loop, has read its bytes. That takes two turns, because the first may still be this one. */
async function bothRead(): Promise<void> {
  await turn();
  await turn();
}
