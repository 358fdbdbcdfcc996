import type { Pipeline } from "../pipelines/pipeline.ts";

/** Your own pipelines. Upstream never changes this folder, so updates merge cleanly (CONTRIBUTING.md). */
export const customPipelines: readonly Pipeline[] = [];
