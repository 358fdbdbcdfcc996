declare global {
  /** https://github.com/tc39/proposal-json-parse-with-source, which TypeScript's library omits. */
  interface JSON {
    parse(text: string, reviver: (name: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
    rawJSON(text: string): RawNumber;
    isRawJSON(value: unknown): value is RawNumber;
  }
}

/** A number of JSON with the digits that were sent. */
interface RawNumber {
  readonly rawJSON: string;
}

/** The way to a field in a body: the names of its members, from the outside in. */
export type Path = readonly string[];

/** Parses `customer.email`; undefined if a name is empty or holds a bracket. Elements of arrays have no path. */
export function parsePath(text: string): Path | undefined {
  const names = text.split(".");
  return names.every((name) => /^[^[\]]+$/.test(name)) ? names : undefined;
}

/** Reads a field; undefined if there is none. Own members of objects only: a field may be called `constructor`. */
export function readPath(body: object, path: Path, step = 0): unknown {
  const name = path[step] ?? "";
  if (!Object.hasOwn(body, name)) return undefined;
  const value: unknown = Reflect.get(body, name);
  if (step === path.length - 1) return value;
  return isObject(value) ? readPath(value, path, step + 1) : undefined;
}

/** Whether a JSON value is an object: neither an array nor a number whose digits are kept. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}

/** The declared fields of a body by name, at each level. A field that is declared as a whole has null. */
export type FieldTree = ReadonlyMap<string, FieldTree | null>;

export function buildFieldTree(paths: readonly Path[]): FieldTree {
  const byName = Map.groupBy(paths, ([name]) => name ?? "");
  const level = [...byName].map(
    ([name, below]) =>
      [name, below.some(({ length }) => length === 1) ? null : buildFieldTree(below.map((path) => path.slice(1)))] as const,
  );
  return new Map(level);
}

/** Lists the paths of the fields that the tree does not declare, as `customer.phone`, or `customer` if it is no object. @param paths gets them */
export function listUndeclared(body: object, tree: FieldTree, prefix = "", paths: string[] = []): string[] {
  for (const name of Object.keys(body)) {
    const below = tree.get(name);
    if (below === null) continue;
    const value: unknown = below && Reflect.get(body, name);
    if (below && isObject(value)) listUndeclared(value, below, `${prefix}${name}.`, paths);
    else if (!below || value !== null) paths.push(prefix + name);
  }
  return paths;
}
