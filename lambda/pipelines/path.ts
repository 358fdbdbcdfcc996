/** The way to a field in a body: the names of its members, from the outside in. */
export type Path = readonly string[];

/** Parses `customer.email`; undefined if a name is empty or holds a bracket. Elements of arrays have no path. */
export function parsePath(text: string): Path | undefined {
  const names = text.split(".");
  return names.every((name) => /^[^[\]]+$/.test(name)) ? names : undefined;
}

/** Reads a field; undefined if there is none. Own members of objects only: a field may be called `constructor`. */
export function readPath(body: object, path: Path): unknown {
  let value: unknown = body;
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/** Whether a JSON value is an object, not an array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
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

/** Lists the paths of the fields that the tree does not declare, as `customer.phone`. */
export function listUndeclared(body: object, tree: FieldTree, prefix = ""): string[] {
  const paths: string[] = [];
  for (const name of Object.keys(body)) {
    const below = tree.get(name);
    if (below === null) continue;
    const value: unknown = below && Reflect.get(body, name);
    if (!below) paths.push(prefix + name);
    else if (isObject(value)) paths.push(...listUndeclared(value, below, `${prefix}${name}.`));
  }
  return paths;
}
