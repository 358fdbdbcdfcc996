import type { Given, Givens } from "./context.ts";
import { ConfigError, mustBe, show } from "./error.ts";
import type { Form } from "./forms.ts";
import type { Keys, Tier } from "./keys.ts";

export function readValue<V>({ value: given, where, override }: Given, form: Form<V>): V {
  const value = override && typeof given === "string" ? form.fromText(given) : given;
  if (!form.accepts(value)) throw mustBe(where, given, form.allowed);
  return value;
}

/** Reads the keys of a group, each as given or by its default. @param group path, with the dot at its end */
export function readGroup<G extends object>(given: Givens, group: string, keys: Keys<G>, tier: Tier): G {
  const values = {} as G;
  for (const name in keys) {
    const { form, otherwise } = keys[name];
    const one = given.get(group + name);
    if (one) {
      values[name] = readValue(one, form);
    } else if (otherwise) {
      values[name] = typeof otherwise === "function" ? otherwise(values, tier) : otherwise[tier];
    } else {
      throw new ConfigError(`${group}${name} is not given; it must be ${form.allowed}.`);
    }
  }
  return values;
}

/**
 * Whether keys are given that tell of a thing that exists, and none that say how to make it: two sources for one thing are refused.
 * @param existing keys of the first sort
 * @param made keys of the second
 */
export function isExisting(given: Givens, group: string, existing: readonly string[], made: readonly string[]): boolean {
  const first = (names: readonly string[]) => names.map((name) => given.get(group + name)).find((one) => one !== undefined);
  const [there, new_] = [first(existing), first(made)];
  if (there && new_) {
    throw new ConfigError(
      `${there.where} is ${show(there.value)} and ${new_.where} is ${show(new_.value)}; the first tells of what exists and the second how to make it, and only one of the two is allowed.`,
    );
  }
  return there !== undefined;
}
