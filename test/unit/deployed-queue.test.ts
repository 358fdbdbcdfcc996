import { expect, test } from "@jest/globals";
import { date, definePipeline } from "../../lambda/pipelines/pipeline.ts";
import { shareQueue } from "../../lambda/pipelines/queue.ts";
import { readRegistry } from "../../lambda/pipelines/registry.ts";
import { findDeployedQueue } from "../../local/run/container.ts";

const pipeline = (name: string) =>
  definePipeline({ name, table: name, when: { type: name }, columns: { day: date({ otherwise: "sent" }) } });
const { queues } = readRegistry([shareQueue("events", [pipeline("orders"), pipeline("refunds")]), pipeline("logins")]);
const find = (name: string) => {
  const queue = findDeployedQueue(name, queues);
  return [queue.name, ...queue.pipelines.map((member) => member.name)];
};

test("the deployed queue of a name is the queue, or the one that the pipeline shares", () => {
  expect(find("events")).toEqual(["events", "orders", "refunds"]);
  expect(find("refunds")).toEqual(["events", "refunds"]);
  expect(find("logins")).toEqual(["logins", "logins"]);
});

test("an unknown name gets a sentence with all names", () => {
  expect(() => find("nosuch")).toThrow("There is no pipeline nosuch. Known pipelines: orders, refunds, events, logins.");
});
