import { setTimeout as wait } from "node:timers/promises";
import type { Cell, Expected } from "./compare.ts";
import { type Planned, planMessage, plantCanaries, SENT_DAY } from "./messages.ts";
import type { ChaosQueue } from "./queue.ts";

/** Messages after which a second copy is sent. */
const SECOND_COPY = 50;
/** Messages from which {@link Sender.listUpcoming} takes keys. */
const UPCOMING = 300;
/** Milliseconds between requests. */
const TICK = 100;

/** Sends the messages of a seed, and notes what each must leave behind. */
export class Sender implements Expected {
  readonly rows = new Map<string, Readonly<Record<string, Cell>>>();
  readonly rejected = new Map<string, string>();
  /** Messages sent, second copies included. */
  sent = 0;
  readonly #queue: ChaosQueue;
  readonly #plan: (i: number) => Planned;
  #next = 0;

  constructor(seed: number, queue: ChaosQueue) {
    const canaries = plantCanaries(seed);
    this.#queue = queue;
    this.#plan = (i) => planMessage(seed, i, canaries);
  }

  /** Sends until a time in milliseconds since 1970. @param rate in messages per second */
  async send(rate: number, until: number, signal: AbortSignal): Promise<void> {
    const began = Date.now();
    while (Date.now() < until && !signal.aborted) {
      const messages: Planned[] = [];
      for (const due = ((Date.now() - began) / 1000) * rate; this.#next < due; this.#next++) {
        const earlier = this.#plan(Math.max(0, this.#next - SECOND_COPY));
        messages.push(this.#plan(this.#next), ...(earlier.isTwice && this.#next >= SECOND_COPY ? [earlier] : []));
      }
      const days = [today()];
      const ids = await this.#queue.send(messages);
      days.push(today());
      if (ids.length !== messages.length) throw new Error("the queue refused a message");
      for (const [i, id] of ids.entries()) this.#note(messages[i] as Planned, id, days);
      await wait(TICK);
    }
  }

  /** The keys of logins that are sent next, as far as the messages name them. */
  listUpcoming(): { date: string; id: string }[] {
    const planned = Array.from({ length: UPCOMING }, (_, i) => this.#plan(this.#next + i).expected);
    return planned.flatMap((row) =>
      typeof row === "object" && row.table === "user_logins" && row.id ? [{ date: String(row.cells.create_date), id: row.id }] : [],
    );
  }

  #note({ expected }: Planned, messageId: string, days: readonly string[]): void {
    this.sent++;
    if (typeof expected === "string") {
      this.rejected.set(messageId, expected);
      return;
    }
    const cells = Object.entries(expected.cells).map(([column, cell]) => [column, cell === SENT_DAY ? days : cell]);
    this.rows.set(`${expected.table} ${expected.id ?? messageId}`, Object.fromEntries(cells));
  }
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}
