import type { Bench } from "../bench.ts";
import { type Figure, figure } from "../figures.ts";
import { interleave } from "../measure.ts";
import { flameGraph } from "../report/flame.ts";
import type { Plot } from "../report/plots.ts";
import { type Batch, newBatches, plusAll } from "../support/batches.ts";
import { callTree } from "../support/call-tree.ts";
import { connected } from "../support/connect.ts";
import { profileOf, type Stack } from "../support/cpu-profile.ts";
import { checkRows, NOTHING } from "../support/expected.ts";
import { functionOn } from "../support/function.ts";
import { fewerIfQuick, planFor } from "../support/plan.ts";
import { STAGES, type Stage, timesOf } from "../support/stages.ts";
import { createTable } from "../support/table.ts";

/** Small batches are counted as a whole, large ones by the row. */
const SIZES = [
  { size: 10, batches: 400, unit: "µs a batch" },
  { size: 100, batches: 100, unit: "µs a batch" },
  { size: 1_000, batches: 15, unit: "µs a row" },
  { size: 10_000, batches: 2, unit: "µs a row" },
] as const;

type Size = Record<"size" | "batches", number> & Pick<(typeof SIZES)[number], "unit">;

const QUICK: readonly number[] = [10, 1_000];
/** The size of the batches in the flame graph. */
const DRAWN = 1_000;

/** On the processor: what the function's own thread does in a batch, by looking at its stack some thousand times a second. */
export async function stagesOf(bench: Bench): Promise<{ figures: Figure[]; plot: Plot }> {
  const figures: Figure[] = [];
  let drawn: readonly Stack[] = [];
  for (const size of SIZES.filter(({ size }) => bench.scale !== "quick" || QUICK.includes(size))) {
    bench.say(`a profile of batches of ${size.size}`);
    const batches = fewerIfQuick(bench.scale, size.batches);
    const profiles = await profilesOf(bench, size.size, batches);
    figures.push(...figuresOf({ ...size, batches }, profiles));
    if (size.size === DRAWN) drawn = profiles.flat();
  }
  return { figures, plot: flameOf(drawn) };
}

/** A profile for each repetition. */
async function profilesOf({ postgres, scale }: Bench, size: number, batches: number): Promise<Stack[][]> {
  const client = await connected(postgres);
  const { table, pipeline } = await createTable(client, "profile_stages");
  const fn = functionOn(postgres, pipeline);
  let made: Batch[] = [];
  let expected = NOTHING;
  let profile: Stack[] = [];
  const profiles: Stack[][] = [];
  const variant = {
    name: "function",
    batches,
    async run() {
      profile = await profileOf(async () => {
        for (const { event } of made) await fn.invoke(event);
      });
    },
    async after(repetition: number) {
      if (repetition >= 0) profiles.push(profile);
    },
  };
  const arrange = async () => {
    made = newBatches(batches, size);
    expected = plusAll(expected, made);
  };
  await interleave([variant], { ...planFor(scale, 2, 5), warmUps: 1, arrange });
  await checkRows(client, table, expected);
  await Promise.all([fn.close(), client.end()]);
  return profiles;
}

function figuresOf({ size, batches, unit }: Size, profiles: readonly Stack[][]): Figure[] {
  const where = { part: "P", group: `batches of ${size.toLocaleString("en")}, by stage`, unit } as const;
  const shares = unit === "µs a row" ? batches * size : batches;
  const stages = Object.keys(STAGES) as Stage[];
  const times = profiles.map(timesOf);
  const shareOf = (names: readonly Stage[]) => times.map((time) => names.reduce((sum, stage) => sum + time[stage], 0) / shares);
  return [
    figure(where, "all but waiting", shareOf(stages.filter((stage) => stage !== "waiting")), {
      "reading and masking": shareOf(["reading", "masking"]),
    }),
    ...stages.map((stage) => figure(where, STAGES[stage], shareOf([stage]))),
  ];
}

function flameOf(stacks: readonly Stack[]): Plot {
  const title = `Profile: the function's thread in batches of ${DRAWN.toLocaleString("en")}, without waiting`;
  return { part: "P", slug: `p-flame-graph-of-batches-of-${DRAWN}`, title, svg: flameGraph(title, callTree(stacks)) };
}
