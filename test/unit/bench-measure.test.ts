import { beforeEach, expect, test } from "@jest/globals";
import { type Clock, interleave, ratesOf, samplesOf, type Variant } from "../../bench/measure.ts";

let now: number;
let cpu: number;
let said: string[];
const clock: Clock = { wall: () => now, cpu: () => cpu };

beforeEach(() => {
  now = 0;
  cpu = 0;
  said = [];
});

/** A variant that takes a fixed time, and a tenth of it on the processor. */
function variant(name: string, milliseconds: number, rest: Partial<Variant> = {}): Variant {
  return {
    name,
    batches: 1,
    async run() {
      said.push(name);
      now += milliseconds;
      cpu += milliseconds / 10;
    },
    ...rest,
  };
}

const plan = { warmUps: 0, repetitions: 3, seconds: 60 };

test("variants take turns, and each repetition begins with another one", async () => {
  await interleave([variant("a", 1), variant("b", 1), variant("c", 1)], plan, clock);
  expect(said.join("")).toBe("abcbcacab");
});

test("warming up is not measured", async () => {
  const samples = await interleave([variant("a", 5)], { ...plan, warmUps: 2 }, clock);
  expect(said).toHaveLength(5);
  expect(samplesOf(samples, "a")).toHaveLength(3);
});

test("a sample is milliseconds a batch, on the wall and on the processor", async () => {
  const samples = await interleave([variant("a", 40, { batches: 4 })], plan, clock);
  expect(samplesOf(samples, "a")[0]).toEqual({ ms: 10, cpuMs: 1 });
});

test("a rate is the rows of a batch by what a batch took", async () => {
  const samples = await interleave([variant("a", 40, { batches: 4 })], plan, clock);
  expect(ratesOf(samples, "a", 100)).toEqual([10_000, 10_000, 10_000]);
});

test("what stands before and after a run, and what a repetition needs, does not count", async () => {
  const arrange = async () => {
    said.push("arrange");
    now += 1_000;
  };
  const around = {
    before: async () => {
      said.push("before");
      now += 100;
    },
    after: async (repetition: number) => {
      said.push(`after ${repetition}`);
      now += 100;
    },
  };
  const samples = await interleave([variant("a", 7, around)], { ...plan, warmUps: 1, repetitions: 1, arrange }, clock);
  expect(said).toEqual(["arrange", "before", "a", "after -1", "arrange", "before", "a", "after 0"]);
  expect(samplesOf(samples, "a")).toEqual([{ ms: 7, cpuMs: expect.closeTo(0.7) }]);
});

test("no repetition begins after its time, but three there are", async () => {
  const long = { ...plan, repetitions: 100, seconds: 1 };
  expect(samplesOf(await interleave([variant("a", 900)], long, clock), "a")).toHaveLength(3);
  now = 0;
  expect(samplesOf(await interleave([variant("a", 200)], long, clock), "a")).toHaveLength(5);
});

test("a failure of one variant fails the measurement", async () => {
  const broken = variant("b", 1, { run: () => Promise.reject(new Error("wrong rows")) });
  await expect(interleave([variant("a", 1), broken], plan, clock)).rejects.toThrow("wrong rows");
});

test("what was not measured cannot be asked for", async () => {
  const samples = await interleave([variant("a", 1)], plan, clock);
  expect(() => samplesOf(samples, "b")).toThrow("nothing called b was measured");
});
