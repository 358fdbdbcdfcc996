import { composeEnvironment } from "./compose-file.ts";

/** `masqueue start --env` with the services of docker-compose.yml: whatever else the environment names, no others are touched. */
for (const name of Object.keys(process.env)) if (/^(AWS_|DATABASE_URL$|PGSSLMODE$)/.test(name)) delete process.env[name];
Object.assign(process.env, composeEnvironment(process.env));
process.argv.splice(2, 0, "start", "--env");
await import("../cli.ts");
