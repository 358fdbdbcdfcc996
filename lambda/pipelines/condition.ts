import { type Path, parsePath, readPath } from "./path.ts";

type Plain = string | number | boolean;

/** Values by the path of their field, like `{ type: "order" }`. A list stands for any of its values. */
export type Condition = Readonly<Record<string, Plain | readonly Plain[]>>;

/** A condition that is ready to be compared with a body. */
export type Test = readonly { readonly path: Path; readonly values: readonly unknown[] }[];

const isPlain = (value: unknown) => typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);

/** @param owner of the condition, for the error @throws TypeError */
export function compileCondition(owner: string, condition: Condition): Test {
  const test = Object.entries(condition).map(([field, wanted]) => ({ field, path: parsePath(field), values: [wanted].flat() }));
  if (test.length === 0) throw new TypeError(`${owner}: names no field`);
  return test.map(({ field, path, values }) => {
    if (!path) throw new TypeError(`${owner}: ${field} must be a path like order.type, without brackets`);
    if (values.length === 0 || !values.every(isPlain))
      throw new TypeError(`${owner}: ${field} must be a text, a number, a boolean or a list of these`);
    return { path, values };
  });
}

/** Whether the body has one of the wanted values at each path. */
export function holds(test: Test, body: object): boolean {
  return test.every(({ path, values }) => {
    const value = readPath(body, path);
    return values.includes(JSON.isRawJSON(value) ? Number(value.rawJSON) : value);
  });
}
