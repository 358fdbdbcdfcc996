import { SingleBar } from "cli-progress";
import type { RunTotals } from "../run/totals.ts";

/** Where a run shows what it does. */
export interface Output {
  /** True where the result goes to stdout as one JSON object, and all else to stderr. */
  readonly json: boolean;
  line(text: string): void;
  /** @param total messages to come; 0 where that is unknown */
  begin(total: number): void;
  sent(count: number): void;
  progress(tally: RunTotals): void;
  end(): void;
}

/** A progress bar on a terminal; a line for every tenth elsewhere. */
export function outputFor(json: boolean): Output {
  const stream = json ? process.stderr : process.stdout;
  const line = (text: string) => stream.write(`${text}\n`);
  return { json, ...(stream.isTTY ? bar(stream, line) : lines(line)) };
}

type Writer = (text: string) => void;

function bar(stream: NodeJS.WriteStream, line: Writer): Omit<Output, "json"> {
  let shown: SingleBar | undefined;
  return {
    line(text) {
      if (shown) stream.write("\r\u001b[K");
      line(text);
    },
    begin(total) {
      shown = new SingleBar({
        stream,
        format: "{bar} {value}/{total}  {what}",
        barCompleteChar: "█",
        barIncompleteChar: "░",
        hideCursor: true,
        // A line written above the bar has wiped it.
        forceRedraw: true,
        clearOnComplete: false,
      });
      shown.start(total, 0, { what: "sending" });
    },
    sent: (count) => shown?.increment(count),
    progress: (tally) => {
      if (shown && shown.getTotal() < tally.received) shown.setTotal(tally.received);
      shown?.update(tally.received, {
        what: `stored ${tally.count("stored")}, duplicates ${tally.count("duplicate")}, rejected ${tally.count("rejected")}`,
      });
    },
    end() {
      shown?.stop();
      shown = undefined;
    },
  };
}

function lines(line: Writer): Omit<Output, "json"> {
  let total = 0;
  let sent = 0;
  let tenth = 0;
  return {
    line,
    begin(messages) {
      total = messages;
    },
    sent(count) {
      sent += count;
      if (sent === total) line(`Sent ${sent} messages.`);
    },
    progress({ received }) {
      const now = total > 0 ? Math.floor((received * 10) / total) : 0;
      if (now > tenth) line(`Handled ${received} of ${total} messages.`);
      tenth = Math.max(tenth, now);
    },
    end() {},
  };
}
