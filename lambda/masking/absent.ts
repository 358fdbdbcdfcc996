import { maxBytes } from "./canonical.ts";
import type { MaskSpec } from "./tokens.ts";

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
