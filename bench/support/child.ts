import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A module that runs in its own process and answers orders, one at a time. */
export interface Child {
  /** @returns the module's answer @throws Error with what failed in the module, or if its process ended */
  ask<Answer extends object>(order: object): Promise<Answer>;
  /** Lets the process end. */
  stop(): void;
}

interface Failure {
  readonly failed: string;
}

/** @param module path from bench/; it calls {@link answerOrders} */
export function startChild(module: string): Child {
  const child = fork(fileURLToPath(new URL(`../${module}`, import.meta.url)), {
    // A run under --cpu-prof profiles the children, too: they do the work.
    execArgv: ["--expose-gc", ...process.execArgv.filter((flag) => flag.startsWith("--cpu-prof"))],
    // The function writes its log lines to stdout.
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    serialization: "advanced",
  });
  const ended = new Promise<Failure>((resolve) => {
    child.on("exit", (code, signal) => resolve({ failed: `${module} ended with ${signal ?? `code ${code}`}.` }));
  });
  return {
    async ask<Answer extends object>(order: object) {
      child.send(order);
      const answer = await Promise.race([once(child, "message").then(([message]) => message as Answer | Failure), ended]);
      if ("failed" in answer) throw new Error(answer.failed);
      return answer;
    },
    stop() {
      if (child.connected) child.disconnect();
    },
  };
}

/** Does what the parent process asks for, and sends it the answer or the failure. Ends with the parent process. */
export function answerOrders<Order>(work: (order: Order) => Promise<object>): void {
  const fail = (error: unknown) => process.send?.({ failed: error instanceof Error ? error.stack : String(error) });
  process.on("message", (order: Order) => {
    work(order).then((answer) => process.send?.(answer), fail);
  });
  process.on("uncaughtException", fail);
  process.on("disconnect", () => process.exit());
}
