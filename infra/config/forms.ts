/** What values a key takes. */
export interface Form<V> {
  /** Completes the sentence "it must be …". */
  readonly allowed: string;
  /** What a string from the command line stands for; one that stands for nothing is given back, and not accepted. */
  readonly fromText: (text: string) => unknown;
  readonly accepts: (value: unknown) => value is V;
}

export function integer(min: number, max: number): Form<number> {
  return {
    allowed: `a whole number from ${min} to ${max}`,
    fromText: (text) => (/^(0|-?[1-9]\d{0,14})$/.test(text) ? Number(text) : text),
    accepts: (value): value is number => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
  };
}

export function oneOf<const V extends string | number | boolean>(...values: readonly V[]): Form<V> {
  return {
    allowed: `one of ${values.join(", ")}`,
    fromText: (text) => values.find((value) => String(value) === text) ?? text,
    accepts: (value): value is V => values.some((one) => one === value),
  };
}

export const boolean: Form<boolean> = { ...oneOf(true, false), allowed: "true or false" };

/** @param like completes "it must be …" */
export function text(pattern: RegExp, like: string): Form<string> {
  return {
    allowed: like,
    fromText: (text) => text,
    accepts: (value): value is string => typeof value === "string" && pattern.test(value),
  };
}

/** On the command line, the members are joined by commas. @param min fewest members @param max most */
export function list<V>(member: Form<V>, min = 0, max = Number.POSITIVE_INFINITY): Form<readonly V[]> {
  const size = max < Number.POSITIVE_INFINITY ? ` of ${min} to ${max}` : min > 0 ? ` of ${min} or more` : "";
  return {
    allowed: `a list${size} without repetition, each ${member.allowed}`,
    fromText: (text) => (text === "" ? [] : text.split(",").map(member.fromText)),
    accepts: (value): value is readonly V[] =>
      Array.isArray(value) &&
      value.length >= min &&
      value.length <= max &&
      new Set(value).size === value.length &&
      value.every(member.accepts),
  };
}
