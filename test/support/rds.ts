import { createHash } from "node:crypto";
import { connect, createServer, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { ClientConfig } from "pg";
import { certificateForLocalhost } from "./certificate.ts";

/** Postgres as on RDS: it accepts TLS only, and within it passwords and IAM tokens in clear text. */
export interface Rds {
  readonly host: string;
  readonly port: number;
  /** PEM of the authority that signed its certificate. */
  readonly authority: string;
  /** The user and the password or token of each attempted login, in order. */
  readonly logins: readonly { readonly user: string; readonly password: string }[];
  /** Refuses the next login with 28000, as RDS does. */
  refuseOnce(): void;
  close(): Promise<void>;
}

const SSL_REQUEST = 80_877_103;
const CLEAR_TEXT = 3;
const MD5 = 5;

/**
 * Starts a stand-in for RDS before a server that requires an MD5 password, or none.
 * @param target its user's password replaces each token of that user: only AWS can verify a token
 */
export async function startRds(target: ClientConfig): Promise<Rds> {
  const { key, cert, authority } = certificateForLocalhost();
  const logins: { user: string; password: string }[] = [];
  const sockets = new Set<Socket>();
  let refusing = false;
  const serve = async (client: Socket) => {
    sockets.add(client.on("error", () => {}));
    if ((await arrival(client)).readInt32BE(4) !== SSL_REQUEST) return client.destroy();
    client.write("S");
    const secure = new TLSSocket(client, { isServer: true, key, cert }).on("error", () => client.destroy());
    const startup = await arrival(secure);
    const user = /\0user\0([^\0]+)/.exec(startup.toString("latin1"))?.[1] ?? "";
    secure.write(message("R", int32(CLEAR_TEXT)));
    const password = (await arrival(secure)).subarray(5, -1).toString("utf8");
    logins.push({ user, password });
    if (refusing) {
      refusing = false;
      return secure.end(message("E", Buffer.from("SFATAL\0C28000\0MPAM authentication failed\0\0")));
    }
    const server = connect(target.port ?? 5432, target.host).on("error", () => secure.destroy());
    sockets.add(server);
    server.write(startup);
    const answer = await arrival(server);
    if (answer.toString("latin1", 0, 1) === "R" && answer.readInt32BE(5) === MD5) {
      const known = user === target.user ? String(target.password) : password;
      server.write(message("p", Buffer.from(`${md5Password(user, known, answer.subarray(9, 13))}\0`)));
    } else {
      secure.write(answer);
    }
    return secure.pipe(server).pipe(secure);
  };
  const server: Server = createServer((client) => void serve(client).catch(() => client.destroy()));
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    host: "localhost",
    port: (server.address() as { port: number }).port,
    authority,
    logins,
    refuseOnce() {
      refusing = true;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The next message, which is short enough to arrive in one piece. */
function arrival(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    socket.once("data", resolve).once("close", () => reject(new Error("closed")));
  });
}

/** https://www.postgresql.org/docs/current/protocol-message-formats.html */
function message(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function md5Password(user: string, password: string, salt: Buffer): string {
  const inner = createHash("md5").update(password).update(user).digest("hex");
  return `md5${createHash("md5").update(inner).update(salt).digest("hex")}`;
}
