import { type CanonicalForm, maxBytes } from "../masking/canonical.ts";
import type { Pipeline } from "./pipeline.ts";
import { type Queue, toQueue } from "./queue.ts";

export interface Registry {
  readonly pipelines: Readonly<Record<string, Pipeline>>;
  readonly queues: Readonly<Record<string, Queue>>;
}

/**
 * Collects pipelines and shared queues by name.
 * @throws TypeError if a name stands twice, or an identifier is masked in two forms: its tokens would look joinable and never be equal
 */
export function readRegistry(declared: readonly (Pipeline | Queue)[]): Registry {
  if (!declared.every((item: unknown) => typeof item === "object" && item !== null && ("pipelines" in item || "columns" in item)))
    throw new TypeError("lambda/custom/pipelines.ts exports something that is neither a pipeline nor a shared queue");
  const shared = declared.filter((item): item is Queue => "pipelines" in item);
  const single = declared.filter((item): item is Pipeline => !("pipelines" in item));
  const pipelines = [...new Set([...single, ...shared.flatMap((queue) => queue.pipelines)])];
  const alone = pipelines.filter((pipeline) => !shared.some((queue) => queue.pipelines.includes(pipeline)));
  const queues = [...shared, ...alone.map(toQueue)];
  refuseTwins([...pipelines, ...shared].map(({ name }) => name));
  refuseMixedForms(pipelines);
  return { pipelines: byName(pipelines), queues: byName(queues) };
}

function byName<T extends { readonly name: string }>(items: readonly T[]): Readonly<Record<string, T>> {
  return Object.fromEntries(items.map((item) => [item.name, item]));
}

function refuseTwins(names: readonly string[]): void {
  const twin = names.find((name, i) => names.indexOf(name) !== i);
  if (twin) throw new TypeError(`two pipelines or queues are called ${twin}`);
}

function refuseMixedForms(pipelines: readonly Pipeline[]): void {
  const first = new Map<string, { form: CanonicalForm; owner: string }>();
  for (const { name, domain, columns } of pipelines) {
    for (const column of columns) {
      if (column.kind !== "masked") continue;
      const { identifier, form } = column;
      const owner = `${name}.${column.name}`;
      const known = first.get(`${domain} ${identifier}`);
      if (known && !isSameForm(known.form, form))
        throw new TypeError(`${known.owner} and ${owner} mask identifier ${identifier} in two forms: use one form, or another identifier`);
      first.set(`${domain} ${identifier}`, { form, owner });
    }
  }
}

/** Values that two forms write alike only if they write every value alike. */
const PROBES = ["192.0.2.129", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "Straße", "+41 (44) 1", "00000000-0000-4000-8000-00000000000A"];

/** Compares what the forms do: `network({ v4: 24, v6: 48 })` makes a new object each time. */
function isSameForm(a: CanonicalForm, b: CanonicalForm): boolean {
  return a === b || PROBES.every((value) => writeForm(a, value).equals(writeForm(b, value)));
}

function writeForm(form: CanonicalForm, value: string): Buffer {
  const into = Buffer.alloc(maxBytes(value));
  return into.subarray(0, form.write(value, into, 0));
}
