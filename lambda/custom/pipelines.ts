/**
 * Your own pipelines and shared queues, one line each: `export { orders } from "./orders/pipeline.ts";`
 * Upstream never changes this folder, so updates merge cleanly (docs/pipelines.md).
 */
export {};
