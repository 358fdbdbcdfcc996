import { customPipelines } from "../custom/pipelines.ts";
import type { Pipeline } from "./pipeline.ts";
import { userLogins } from "./user-logins.ts";

const all = [userLogins, ...customPipelines];

/** Every pipeline by its name; a function is deployed for each. */
export const pipelines: Readonly<Record<string, Pipeline>> = Object.fromEntries(all.map((pipeline) => [pipeline.name, pipeline]));

const names = all.map(({ name }) => name);
const twice = names.find((name, i) => names.indexOf(name) !== i);
if (twice) throw new TypeError(`two pipelines are called ${twice}`);
