import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A module that runs in a process of its own and answers orders. */
export interface Child {
  send(order: object): void;
  /** The next message that the module sends. @throws what went wrong there, or where the process ended without one */
  next<T extends object>(): Promise<T>;
  stop(): void;
}

/** @param module from bench/, e.g. "support/queue-process.ts" */
export function startChild(module: string): Child {
  const child = fork(fileURLToPath(new URL(`../${module}`, import.meta.url)), {
    execArgv: ["--expose-gc", ...profiling()],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const messages: object[] = [];
  let wake: () => void = () => {};
  child.on("message", (message) => {
    messages.push(message as object);
    wake();
  });
  child.on("exit", (code, signal) => {
    messages.push({ failed: `${module} ended with ${signal ?? `code ${code}`}.` });
    wake();
  });
  return {
    send: (order) => void child.send(order),
    async next<T>() {
      while (messages.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const message = messages.shift() as object;
      if ("failed" in message) throw new Error(String(message.failed));
      return message as T;
    },
    stop() {
      if (child.connected) child.disconnect();
    },
  };
}

/** A run under `--cpu-prof` profiles the parts' processes too, which is where the work is. */
function profiling(): string[] {
  return process.execArgv.filter((flag) => flag.startsWith("--cpu-prof"));
}
