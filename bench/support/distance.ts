import type pg from "pg";
import { rangeOf } from "../figures.ts";
import { startChild } from "./children.ts";
import { connected } from "./connect.ts";
import type { ProxyOrder } from "./proxy-process.ts";

/** A way to the server that adds to each round trip. */
export interface Distance {
  readonly config: pg.ClientConfig;
  /**
   * Sets what is added, by measuring: what the proxy itself costs is part of it.
   * @returns the milliseconds that are really added
   */
  add(milliseconds: number): Promise<number>;
  close(): void;
}

const PINGS = 60;
const TRIES = 4;

export async function openDistance(server: pg.ClientConfig): Promise<Distance> {
  const { host = "127.0.0.1", port = 5432 } = server;
  const child = startChild("support/proxy-process.ts");
  child.send({ target: { host, port } } satisfies ProxyOrder);
  const config = { ...server, ...(await child.next<{ port: number }>()) };
  const [near, far] = [await connected(server), await connected(config)];
  return {
    config,
    async add(milliseconds) {
      let delay = milliseconds / 2;
      for (let i = 0; ; i++) {
        child.send({ delay } satisfies ProxyOrder);
        await child.next();
        const added = (await roundTrip(far)) - (await roundTrip(near));
        if (i === TRIES) return added;
        delay = Math.max(0, delay + (milliseconds - added) / 2);
      }
    },
    close() {
      for (const client of [near, far]) client.end().catch(() => {});
      child.stop();
    },
  };
}

/** Milliseconds that the shortest question takes. */
async function roundTrip(client: pg.Client): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < PINGS; i++) {
    const start = performance.now();
    await client.query("");
    times.push(performance.now() - start);
  }
  return rangeOf(times).median;
}
