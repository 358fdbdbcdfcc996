import { SingleBar } from "cli-progress";
import type { RunTotals } from "../run/totals.ts";

/** Shows what a run does. */
export interface Output {
  line(text: string): void;
  /** @param total messages to come, or bytes to read; 0 if that is unknown */
  begin(total: number, format?: string): void;
  /** @param value of the total @param what says how far the run is */
  advance(value: number, what: string): void;
  /** Counts a message that was sent. */
  sent(): void;
  progress(totals: RunTotals): void;
  end(): void;
}

/** Formats of a bar: a number of messages, or a share of the bytes. */
const COUNT = "{bar} {value}/{total}  {what}";
export const SHARE = "{bar} {percentage} %  {what}";

/** A progress bar on a terminal, otherwise a line for each tenth. */
export function createOutput(stream: NodeJS.WriteStream): Output {
  const line = (text: string) => stream.write(`${text}\n`);
  return stream.isTTY ? createBar(stream, line) : createLines(line);
}

type Writer = (text: string) => void;

function createBar(stream: NodeJS.WriteStream, line: Writer): Output {
  let bar: SingleBar | undefined;
  return {
    line(text) {
      if (bar) stream.write("\r\u001b[K");
      line(text);
    },
    begin(total, format = COUNT) {
      // A line written above the bar erases it, so each update draws it again.
      const style = { barCompleteChar: "█", barIncompleteChar: "░", hideCursor: true, forceRedraw: true, clearOnComplete: false };
      bar = new SingleBar({ stream, format, ...style });
      bar.start(total, 0, { what: "sending" });
    },
    advance: (value, what) => bar?.update(value, { what }),
    sent: () => bar?.increment(),
    progress(totals) {
      if (bar && bar.getTotal() < totals.received) bar.setTotal(totals.received);
      const [stored, duplicates, rejected] = [totals.count("stored"), totals.count("duplicate"), totals.count("rejected")];
      bar?.update(totals.received, { what: `stored ${stored}, duplicates ${duplicates}, rejected ${rejected}` });
    },
    end() {
      bar?.stop();
      bar = undefined;
    },
  };
}

function createLines(line: Writer): Output {
  let [total, sent, tenth] = [0, 0, 0];
  return {
    line,
    begin(count) {
      total = count;
    },
    advance(value, what) {
      const now = total > 0 ? Math.floor((value * 10) / total) : 0;
      if (now > tenth) line(what);
      tenth = Math.max(tenth, now);
    },
    sent() {
      if (++sent === total) line(`Sent ${sent} messages.`);
    },
    progress({ received }) {
      this.advance(received, `Handled ${received} of ${total} messages.`);
    },
    end() {},
  };
}
