import type pg from "pg";
import type { Pipeline } from "../../lambda/pipelines/pipeline.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { tableOf } from "../../lambda/postgres/table.ts";
import { bareCopy } from "../baselines/copy.ts";
import { answerOrders } from "./answer.ts";
import { type Batch, newBatches, plusAll } from "./batches.ts";
import { connected } from "./connect.ts";
import { NOTHING } from "./expected.ts";
import { functionOn } from "./function.ts";

/** One of several writers, in a process and with connections of its own, as a function's container is. */
export type WriterOrder =
  | { readonly do: "connect"; readonly postgres: pg.ClientConfig; readonly tables: { function: string; COPY: string } }
  | { readonly do: "make"; readonly batches: number; readonly size: number }
  | { readonly do: "write"; readonly by: "function" | "COPY" };

/** What a writer's batches come to; the sum is a bigint's text. */
export interface MadeBatches {
  readonly rows: number;
  readonly sum: string;
}

let batches: Batch[] = [];
let write: Record<"function" | "COPY", (batch: Batch) => Promise<unknown>>;

answerOrders(async (order: WriterOrder) => {
  if (order.do === "connect") {
    const fn = functionOn(order.postgres, onTable(order.tables.function));
    const client = await connected(order.postgres);
    const table = tableOf(onTable(order.tables.COPY));
    write = { function: ({ event }) => fn.invoke(event), COPY: ({ copyData }) => bareCopy(client, table, copyData) };
    // An empty event checks table and keys, and opens the connection.
    await fn.invoke({ Records: [] });
  } else if (order.do === "make") {
    batches = newBatches(order.batches, order.size);
    const { rows, sum } = plusAll(NOTHING, batches);
    return { rows, sum: String(sum) } satisfies MadeBatches;
  } else {
    for (const batch of batches) await write[order.by](batch);
  }
  return {};
});

function onTable(table: string): Pipeline {
  return { ...userLogins, table };
}
