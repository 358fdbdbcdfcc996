import { answerOrders } from "./answer.ts";
import { type DelayProxy, startDelayProxy } from "./delay-proxy.ts";

/** The proxy in a process of its own: its work must not hold up what is measured. */
export type ProxyOrder = { readonly target: { host: string; port: number } } | { readonly delay: number };

let proxy: DelayProxy | undefined;

answerOrders(async (order: ProxyOrder) => {
  if ("target" in order) proxy = await startDelayProxy(order.target);
  else proxy?.setDelay(order.delay);
  return { port: proxy?.port };
});
