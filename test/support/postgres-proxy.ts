import { connect, createServer, type Server, type Socket } from "node:net";
import type { ClientConfig } from "pg";

interface Cut {
  readonly from: "client" | "server";
  readonly text: string;
  readonly thenRefuse: boolean;
}

/** A proxy before Postgres that can cut the connection at a word, and records the statements that pass. It supports no TLS. */
export class PostgresProxy {
  /** The server's configuration, with the proxy's address. */
  readonly config: ClientConfig;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #statements: string[] = [];
  #refusing = false;
  #cut: Cut | undefined;

  static async to(target: ClientConfig): Promise<PostgresProxy> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.on("error", reject).listen(0, "127.0.0.1", resolve);
    });
    return new PostgresProxy(server, target);
  }

  private constructor(server: Server, target: ClientConfig) {
    const { port } = server.address() as { port: number };
    this.#server = server.on("connection", (client: Socket) => this.#join(client, target));
    this.config = { ...target, host: "127.0.0.1", port };
  }

  /** Returns the first word of each statement since the last call, in order. */
  takeStatements(): string[] {
    const taken = this.#statements;
    this.#statements = [];
    return taken;
  }

  /** Cuts every connection and refuses new ones until `accept`. */
  refuse(): void {
    this.#refusing = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  accept(): void {
    this.#refusing = false;
  }

  /** Cuts once, when that side sends the text: the bytes before it still arrive, the text and the rest do not. */
  cutAt(from: Cut["from"], text: string, options: { thenRefuse?: boolean } = {}): void {
    this.#cut = { from, text, thenRefuse: options.thenRefuse ?? false };
  }

  async close(): Promise<void> {
    this.refuse();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, { host = "127.0.0.1", port = 5432 }: ClientConfig): void {
    if (this.#refusing) {
      client.on("error", () => {}).destroy();
      return;
    }
    const server = connect(port, host);
    const count = statementCounter((word) => this.#statements.push(word));
    this.#pipe("client", client, server, count);
    this.#pipe("server", server, client, () => {});
  }

  #pipe(from: Cut["from"], source: Socket, target: Socket, see: (chunk: Buffer) => void): void {
    this.#sockets.add(source);
    source.on("data", (chunk: Buffer) => {
      const at = this.#cut?.from === from ? chunk.indexOf(this.#cut.text) : -1;
      if (at < 0) {
        see(chunk);
        target.write(chunk);
        return;
      }
      const thenRefuse = this.#cut?.thenRefuse;
      this.#cut = undefined;
      target.end(chunk.subarray(0, at));
      source.destroy();
      if (thenRefuse) this.#refusing = true;
    });
    source.on("error", () => {});
    source.on("close", () => {
      this.#sockets.delete(source);
      target.end();
    });
  }
}

/** Counts the statements that a client sends: https://www.postgresql.org/docs/current/protocol-message-formats.html */
function statementCounter(found: (word: string) => void): (chunk: Buffer) => void {
  let pending = Buffer.alloc(0);
  let started = false;
  return (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      // Only the start-up message has no type byte before its length.
      const typeLength = started ? 1 : 0;
      if (pending.length < typeLength + 4) return;
      const end = typeLength + pending.readInt32BE(typeLength);
      if (pending.length < end) return;
      const type = started ? String.fromCharCode(pending[0] ?? 0) : "";
      const text = pending.toString("utf8", typeLength + 4, end);
      // Query holds the text; in Parse, an empty name comes before it.
      if (type === "Q" || type === "P") found(/[A-Z]+/i.exec(text)?.[0] ?? "");
      started = true;
      pending = pending.subarray(end);
    }
  };
}
