import { type Figure, PARTS, type Part } from "../figures.ts";
import type { Result } from "./result.ts";
import { barChart } from "./svg.ts";

export interface Plot {
  readonly part: Part;
  /** Plain words joined by hyphens, for a file's name. */
  readonly slug: string;
  readonly title: string;
  readonly svg: string;
}

/** A plot for each group of figures that share a unit, where there is more than one to compare; then those that the parts drew. */
export function plotsOf({ figures, plots }: Pick<Result, "figures" | "plots">): Plot[] {
  return [...chartsOf(figures), ...plots];
}

function chartsOf(figures: readonly Figure[]): Plot[] {
  const groups = Map.groupBy(figures, ({ part, group, unit }) => `${part}\n${group}\n${unit}`);
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (!first || members.length < 2) return [];
    const { part, group, unit } = first;
    const title = `${PARTS[part]}: ${group} (${unit})`;
    const slug = `${part} ${group} ${unit}`
      .toLowerCase()
      .replaceAll("$", "dollars")
      .replaceAll("µ", "u")
      .replaceAll(/[^a-z0-9]+/g, "-");
    return [{ part, slug, title, svg: barChart(title, members) }];
  });
}
