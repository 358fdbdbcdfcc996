import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { DEAD_LETTER_QUEUE, QUEUE } from "../../local/emulators/sqs.ts";
import { buildLocalEnvironment, readComposeEnvironment, readFunctionPostgres } from "../../local/localstack/environment.ts";
import { SERVICES } from "../../local/localstack/localstack.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

interface Service {
  image: string;
  ports: string[];
  volumes: string[];
  environment: Record<string, string>;
  healthcheck: { test: string };
}

const file = parse(read("docker-compose.yml")) as { services: Record<"localstack" | "postgres", Service>; volumes: object };
const { localstack, postgres } = file.services;

describe("docker-compose.yml", () => {
  test("names its images by exact versions, which a variable replaces", () => {
    expect(localstack.image).toMatch(/^\$\{LOCALSTACK_IMAGE:-localstack\/localstack:4\.14\.0\}$/);
    expect(postgres.image).toMatch(/^\$\{POSTGRES_IMAGE:-postgres:18\.\d+\}$/);
  });

  test("listens on this machine only, at ports that variables replace", () => {
    expect(localstack.ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:\$\{LOCALSTACK_PORT:-4566\}:4566$/)]);
    expect(postgres.ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:\$\{PGPORT:-5432\}:5432$/)]);
  });

  test("gives each variable one default", () => {
    const defaults = [...read("docker-compose.yml").matchAll(/\$\{(\w+):-([^}]*)\}/g)].map(([, name, value]) => [name, value].join());
    const names = new Set(defaults.map((text) => text.split(",")[0]));
    expect(new Set(defaults).size).toBe(names.size);
    expect([...names].sort()).toEqual(["LOCALSTACK_IMAGE", "LOCALSTACK_PORT", "PGPASSWORD", "PGPORT", "POSTGRES_IMAGE"]);
    for (const name of names) expect(read("docs/local.md")).toContain(`\`${name}\``);
  });

  test("waits for both services until they can be used", () => {
    expect(localstack.healthcheck.test).toContain(QUEUE);
    expect(postgres.healthcheck.test).toContain("pg_isready");
  });

  test("names LocalStack to the tools in its container by the port that it has there", () => {
    expect(localstack.environment.LOCALSTACK_HOST).toBe("localhost");
  });

  test("switches on what stage local needs", () => {
    expect(String(localstack.environment.SERVICES).split(",").sort()).toEqual([...SERVICES, "cloudwatch", "events", "sns"].sort());
    expect(localstack.volumes).toContain("/var/run/docker.sock:/var/run/docker.sock");
  });

  test("keeps the rows in a named volume, at the data folder of this image's version", () => {
    expect(postgres.volumes).toEqual(["postgres:/var/lib/postgresql"]);
    expect(Object.keys(file.volumes)).toEqual(["postgres"]);
  });
});

describe("the script that runs when LocalStack is ready", () => {
  const script = "docker/localstack/login-queue.sh";

  test("is mounted by itself, and may be run", () => {
    expect(localstack.volumes).toContain(`./${script}:/etc/localstack/init/ready.d/login-queue.sh:ro`);
    expect(statSync(join(ROOT, script)).mode & 0o111).toBe(0o111);
  });

  test("makes the queues by the names that local runs use", () => {
    const names = [...read(script).matchAll(/--queue-name (\S+)/g)].map(([, name]) => name);
    expect(names).toEqual([DEAD_LETTER_QUEUE, QUEUE]);
    expect(read(script)).toContain(`arn:aws:sqs:us-east-1:000000000000:${DEAD_LETTER_QUEUE}`);
  });
});

describe("the environment of the commands", () => {
  const defaults = readComposeEnvironment({});

  test("has the values of docker-compose.yml", () => {
    expect(defaults).toMatchObject({
      AWS_ENDPOINT_URL: "http://localhost:4566",
      QUEUE_URL: "http://localhost:4566/000000000000/login-queue",
      PGHOST: "localhost",
      PGPORT: "5432",
      PGUSER: "postgres",
      PGDATABASE: "postgres",
      PGPASSWORD: postgres.environment.POSTGRES_PASSWORD?.replace(/^.*:-(.*)\}$/, "$1"),
    });
  });

  test("follows its variables, and names no other service", () => {
    const env = { LOCALSTACK_PORT: "4999", PGPORT: "5433", PGHOST: "production", PGUSER: "me", AWS_ENDPOINT_URL: "https://elsewhere" };
    expect(readComposeEnvironment(env)).toEqual({
      ...defaults,
      AWS_ENDPOINT_URL: "http://localhost:4999",
      QUEUE_URL: "http://localhost:4999/000000000000/login-queue",
      PGPORT: "5433",
    });
  });

  test("is the one of local:deploy unless a Postgres is named, with the host name for functions", () => {
    const env = buildLocalEnvironment({});
    expect(env).toMatchObject({ AWS_ENDPOINT_URL: "http://localhost:4566", PGHOST: "localhost", FUNCTION_PGHOST: "postgres" });
    expect(readFunctionPostgres(env)).toEqual({
      variables: { PGHOST: "postgres", PGPORT: "5432", PGUSER: "postgres", PGDATABASE: "postgres" },
      password: "postgres",
    });
    expect(Object.keys(file.services)).toContain(env.FUNCTION_PGHOST);
  });

  test("is not used if a Postgres is named, which has the same name for the function", () => {
    const env = { PGHOST: "127.0.0.1", PGPORT: "5555", PGUSER: "me", PGPASSWORD: "secret", PGDATABASE: "mine" };
    expect(buildLocalEnvironment(env)).toEqual({ AWS_ENDPOINT_URL: "http://localhost:4566" });
    expect(readFunctionPostgres(env).variables).toEqual({ PGHOST: "127.0.0.1", PGPORT: "5555", PGUSER: "me", PGDATABASE: "mine" });
    expect(readFunctionPostgres({ ...env, FUNCTION_PGHOST: "db", FUNCTION_PGPORT: "5432" }).variables).toMatchObject({
      PGHOST: "db",
      PGPORT: "5432",
    });
  });
});

describe("the workflow", () => {
  interface Job {
    steps: { uses?: string; run?: string }[];
  }
  const { jobs } = parse(read(".github/workflows/ci.yml")) as { jobs: Record<string, Job> };
  const steps = (job: string) => (jobs[job]?.steps ?? []).map(({ uses, run }) => uses ?? run ?? "");

  test("runs all checks in one job, and the tests on LocalStack in another, with the services of docker-compose.yml", () => {
    expect(steps("check")).toContain("bash .ci/run");
    const commands = steps("localstack");
    const up = commands.findIndex((command) => /docker compose up .*--wait/.test(command));
    expect(up).toBeGreaterThan(-1);
    expect(commands.indexOf("npm run test:localstack")).toBeGreaterThan(up);
  });
});
