import type { Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import pg from "pg";
import { Deadline } from "../../lambda/deadline.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";
import { copyRows } from "../../lambda/postgres/copy.ts";
import { LazyRows } from "../../lambda/postgres/lazy-rows.ts";
import { describeTable } from "../../lambda/postgres/table.ts";
import { MaskedRow } from "../../lambda/rows/masked-row.ts";
import { idOf, useFixture } from "../support/fixture.ts";

const fixture = useFixture();

const ROWS = 250;
const SECOND = 1_000;

/** Makes each row when it is drawn. @param onRow called when a row is made */
function* makeRows(count: number, onRow: (row: number) => void): Generator<MaskedRow> {
  for (let i = 0; i < count; i++) {
    onRow(i);
    const cells = ["user", "android", null, null, `locale ${i}`, "2.3.0", "2026-03-01", idOf(i)];
    yield new MaskedRow({ date: "2026-03-01", id: idOf(i) }, [i], cells);
  }
}

/** Calls `then` when one of the rows is made. */
const at = (row: number, then: () => void) => (made: number) => {
  if (made === row) then();
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

  const copy = (onRow: (row: number) => void, count = ROWS) =>
    copyRows(client, describeTable(userLogins), new LazyRows(makeRows(count, onRow)), new Deadline(SECOND, () => clock));

  /** Expects that nothing was stored and that the connection still works: CopyFail ended the COPY, not the end of its socket. */
  async function expectGivenUp(): Promise<void> {
    const rows = async () => (await client.query("SELECT count(*)::int AS rows FROM user_logins")).rows;
    expect(await rows()).toEqual([{ rows: 0 }]);
    expect(await copy(() => {})).toBe(ROWS);
    expect(await rows()).toEqual([{ rows: ROWS }]);
  }

  test.each([
    ["first", 0],
    ["second", 150],
    ["last", ROWS - 1],
  ])("whose time ends while its %s chunk is masked is given up, and the connection still works", async (_which, row) => {
    const endTime = () => {
      clock += SECOND;
    };
    await expect(copy(at(row, endTime))).rejects.toThrow("out of time");
    clock = 0;
    await expectGivenUp();
  });

  test("whose time ends is given up even if the rows never end", async () => {
    const endTime = () => {
      clock += SECOND;
    };
    await expect(copy(at(150, endTime), Number.POSITIVE_INFINITY)).rejects.toThrow("out of time");
    clock = 0;
    await expectGivenUp();
  });

  test.each([0, 150, ROWS - 1])("that cannot mask row %i is given up with that error, and the connection still works", async (row) => {
    const mistake = new TypeError("no key for identifier ip");
    const fail = () => {
      throw mistake;
    };
    await expect(copy(at(row, fail))).rejects.toBe(mistake);
    await expectGivenUp();
  });

  test("masks its second chunk in a later turn of the event loop, after the first was sent", async () => {
    let hasTurned = false;
    const seen: boolean[] = [];
    const look = () => {
      if (seen.length === 0)
        setImmediate(() => {
          hasTurned = true;
        });
      seen.push(hasTurned);
    };
    expect(await copy(look)).toBe(ROWS);
    expect([seen.at(0), seen.at(-1)]).toEqual([false, true]);
  });

  test("stops sending after Postgres refused a row, even if the rows never end", async () => {
    await fixture.sql("ALTER TABLE user_logins ADD CHECK (locale <> 'locale 0')");
    let made = 0;
    const count = () => {
      made++;
    };
    await expect(copy(count, Number.POSITIVE_INFINITY)).rejects.toMatchObject({ code: "23514" });
    const before = made;
    for (let turn = 0; turn < 5; turn++) await nextTurn();
    expect(made).toBe(before);
    // The connection still works: no row of the refused COPY follows.
    expect((await client.query("SELECT count(*)::int AS rows FROM user_logins")).rows).toEqual([{ rows: 0 }]);
  });

  test("sends its last rows and CopyDone in one write, so that the server reads them together", async () => {
    const stream = client.connection.stream as Writable & { _writev: NonNullable<Writable["_writev"]> };
    const write = stream._writev.bind(stream);
    const written: string[] = [];
    jest.spyOn(stream, "_writev").mockImplementation((pieces, done) => {
      written.push(pieces.map(({ chunk }) => String.fromCharCode(chunk[0])).join(""));
      write(pieces, done);
    });
    await copy(() => {}, 1);
    const [COPY_DATA, COPY_DONE] = ["d", "c"];
    expect(written.filter((types) => types.includes(COPY_DONE))).toEqual([expect.stringContaining(COPY_DATA)]);
  });
});
