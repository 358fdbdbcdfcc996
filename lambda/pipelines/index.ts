import { ownPipelines } from "../own/pipelines.ts";
import type { Pipeline } from "./pipeline.ts";
import { userLogins } from "./user-logins.ts";

/** Every pipeline by its name; a function is deployed for each. */
export const pipelines: Readonly<Record<string, Pipeline>> = Object.fromEntries(
  [userLogins, ...ownPipelines].map((pipeline) => [pipeline.name, pipeline]),
);
