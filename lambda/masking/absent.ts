import { maxBytes } from "./canonical.ts";
import type { MaskSpec } from "./tokens.ts";

/**
 * Checks the absent values of a declaration.
 * @param owner for the error, for example `masked()`
 * @throws TypeError if one is not a text or is blank, because that is a mistake in code
 */
export function checkAbsent(owner: string, absent: unknown): void {
  if (!Array.isArray(absent)) throw new TypeError(`${owner}: absent must be a list of texts`);
  const wrong = absent.findIndex((value) => typeof value !== "string" || value.trim() === "");
  if (wrong >= 0)
    throw new TypeError(`${owner}: entry ${wrong + 1} of absent must be a text that is not blank; a blank value is always NULL`);
}

/** The canonical bytes of the absent values of each column that has some. */
const compiled = new WeakMap<MaskSpec, ReadonlySet<string>>();

/** Whether a trimmed value identifies no person: it is blank, or equal to an absent value under the column's form. */
export function isAbsent(spec: MaskSpec, trimmed: string): boolean {
  if (trimmed === "" || !spec.absent) return trimmed === "";
  let absent = compiled.get(spec);
  if (!absent) {
    absent = new Set(spec.absent.map((value) => toBytes(spec, value.trim())));
    compiled.set(spec, absent);
  }
  return absent.has(toBytes(spec, trimmed));
}

function toBytes({ form }: MaskSpec, trimmed: string): string {
  const room = Buffer.allocUnsafe(maxBytes(trimmed));
  return room.toString("latin1", 0, form.write(trimmed, room, 0));
}
