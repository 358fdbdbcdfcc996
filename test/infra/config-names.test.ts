import { describe, expect, test } from "@jest/globals";
import pg from "pg";
import { testPostgres } from "../support/database.ts";
import { complaint, complaintOf, DATABASE, NETWORK, PAGES } from "./config-cases.ts";

describe("the name of a created database", () => {
  test("is refused if Postgres reserves it, and only then", async () => {
    const client = new pg.Client(testPostgres().config);
    await client.connect();
    const { rows } = await client.query<{ word: string; reserved: boolean }>(
      "select word, catcode in ('R', 'T') as reserved from pg_get_keywords()",
    );
    await client.end();
    const refused = rows.filter(({ word }) => /; it must be .* not a reserved word/.test(complaint({ "database.name": word })));
    expect(refused.map(({ word }) => word).sort()).toEqual(rows.flatMap(({ word, reserved }) => (reserved ? [word] : [])).sort());
    expect(refused.length).toBeGreaterThan(90);
  });

  test("may resemble a reserved word", () => {
    for (const name of ["users", "user_logins", "postgres"]) expect(complaint({ "database.name": name })).toBe("");
  });
});

test("the name of an existing database may be a reserved word", () => {
  expect(complaintOf({ network: NETWORK, database: { ...DATABASE, name: "user" } })).toBe("");
});

// Of several families, processors and sizes: https://aws.amazon.com/rds/instance-types/
test.each([
  "t4g.micro",
  "t3.small",
  "m8g.large",
  "m8i.large",
  "m7g.16xlarge",
  "m6id.32xlarge",
  "r8gd.48xlarge",
  "r5b.xlarge",
  "x2iedn.24xlarge",
  "c6gd.medium",
  "z1d.12xlarge",
])("an instance may be of type %s", (type) => {
  expect(complaint({ "database.instanceType": type })).toBe("");
});

test("an instance type with db. before it is refused with an example without it", () => {
  expect(complaint({ "database.instanceType": "db.m8g.large" })).toBe(
    'database.instanceType is "db.m8g.large"; it must be an RDS instance type without db. before it, such as m8g.large.',
  );
});

test.each(["10.255.0.0/16", "172.16.0.0/16", "172.31.255.0/24", "192.168.0.0/16", "100.64.0.0/16", "100.127.255.0/24"])(
  "a network may be %s",
  (cidr) => {
    expect(complaint({ "network.cidr": cidr })).toBe("");
  },
);

test("a network with bits after its prefix is refused for these", () => {
  expect(complaint({ "network.cidr": "10.42.0.1/22" })).toMatch(/with no bit set after the prefix\.$/);
});

test.each(["q", "qa2", "qa-2", "a-b-c"])("a stage may be called %s", (stage) => {
  expect(complaint({ stage, stages: { [stage]: {} }, ...PAGES })).toBe("");
});
