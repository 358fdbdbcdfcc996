import type { Suite, SuiteContext, SuiteName } from "../suites/suite.ts";
import { answerOrders } from "./child.ts";

export type SuiteOrder = SuiteContext & { readonly suite: SuiteName };

/** Runs one suite in its own process, so that it finds no heap and no compiled code of another one. */
answerOrders(async ({ suite, ...context }: SuiteOrder) => {
  const { measure } = (await import(`../suites/${suite}.ts`)) as { measure: Suite };
  return { figures: await measure(context) };
});
