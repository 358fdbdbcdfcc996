import type pg from "pg";
import { copyReadyRows } from "../baselines/copy.ts";
import { addBatches, type Batch, makeBatches } from "./batches.ts";
import { EMPTY } from "./checksum.ts";
import { answerOrders } from "./child.ts";
import { connect } from "./database.ts";
import { openFunction } from "./function.ts";

type Kind = "function" | "COPY";

export type WriterOrder =
  | { readonly task: "connect"; readonly postgres: pg.ClientConfig; readonly tables: Readonly<Record<Kind, string>> }
  | { readonly task: "make"; readonly batches: number; readonly size: number }
  | { readonly task: "write"; readonly by: Kind };

let batches: Batch[] = [];
let write: Readonly<Record<Kind, (batch: Batch) => Promise<unknown>>>;

/** One of several writers, with its own process and connections, as a function's container has them. */
answerOrders(async (order: WriterOrder) => {
  switch (order.task) {
    case "connect": {
      const invoke = await openFunction(order.postgres, order.tables.function);
      const client = await connect(order.postgres);
      write = { function: ({ event }) => invoke(event), COPY: ({ copyData }) => copyReadyRows(client, order.tables.COPY, copyData) };
      return {};
    }
    case "make":
      batches = makeBatches(order.batches, order.size);
      return addBatches(EMPTY, batches);
    case "write":
      for (const batch of batches) await write[order.by](batch);
      return {};
  }
});
