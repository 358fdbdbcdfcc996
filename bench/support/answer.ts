/**
 * The far side of `children.ts`: does what it is told, an order at a time, and answers each with a message; with what went wrong where
 * it fails. Stdout and stderr lead nowhere here, as the function's log lines go to both. Ends with the process that started it.
 */
export function answerOrders<Order>(work: (order: Order) => Promise<object>): void {
  const failed = (error: unknown) => process.send?.({ failed: error instanceof Error ? error.stack : String(error) });
  process.on("message", (order: Order) => {
    work(order).then((answer) => process.send?.(answer), failed);
  });
  process.on("uncaughtException", failed);
  process.on("disconnect", () => process.exit());
}
