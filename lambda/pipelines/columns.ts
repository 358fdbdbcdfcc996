import type { MaskSpec } from "../masking/tokens.ts";
import { uuidMask } from "./masks.ts";

/** The options of every column that is read from a body. */
interface Field {
  /** The path of the field in the body, like `customer.email`. @default the column's name */
  readonly from?: string;
  /** A message without the field is rejected. @default false */
  readonly required?: boolean;
  /** The reason why the column shows a field that another column masks. @default none: such a pair is refused */
  readonly reveals?: string;
}

interface TextOptions extends Field {
  /** Maximum length in characters (code points, as Postgres counts them). */
  readonly max: number;
  /** Also takes a JSON number, as its text. @default false */
  readonly numbers?: boolean;
  /** The only values that are taken. @default all */
  readonly oneOf?: readonly string[];
}

interface Range<T> extends Field {
  /** The smallest and the largest value that are taken. */
  readonly min?: T;
  readonly max?: T;
}

interface NumericOptions extends Range<number> {
  /** Digits in all, and digits after the decimal point. */
  readonly precision: number;
  readonly scale: number;
}

interface Days extends Field {
  /** The first day that is taken: `2015-01-01`, or `-30 days` from the day on which the message was sent. */
  readonly notBefore?: string;
  /** The last day that is taken: a date, or `+1 day`. */
  readonly notAfter?: string;
}

interface DateOptions extends Days {
  /** Marks the date that is half of the table's key: a message without it gets the day on which it was sent. */
  readonly otherwise?: "sent";
}

interface TimestampOptions extends Days {
  /** The field is a number: the time since 1970 in this unit. @default it is an ISO 8601 text */
  readonly unix?: "seconds" | "milliseconds";
}

interface JsonOptions extends Field {
  /** The members that are stored: texts, numbers, booleans, nulls, and lists of these. */
  readonly pick: readonly string[];
}

interface MaskedOptions {
  readonly from: string;
  /** The kind of value and the form in which values are compared: `ip`, `exact("device_id")`. */
  readonly as: MaskSpec;
  readonly required?: boolean;
  /** Also takes a JSON number, as its digits. @default false */
  readonly numbers?: boolean;
  /** Values that stand for no one, like `unknown`: they are stored as NULL, as a blank is. */
  readonly absent?: readonly string[];
}

/** A property of a message that is not in its body. */
type MetaProperty = "messageId" | "sent" | "receivedAt";

/** A column as it is declared. */
export type ColumnSpec =
  | ({ readonly kind: "text" } & TextOptions)
  | ({ readonly kind: "integer" | "bigint" } & Range<number | bigint>)
  | ({ readonly kind: "numeric" } & NumericOptions)
  | ({ readonly kind: "boolean" | "uuid" } & Field)
  | ({ readonly kind: "date" } & DateOptions)
  | ({ readonly kind: "timestamp" } & TimestampOptions)
  | ({ readonly kind: "json" } & JsonOptions)
  | { readonly kind: "constant"; readonly value: string }
  | { readonly kind: "meta"; readonly property: MetaProperty }
  | ({ readonly kind: "masked" } & Omit<MaskedOptions, "as"> & MaskSpec);

/** A string. */
export const text = (options: TextOptions): ColumnSpec => ({ ...options, kind: "text" });

/** A whole number of 32 bits: a JSON number, or a text of digits. */
export const integer = (options: Range<number> = {}): ColumnSpec => ({ ...options, kind: "integer" });

/** A whole number of 64 bits, with all its digits: a JSON number, or a text of digits. */
export const bigint = (options: Range<number | bigint> = {}): ColumnSpec => ({ ...options, kind: "bigint" });

/** A decimal number, with all its digits: a JSON number, or its text. A number that would be rounded is rejected. */
export const numeric = (options: NumericOptions): ColumnSpec => ({ ...options, kind: "numeric" });

/** True or false, as JSON or as text. */
export const boolean = (options: Field = {}): ColumnSpec => ({ ...options, kind: "boolean" });

/** A date: `YYYY-MM-DD`, or the day of an ISO 8601 timestamp in UTC. One date of a pipeline has `otherwise: "sent"`. */
export const date = (options: DateOptions = {}): ColumnSpec => ({ ...options, kind: "date" });

/** A point in time, to the microsecond: an ISO 8601 timestamp (without an offset, UTC), or with `unix` a number. */
export const timestamp = (options: TimestampOptions = {}): ColumnSpec => ({ ...options, kind: "timestamp" });

/** Named members of an object, as `jsonb`. Never the whole object: a new member could hold a personal value. */
export const json = (options: JsonOptions): ColumnSpec => ({ ...options, kind: "json" });

/** The same text in every row. */
export const constant = (value: string): ColumnSpec => ({ kind: "constant", value });

/** The id that SQS gave the message, the time at which it was sent, or the time of its first delivery. */
export const meta = (property: MetaProperty): ColumnSpec => ({ kind: "meta", property });

/** A personal field: the token of `from` is stored, never the value. */
export const masked = ({ as, ...options }: MaskedOptions): ColumnSpec => ({ ...options, ...as, kind: "masked" });

/** A UUID in any spelling. */
export function uuid(options?: Field): ColumnSpec;
/** The mask of a UUID: all spellings of a UUID are equal. */
export function uuid(identifier: string): MaskSpec;
export function uuid(argument: Field | string = {}): ColumnSpec | MaskSpec {
  return typeof argument === "string" ? uuidMask(argument) : { ...argument, kind: "uuid" };
}
