import { beforeEach, expect, test } from "@jest/globals";
import { createPlan, interleave, toRates, toTimes, type Variant } from "../../bench/measure.ts";

let now: number;
let said: string[];
const clock = () => now;

beforeEach(() => {
  now = 0;
  said = [];
});

/** A variant that takes a fixed time. */
function variant(name: string, milliseconds: number, rest: Partial<Variant> = {}): Variant {
  return {
    name,
    batches: 1,
    async run() {
      said.push(name);
      now += milliseconds;
    },
    ...rest,
  };
}

const plan = { warmUps: 0, repetitions: 3, seconds: 60 };

test("variants take turns, and each repetition begins with another one", async () => {
  await interleave([variant("a", 1), variant("b", 1), variant("c", 1)], plan, clock);
  expect(said.join("")).toBe("abcbcacab");
});

test("the warm-up is not measured", async () => {
  const samples = await interleave([variant("a", 5)], { ...plan, warmUps: 2 }, clock);
  expect(said).toHaveLength(5);
  expect(toTimes(samples, "a")).toHaveLength(3);
});

test("a sample is milliseconds per batch", async () => {
  const samples = await interleave([variant("a", 40, { batches: 4 })], plan, clock);
  expect(toTimes(samples, "a")[0]).toBe(10);
});

test("a rate is the rows of a batch divided by the time of a batch", async () => {
  const samples = await interleave([variant("a", 40, { batches: 4 })], plan, clock);
  expect(toRates(samples, "a", 100)).toEqual([10_000, 10_000, 10_000]);
});

test("what happens before and after a run, and what prepares a repetition, does not count", async () => {
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
  expect(toTimes(samples, "a")).toEqual([7]);
});

test("no repetition begins after the time of the plan, but there are at least three", async () => {
  const long = { ...plan, repetitions: 100, seconds: 1 };
  expect(toTimes(await interleave([variant("a", 900)], long, clock), "a")).toHaveLength(3);
  now = 0;
  expect(toTimes(await interleave([variant("a", 200)], long, clock), "a")).toHaveLength(5);
});

test("a failure of one variant fails the measurement", async () => {
  const broken = variant("b", 1, { run: () => Promise.reject(new Error("wrong rows")) });
  await expect(interleave([variant("a", 1), broken], plan, clock)).rejects.toThrow("wrong rows");
});

test("a variant that was not measured has no samples", async () => {
  const samples = await interleave([variant("a", 1)], plan, clock);
  expect(() => toTimes(samples, "b")).toThrow("There are no samples of b.");
});

test("a quick run takes the fewest repetitions, whatever time a full one has", () => {
  expect(createPlan("quick", 60)).toEqual({ warmUps: 1, repetitions: 3, seconds: 0 });
  expect(createPlan("full", 60)).toEqual({ warmUps: 2, repetitions: 15, seconds: 60 });
  expect(createPlan("long", 60, 9)).toEqual({ warmUps: 2, repetitions: 9, seconds: 60 });
});

test("no variant always follows the same other one", async () => {
  await interleave([variant("a", 1), variant("b", 1), variant("c", 1), variant("d", 1)], { ...plan, repetitions: 8 }, clock);
  const rounds = said.join("").match(/.{4}/g) ?? [];
  const before = (name: string) => new Set(rounds.flatMap((round) => round[round.indexOf(name) - 1] ?? []));
  for (const name of "abcd") expect(before(name).size).toBeGreaterThan(1);
});
