import { randomBytes } from "node:crypto";
import { deriveKeys, importMasterKey } from "../../lambda/masking/keys.ts";
import { createHmacTokenizer } from "../../lambda/masking/tokens.ts";
import { exact, ip } from "../../lambda/pipelines/pipeline.ts";
import { TEST_SECRET } from "./container.ts";
import { login } from "./records.ts";

/** Values that exist nowhere else: if one is found, a message has leaked. Each test has new ones, because tests share a log. */
export interface Canaries {
  readonly ip: string;
  readonly ipv6: string;
  /** A value for ip that is not an address. */
  readonly host: string;
  readonly deviceId: string;
  readonly userId: string;
  /** At most 32 characters, like its column. */
  readonly locale: string;
}

export function plantCanaries(): Canaries {
  const octets = Array.from(randomBytes(4), (byte) => 100 + (byte % 100));
  const groups = Array.from({ length: 8 }, () => randomBytes(2).toString("hex"));
  return {
    ip: octets.join("."),
    ipv6: groups.with(0, "fd9b").join(":"),
    host: `${word()}.${word()}`,
    deviceId: `${word()}-${word()}`,
    // Characters that JSON, logs and COPY each escape differently.
    userId: `${word()}"\\é\t${word()}`,
    locale: `${word()}_${word()}`,
  };
}

/** The body of a login with canaries in all its personal fields. */
export function canaryLogin(canaries: Canaries, fields: Record<string, unknown> = {}): Record<string, unknown> {
  const { userId, ip, deviceId, locale } = canaries;
  return login({ user_id: userId, ip, device_id: deviceId, locale, ...fields });
}

/** Returns the tokens under the tests' key. They link messages, so no log may hold them either. */
export async function maskCanaries(canaries: Canaries): Promise<Record<string, string>> {
  const deviceId = exact("device_id");
  const tokenize = createHmacTokenizer(await deriveKeys(importMasterKey(TEST_SECRET), [ip.identifier, deviceId.identifier], "main"));
  const tokens = {
    "token of ip": tokenize(ip, canaries.ip),
    "token of ipv6": tokenize(ip, canaries.ipv6),
    "token of host": tokenize(ip, canaries.host),
    "token of deviceId": tokenize(deviceId, canaries.deviceId),
  };
  return Object.fromEntries(Object.entries(tokens).map(([name, token]) => [name, token?.token.replace("v1.", "") ?? ""]));
}

/** This many consecutive characters reveal a value: error texts quote pieces, not whole values. */
const PIECE = 8;

/** Lists the values of which the text holds pieces, each with its encoding: `deviceId as base64`. */
export function findTraces(text: string, values: object): string[] {
  const haystack = text.toLowerCase();
  return Object.entries(values).flatMap(([name, value]: [string, string]) => {
    const pieces = Array.from({ length: value.length - PIECE + 1 }, (_, i) => value.slice(i, i + PIECE));
    return Object.entries(FORMS)
      .filter(([, write]) => pieces.some((piece) => write(piece).some((form) => haystack.includes(form.toLowerCase()))))
      .map(([form]) => `${name} as ${form}`);
  });
}

const json = (text: string) => JSON.stringify(text).slice(1, -1);

const FORMS: Readonly<Record<string, (piece: string) => string[]>> = {
  text: (piece) => [piece],
  JSON: (piece) => [json(piece), json(json(piece))].filter((written) => written !== piece),
  "percent signs": (piece) => [encodeURIComponent(piece)].filter((written) => written !== piece),
  hex: (piece) => [Buffer.from(piece).toString("hex"), bytes(piece, 16).join(" ")],
  bytes: (piece) => [bytes(piece, 10).join(","), bytes(piece, 10).join(", ")],
  base64: (piece) => [0, 1, 2].flatMap((before) => base64Within(piece, before)),
};

function bytes(piece: string, radix: number): string[] {
  return Array.from(Buffer.from(piece), (byte) => byte.toString(radix));
}

/** The base64 digits that depend only on the piece, if it begins this many bytes after a multiple of three. */
function base64Within(piece: string, before: number): string[] {
  const whole = Buffer.concat([Buffer.alloc(before), Buffer.from(piece)]);
  const [from, to] = [Math.ceil((before * 8) / 6), Math.floor((whole.length * 8) / 6)];
  return (["base64", "base64url"] as const).map((encoding) => whole.toString(encoding).slice(from, to));
}

/** Letters that are not hexadecimal digits, so that ids and hashes cannot look like them. */
function word(): string {
  return Array.from(randomBytes(9), (byte) => "ghjkmnpqrstvwxyz"[byte % 16]).join("");
}
