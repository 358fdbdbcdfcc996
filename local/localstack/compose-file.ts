import { readFileSync } from "node:fs";
import { join } from "node:path";
import { QUEUE } from "../emulators/sqs.ts";
import { ROOT } from "../targets/data-dir.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const FILE = join(ROOT, "docker-compose.yml");

/** What names the services of docker-compose.yml to every command: its own variables where they are set, else the defaults that it gives them. */
export function composeEnvironment(env: Environment) {
  const value = (name: string) => env[name] || defaultOf(name);
  const endpoint = `http://localhost:${value("LOCALSTACK_PORT")}`;
  return {
    AWS_ENDPOINT_URL: endpoint,
    QUEUE_URL: `${endpoint}/000000000000/${QUEUE}`,
    // LocalStack takes any key; its queues are made in this region.
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    PGHOST: "localhost",
    PGPORT: value("PGPORT"),
    // Those of the image, which are the take-home's, too.
    PGUSER: "postgres",
    PGDATABASE: "postgres",
    PGPASSWORD: value("PGPASSWORD"),
  };
}

/** As docker-compose.yml gives it: `${PGPORT:-5432}`. */
function defaultOf(variable: string): string {
  const found = new RegExp(`\\$\\{${variable}:-([^}]*)\\}`).exec(readFileSync(FILE, "utf8"))?.[1];
  if (found === undefined) throw new Error(`${FILE} gives ${variable} no default.`);
  return found;
}
