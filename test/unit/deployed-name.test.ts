import { expect, test } from "@jest/globals";
import { date, definePipeline } from "../../lambda/pipelines/pipeline.ts";
import { shareQueue } from "../../lambda/pipelines/queue.ts";
import { readRegistry } from "../../lambda/pipelines/registry.ts";
import { findDeployedName } from "../../local/run/container.ts";

const pipeline = (name: string) =>
  definePipeline({ name, table: name, when: { type: name }, columns: { day: date({ otherwise: "sent" }) } });
const { queues } = readRegistry([shareQueue("events", [pipeline("orders"), pipeline("refunds")]), pipeline("logins")]);

test.each([
  ["events", "events"],
  ["refunds", "events"],
  ["logins", "logins"],
  ["deployed-from-another-checkout", "deployed-from-another-checkout"],
])("%s is deployed under the name %s", (name, deployed) => {
  expect(findDeployedName(name, queues)).toBe(deployed);
});
