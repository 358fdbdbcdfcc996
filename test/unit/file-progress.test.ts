import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import fc from "fast-check";
import { FileProgress } from "../../local/load/file-progress.ts";

let folder: string;
let rejects: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "masqueue-progress-"));
  rejects = join(folder, "a.rejected.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (identity: unknown[] = []) => new FileProgress(folder, identity, rejects);
const rejectedLine = (number: number) => ({
  ...{ kind: "rejected" as const, code: "not_json" as const, field: null, sqlstate: null },
  line: { number, raw: `line ${number}`, body: undefined },
});
const written = () => (existsSync(rejects) ? readFileSync(rejects, "utf8").trimEnd().split("\n") : []).map((line) => JSON.parse(line).line);

test("whatever the order of the batches and whenever a run is killed, each rejected line is written once and no line is left out", () => {
  const BATCHES = 8;
  const runs = fc.array(fc.tuple(fc.nat(BATCHES), fc.nat(BATCHES), fc.infiniteStream(fc.nat())), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(runs, (kills) => {
      const run = (saveAt: number, killAt: number, random: Iterator<number, number | undefined>) => {
        const progress = open();
        progress.begin();
        const first = progress.line;
        // Each line is a batch, and is rejected. Batches settle in a random order until the kill.
        const left = Array.from({ length: BATCHES - first }, (_, batch) => batch);
        for (let settled = 0; settled < killAt && left.length > 0; settled++) {
          const [batch = 0] = left.splice((random.next().value ?? 0) % left.length, 1);
          progress.settle(batch, first + batch + 1, [rejectedLine(first + batch + 1)]);
          if (settled === saveAt) progress.save();
        }
        return progress;
      };
      for (const [saveAt, killAt, random] of kills) run(saveAt, killAt, random);
      const last = run(BATCHES, BATCHES, [0].values());
      expect(last.line).toBe(BATCHES);
      expect(written()).toEqual(Array.from({ length: BATCHES }, (_, i) => i + 1));
      last.forget();
      rmSync(rejects);
    }),
  );
});

test("another file, target or option starts anew, and an existing file of rejected lines is then refused", () => {
  const progress = open(["a"]);
  progress.begin();
  progress.settle(0, 5, [rejectedLine(5)]);
  progress.save(true);
  expect(open(["a"])).toMatchObject({ line: 5, isDone: true, hasRejects: true });
  expect(() => open(["b"])).toThrow(
    "a.rejected.jsonl exists: it holds the rejected lines of an earlier run. Correct these lines in the file that you load, at their numbers, move this one away, and load again.",
  );
  rmSync(rejects);
  expect(open(["b"])).toMatchObject({ line: 0, isDone: false, hasRejects: false });
});

test("a file that appears in the place of the rejected lines is not written to", () => {
  const progress = open();
  progress.begin();
  writeFileSync(rejects, "mine");
  expect(() => progress.settle(0, 1, [rejectedLine(1)])).toThrow("a.rejected.jsonl, which cannot be written (EEXIST).");
  expect(readFileSync(rejects, "utf8")).toBe("mine");
});
