import { isIPv4 } from "node:net";
import * as v from "valibot";

/** The values that a key takes. Its message completes "it must be …" in an error. */
export type Validator = v.GenericSchema & { readonly message?: unknown; readonly wrapped?: Validator; readonly item?: Validator };

/** The allowed values, in the words of an error. */
export function describeAllowed(validator: Validator | undefined): string {
  return String((validator?.wrapped ?? validator)?.message);
}

/** Converts a text of the command line to a value; a text that is no value stays as it is, and the validator refuses it. */
export function parseText(text: string, validator: Validator): unknown {
  const { type, item } = validator.wrapped ?? validator;
  if (item) return text === "" ? [] : text.split(",").map((member) => parseText(member, item));
  if (type === "number") return /^(0|-?[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
  if (type === "boolean") return text === "true" || (text === "false" ? false : text);
  return text;
}

export const boolean = v.boolean("true or false");

export const integer = (min: number, max: number) =>
  v.pipe(v.number(`a whole number from ${min} to ${max}`), v.integer(), v.minValue(min), v.maxValue(max));

/** One of some numbers. */
export const numberOf = (...values: number[]) => v.pipe(v.number(`one of ${values.join(", ")}`), v.values(values));

/** One of some words. */
export const wordOf = <const W extends string>(...words: W[]) => v.picklist(words, `one of ${words.join(", ")}`);

export const text = (pattern: RegExp, allowed: string) => v.pipe(v.string(allowed), v.regex(pattern));

/** Words without repetition; on the command line they are joined by commas. */
export function list<W extends string>(word: v.GenericSchema<W, W> & Validator, min = 0, max = Number.POSITIVE_INFINITY) {
  const size = max < Number.POSITIVE_INFINITY ? ` of ${min} to ${max}` : min > 0 ? ` of ${min} or more` : "";
  const words = v.array(word, `a list${size} without repetition, each ${describeAllowed(word)}`);
  const isUnique = (words: W[]) => new Set(words).size === words.length;
  return v.pipe(words, v.minLength(min), v.maxLength(max), v.check(isUnique), v.readonly());
}

/** An id such as `vpc-0a1b2c3d`. */
export const id = (prefix: "vpc" | "subnet" | "sg") =>
  text(new RegExp(`^${prefix}-([0-9a-f]{8}|[0-9a-f]{17})$`), `an id such as ${prefix}-0a1b2c3d`);

/** An ARN in any partition. @param pattern of the part after the account @param example of that part */
function arn(what: string, service: string, pattern: string, example: string, region = "eu-west-1") {
  const start = `^arn:aws[a-z-]*:${service}:${region && "[a-z0-9-]+"}:\\d{12}:`;
  return text(new RegExp(`${start}${pattern}$`), `${what} such as arn:aws:${service}:${region}:123456789012:${example}`);
}

export const queueArn = arn("a queue's ARN", "sqs", "[\\w-]+(\\.fifo)?", "login-queue");
/** Not an alias: policies name keys. */
export const keyArn = arn("a key's ARN", "kms", "key/[0-9a-z-]+", "key/1234abcd-12ab-34cd-56ef-1234567890ab");
/** With the six characters at its end: without them a grant would fit other secrets, too. */
export const secretArn = arn("a secret's whole ARN", "secretsmanager", "secret:[\\w/+=.@!-]+-\\w{6}", "secret:master-AbCdEf");
export const roleArn = arn("a role's ARN", "iam", "role/[\\w+=,.@/-]+", "role/on-call", "");

export const zone = text(/^[a-z]{2}(-[a-z]+)+-\d[a-z0-9-]*[a-z]$/, "an availability zone such as eu-west-1a");

export const resourceId = text(/^(db|cluster|shardgroup)-[A-Za-z0-9]+$/, "a resource id: db-…, cluster-… or shardgroup-…");

/** Checks only the form, because RDS knows the types that a Region has for Postgres. */
export const instanceType = text(
  /^[a-z]+\d[a-z0-9-]*\.(micro|small|medium|large|\d*xlarge)$/,
  "an RDS instance type without db. before it, such as m8g.large",
);

export const host = text(
  /^(?![\d.]+$)[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/,
  "a host name without a port, and not an address, because the server's certificate names a host",
);

export const email = text(/^(none|[^\s@,]+@[^\s@,]+\.[^\s@,]+)$/, "an e-mail address or none");

/** A VPC with public addresses could not reach their owners in the internet. */
const PRIVATE = /^(10|172\.(1[6-9]|2\d|3[01])|192\.168|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./;

/** Without bits after the prefix: AWS would clear them, and the template would differ from what is deployed. */
export const cidr = v.pipe(
  v.string(
    "an IPv4 network of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10 with a prefix from /16 to /24, such as 10.42.0.0/22, with no bit set after the prefix",
  ),
  v.check((network) => {
    const [, address = "", prefix] = /^([\d.]+)\/(1[6-9]|2[0-4])$/.exec(network) ?? [];
    const bits = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
    return isIPv4(address) && PRIVATE.test(address) && bits % 2 ** (32 - Number(prefix)) === 0;
  }),
);

/** Databases that Postgres and RDS keep for themselves. */
const TAKEN = ["template0", "template1", "rdsadmin"];

/** Words that Postgres reserves and RDS refuses as a database's name. https://www.postgresql.org/docs/18/sql-keywords-appendix.html */
const RESERVED_WORDS =
  `all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column
  concurrently constraint create cross current_catalog current_date current_role current_schema current_time current_timestamp current_user
  default deferrable desc distinct do else end except false fetch for foreign freeze from full grant group having ilike in initially inner
  intersect into is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null offset on only or order
  outer overlaps placing primary references returning right select session_user similar some symmetric system_user table tablesample then
  to trailing true union unique user using variadic verbose when where window with`.split(/\s+/);

/** A database's name. @param not names that are refused in any case */
const databaseName = (pattern: RegExp, allowed: string, not: readonly string[]) =>
  v.pipe(
    text(pattern, allowed),
    v.check((name) => !not.includes(name.toLowerCase())),
  );

export const createdDatabaseName = databaseName(
  /^[a-z]\w{0,62}$/i,
  `a letter, then up to 62 letters, digits and underscores, but not a reserved word of Postgres or one of ${TAKEN.join(", ")}`,
  [...TAKEN, ...RESERVED_WORDS],
);

export const existingDatabaseName = databaseName(
  /^[\w-]{1,63}$/,
  `up to 63 letters, digits, underscores and hyphens, but not one of ${TAKEN.join(", ")}`,
  TAKEN,
);
