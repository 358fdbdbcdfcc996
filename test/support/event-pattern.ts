type Matcher = string | { exists: boolean } | { wildcard: string } | { prefix: string } | { suffix: string } | { "anything-but": string[] };
type Pattern = { readonly [field: string]: Matcher[] | Pattern | Pattern[] };

/** Whether an EventBridge rule matches an event, as far as our rules need it: wildcards only as `*…*` (https://github.com/aws/event-ruler). */
export function matches(pattern: Pattern, event: unknown): boolean {
  return Object.entries(pattern).every(([field, wanted]) => {
    if (field === "$or") return (wanted as Pattern[]).some((one) => matches(one, event));
    const values = [childOf(event, field)].flat();
    if (!Array.isArray(wanted)) return values.some((value) => matches(wanted, value));
    return (wanted as Matcher[]).some((matcher) => values.some((value) => accepts(matcher, value)));
  });
}

function childOf(event: unknown, field: string): unknown {
  return typeof event === "object" && event !== null ? (event as Record<string, unknown>)[field] : undefined;
}

function accepts(matcher: Matcher, value: unknown): boolean {
  if (typeof matcher === "string") return value === matcher;
  if ("exists" in matcher) return (value !== undefined) === matcher.exists;
  if (typeof value !== "string") return false;
  if ("prefix" in matcher) return value.startsWith(matcher.prefix);
  if ("suffix" in matcher) return value.endsWith(matcher.suffix);
  if ("wildcard" in matcher) return value.includes(matcher.wildcard.slice(1, -1));
  return !matcher["anything-but"].includes(value);
}

/** A pattern as deployed in the partition `aws`: CDK leaves the partition open. */
export function resolved(value: unknown): Pattern {
  const text = JSON.stringify(value, (_, part) => {
    const joined = part?.["Fn::Join"]?.[1];
    return joined ? joined.map((piece: unknown) => (typeof piece === "string" ? piece : "aws")).join("") : part;
  });
  return JSON.parse(text);
}
