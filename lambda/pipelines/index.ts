import * as custom from "../custom/pipelines.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Queue } from "./queue.ts";
import { readRegistry } from "./registry.ts";
import { userLogins } from "./user-logins.ts";

/** Every pipeline and every queue by its name. A pipeline that shares no queue has one with its own name. */
export const { pipelines, queues } = readRegistry([userLogins, ...Object.values<Pipeline | Queue>(custom)]);
