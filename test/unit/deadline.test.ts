import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { Deadline } from "../../lambda/deadline.ts";

/** A clock that moves only when the test moves it. */
function clock(start = 1_000_000) {
  const face = { time: start };
  return { pass: (milliseconds: number) => (face.time += milliseconds), now: () => face.time };
}

describe("a deadline", () => {
  test("has the given time left, minus the time that has passed", () => {
    const { now, pass } = clock();
    const deadline = new Deadline(500, now);
    expect([deadline.remaining, deadline.passed]).toEqual([500, false]);
    pass(499);
    expect([deadline.remaining, deadline.passed]).toEqual([1, false]);
    pass(1);
    expect([deadline.remaining, deadline.passed]).toEqual([0, true]);
  });

  test("never has negative time left", () => {
    const { now, pass } = clock();
    const deadline = new Deadline(500, now);
    pass(10_000);
    expect([deadline.remaining, deadline.passed]).toEqual([0, true]);
  });

  test.each([0, -5])("of %i milliseconds has passed from the start", (milliseconds) => {
    expect(new Deadline(milliseconds, clock().now).passed).toBe(true);
  });
});

describe("work under a deadline", () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** Work that the test settles; it counts how often it was given up. */
  function work() {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const state = { givenUp: 0 };
    const giveUp = () => {
      state.givenUp++;
      reject(new Error("socket destroyed"));
    };
    return { promise, resolve, reject, giveUp, state };
  }

  test("returns its result, and is not given up afterwards", async () => {
    const { promise, resolve, giveUp, state } = work();
    const guarded = new Deadline(500, clock().now).guard(promise, giveUp);
    resolve("done");
    expect(await guarded).toBe("done");
    await jest.advanceTimersByTimeAsync(10_000);
    expect(state.givenUp).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  test("throws its own error, and leaves no timer behind", async () => {
    const { promise, reject, giveUp, state } = work();
    const guarded = new Deadline(500, clock().now).guard(promise, giveUp);
    reject(new Error("its own"));
    await expect(guarded).rejects.toThrow("its own");
    expect([state.givenUp, jest.getTimerCount()]).toEqual([0, 0]);
  });

  test("is given up when the time is over, and not before", async () => {
    const { promise, giveUp, state } = work();
    const guarded = new Deadline(500, clock().now).guard(promise, giveUp);
    const outcome = expect(guarded).rejects.toThrow("socket destroyed");
    await jest.advanceTimersByTimeAsync(499);
    expect(state.givenUp).toBe(0);
    await jest.advanceTimersByTimeAsync(10);
    expect(state.givenUp).toBe(1);
    await outcome;
  });

  test("is awaited even after it was given up, so that no work goes on unnoticed", async () => {
    const { promise, resolve } = work();
    let settled = false;
    const guarded = new Deadline(500, clock().now)
      .guard(promise, () => {})
      .finally(() => {
        settled = true;
      });
    await jest.advanceTimersByTimeAsync(10_000);
    expect(settled).toBe(false);
    resolve("late");
    expect(await guarded).toBe("late");
  });

  test("is given up at once if the time is already over", async () => {
    const { promise, giveUp } = work();
    const guarded = expect(new Deadline(0, clock().now).guard(promise, giveUp)).rejects.toThrow("socket destroyed");
    await jest.advanceTimersByTimeAsync(10);
    await guarded;
  });

  test("that cannot be ended returns its result or throws its own error, and leaves no timer behind", async () => {
    const deadline = new Deadline(500, clock().now);
    const late = new Error("too late");
    expect(await deadline.limit(Promise.resolve("done"), late)).toBe("done");
    await expect(deadline.limit(Promise.reject(new Error("its own")), late)).rejects.toThrow("its own");
    expect(jest.getTimerCount()).toBe(0);
  });

  test("that cannot be ended is abandoned when the time is over, and not before", async () => {
    const { promise, reject } = work();
    const late = new Error("too late");
    let failure: unknown;
    const limited = new Deadline(500, clock().now).limit(promise, late).catch((error: unknown) => {
      failure = error;
    });
    await jest.advanceTimersByTimeAsync(499);
    expect(failure).toBeUndefined();
    await jest.advanceTimersByTimeAsync(10);
    expect(failure).toBe(late);
    reject(new Error("ignored"));
    await limited;
  });
});
