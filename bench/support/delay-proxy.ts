import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** Calls back later, in the order of the calls. */
export type Delay = (deliver: () => void) => unknown;

/**
 * Makes a server on loopback as slow as one over a network: whatever arrives at the proxy is delivered later, in its order.
 * @returns the proxy, which listens on a free port
 */
export async function startDelayProxy(target: { host: string; port: number }, delay: Delay): Promise<Server> {
  const proxy = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true });
    forward(client, upstream, delay);
    forward(upstream, client, delay);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return proxy;
}

/** The end and a reset are delayed as well, so that they overtake nothing. */
function forward(from: Socket, to: Socket, delay: Delay): void {
  from.on("data", (chunk) => delay(() => to.write(chunk)));
  from.on("end", () => delay(() => to.end()));
  from.on("error", () => delay(() => to.resetAndDestroy()));
  from.on("close", () => delay(() => to.destroySoon()));
}
