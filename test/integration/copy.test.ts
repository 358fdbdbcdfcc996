import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { Deadline } from "../../lambda/deadline.ts";
import { BatchRows } from "../../lambda/ingest/rows.ts";
import type { Tokenizer } from "../../lambda/masking/tokens.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { copyRows } from "../../lambda/postgres/copy.ts";
import { tableOf } from "../../lambda/postgres/table.ts";
import { logins, useFixture } from "../support/fixture.ts";

const fixture = useFixture();

const ROWS = 250;
const SECOND = 1_000;

/** Does that as the address of this row is masked. */
const maskingUpTo = (row: number, then: () => void): Tokenizer => {
  let rows = 0;
  return ({ identifier }) => {
    if (identifier === "ip" && rows++ === row) then();
    return { token: "t", asText: false };
  };
};

describe("a COPY", () => {
  let clock: number;
  let client: pg.Client;

  beforeEach(async () => {
    clock = 0;
    client = new pg.Client(fixture.database.config);
    await client.connect();
  });
  afterEach(() => client.end());

  const copy = (tokenize: Tokenizer) =>
    copyRows(client, tableOf(userLogins), new BatchRows(logins(ROWS), userLogins, tokenize), new Deadline(SECOND, () => clock));

  /** Nothing was stored, and the connection serves on: CopyFail ended the COPY, not the end of its socket. */
  async function expectGivenUp(): Promise<void> {
    const rows = async () => (await client.query("SELECT count(*)::int AS rows FROM user_logins")).rows;
    expect(await rows()).toEqual([{ rows: 0 }]);
    expect(await copy(maskingUpTo(ROWS, () => {}))).toBe(ROWS);
    expect(await rows()).toEqual([{ rows: ROWS }]);
  }

  test.each([
    ["first", 0],
    ["second", 150],
    ["last", ROWS - 1],
  ])("whose time ends while its %s chunk is masked is given up, and the connection serves on", async (_which, row) => {
    const endTime = () => {
      clock += SECOND;
    };
    await expect(copy(maskingUpTo(row, endTime))).rejects.toThrow("out of time");
    clock = 0;
    await expectGivenUp();
  });

  test.each([0, 150, ROWS - 1])(
    "in which row %i cannot be masked is given up for that reason, and the connection serves on",
    async (row) => {
      const mistake = new TypeError("no key for identifier ip");
      const fail = () => {
        throw mistake;
      };
      await expect(copy(maskingUpTo(row, fail))).rejects.toBe(mistake);
      await expectGivenUp();
    },
  );

  test("masks its second chunk in a later turn of the event loop, when the first has left", async () => {
    let hasTurned = false;
    const seen: boolean[] = [];
    const tokenize: Tokenizer = () => {
      if (seen.length === 0)
        setImmediate(() => {
          hasTurned = true;
        });
      seen.push(hasTurned);
      return null;
    };
    expect(await copy(tokenize)).toBe(ROWS);
    expect([seen.at(0), seen.at(-1)]).toEqual([false, true]);
  });
});
