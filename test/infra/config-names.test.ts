import { describe, expect, test } from "@jest/globals";
import pg from "pg";
import { INSTANCE_TYPES } from "../../infra/config/instance-types.ts";
import { RESERVED_WORDS } from "../../infra/config/reserved-words.ts";
import { testPostgres } from "../support/database.ts";
import { complaint, complaintOf, DATABASE, NETWORK } from "./config-cases.ts";

describe("the name of a database that is made here", () => {
  test("is none of the words that Postgres reserves", async () => {
    const client = new pg.Client(testPostgres().config);
    await client.connect();
    const { rows } = await client.query<{ word: string }>("select word from pg_get_keywords() where catcode in ('R', 'T')");
    await client.end();
    expect([...RESERVED_WORDS].sort()).toEqual(rows.map(({ word }) => word).sort());
    for (const name of RESERVED_WORDS) expect(complaint({ "database.name": name })).toMatch(/; it must be .* no reserved word/);
  });

  test("may look like one", () => {
    for (const name of ["users", "user_logins", "postgres"]) expect(complaint({ "database.name": name })).toBe("");
  });
});

test("a database that is there may be called by a reserved word", () => {
  expect(complaintOf({ network: NETWORK, database: { ...DATABASE, name: "user" } })).toBe("");
});

test("instances are of any type in the table, and an error tells the table", () => {
  for (const [family, sizes] of Object.entries(INSTANCE_TYPES))
    for (const size of sizes) expect(complaint({ "database.instanceType": `${family}.${size}` })).toBe("");
  expect(complaint({ "database.instanceType": "t4g.4xlarge" })).toMatch(
    /^database\.instanceType is "t4g\.4xlarge"; it must be without db\. before it, t4g\.micro to t4g\.2xlarge, m6g\.large to m6g\.16xlarge,/,
  );
});

test.each(["10.255.0.0/16", "172.16.0.0/16", "172.31.255.0/24", "192.168.0.0/16", "100.64.0.0/16", "100.127.255.0/24"])(
  "a network may be %s",
  (cidr) => {
    expect(complaint({ "network.cidr": cidr })).toBe("");
  },
);

test("a network's bits behind its prefix are said to be the fault", () => {
  expect(complaint({ "network.cidr": "10.42.0.1/22" })).toMatch(/with no bit set behind the prefix\.$/);
});

test.each(["q", "qa2", "qa-2", "a-b-c"])("a stage may be called %s", (stage) => {
  expect(complaint({ stage, stages: { [stage]: {} } })).toBe("");
});
