import type { AddressInfo } from "node:net";
import { answerOrders } from "./child.ts";
import { startDelayProxy } from "./delay-proxy.ts";

export interface ProxyOrder {
  readonly target: { readonly host: string; readonly port: number };
  /** Of each direction, in whole milliseconds. */
  readonly delay: number;
}

/** The proxy in its own process, so that its work does not hold up what is measured. */
answerOrders(async ({ target, delay }: ProxyOrder) => {
  // Timers of the same duration fire in the order in which they were set.
  const proxy = await startDelayProxy(target, (deliver) => setTimeout(deliver, delay));
  return { port: (proxy.address() as AddressInfo).port };
});
