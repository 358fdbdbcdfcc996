import { runProgram } from "../terminal/program.ts";
import { readComposeEnvironment } from "./environment.ts";

/** `masqueue start --env` with the services of docker-compose.yml, and with no others, whatever the environment names. */
for (const name of Object.keys(process.env)) if (/^(AWS_|DATABASE_URL$|PGSSLMODE$)/.test(name)) delete process.env[name];
Object.assign(process.env, readComposeEnvironment(process.env));
process.argv.splice(2, 0, "start", "--env");
await runProgram(() => import("../cli.ts"));
