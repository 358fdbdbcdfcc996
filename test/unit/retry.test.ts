import { expect, test } from "@jest/globals";
import { Deadline } from "../../lambda/deadline.ts";
import { type Failure, retry } from "../../lambda/retry.ts";

/** Attempts that fail with 0, 1, … until there have been `failures`; each result lists the errors that the attempts were given. */
function failing(failures: number): (failure: string | undefined) => Promise<(string | undefined)[]> {
  const given: (string | undefined)[] = [];
  return async (failure) => {
    given.push(failure);
    if (given.length <= failures) throw given.length - 1;
    return given;
  };
}

const always = (error: unknown): Failure<string> => ({ error: `failed ${error}`, retryable: true });

test("a further attempt gets the error of the attempt before", async () => {
  expect(await retry(failing(2), always, [0, 0])).toEqual([undefined, "failed 0", "failed 1"]);
});

test("there is one attempt more than there are pauses, and the last error is thrown", async () => {
  await expect(retry(failing(3), always, [0, 0])).rejects.toBe("failed 2");
});

test("a failure that is not retryable ends it with its error", async () => {
  const first = (error: unknown, earlier: number): Failure<string> =>
    earlier === 0 ? always(error) : { error: `final ${error}`, retryable: false };
  await expect(retry(failing(2), first, [0, 0])).rejects.toBe("final 1");
});

test("no pause extends beyond the deadline", async () => {
  const deadline = new Deadline(1_000, () => 0);
  expect(await retry(failing(1), always, [1], deadline)).toHaveLength(2);
  await expect(retry(failing(1), always, [1_001], deadline)).rejects.toBe("failed 0");
});
