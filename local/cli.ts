import { Command, InvalidArgumentError, Option } from "commander";
import manifest from "../package.json" with { type: "json" };
import { UserError } from "./terminal/errors.ts";
import { explainError } from "./terminal/explain.ts";
import { interrupted, listenForInterrupts } from "./terminal/signals.ts";

const DEFAULT_BATCH_SIZE = 100;
/** Seconds: a batch's window, a cold start, and the time that CloudWatch Logs takes. */
const DEFAULT_TIMEOUT = 60;

// A command is loaded when it is called: the others' parts would only slow its start.
const program = new Command("masqueue")
  .description("Masks the personal fields of events from SQS and writes them to Postgres. Uses embedded services unless told --env.")
  .version(manifest.version)
  .showHelpAfterError("(--help tells more)")
  // Inherited by the commands below, so it stands before them.
  .exitOverride(({ exitCode }) => process.exit(exitCode && 2));

const env = new Option(
  "--env",
  "use the services that the environment names: DATABASE_URL or PGHOST …, QUEUE_URL with the AWS SDK's variables",
).default(false);
const yes = new Option("--yes", "do not ask before touching what is not on this machine").default(false);
const pipeline = new Option("--pipeline <name>", "the pipeline to run").default("user-logins").argParser(pipelineName);
const data = new Option("--data <folder>", "keep the embedded database here (default: .masqueue in the project)").argParser(folder);

program
  .command("start")
  .description("send login events, drain the queue through the function into Postgres, and tell what happened")
  .option(
    "--from <file>",
    "send these messages instead of the samples: .jsonl (a body a line), .json (an array of bodies, or what aws sqs receive-message prints), either also .gz",
  )
  .option("--json", "print the result as one JSON object on stdout, all else on stderr", false)
  .option("--watch", "go on consuming until Ctrl-C", false)
  .addOption(pipeline)
  .addOption(new Option("--masking <mode>", "how personal fields are masked").choices(["hmac", "sha256"]).default("hmac"))
  .addOption(
    new Option("--batch-size <n>", "messages in a batch, 1 to 10000").env("BATCH_SIZE").default(DEFAULT_BATCH_SIZE).argParser(batchSize),
  )
  .addOption(env)
  .addOption(yes)
  .addOption(data)
  .action(async (options) => finish((await import("./commands/start.ts")).start(options)));

program
  .command("invoke")
  .description("run the function once with an SQS event from a file and print its response")
  .argument("<file>", "a JSON file with an SQSEvent, e.g. events/batch.json")
  .addOption(pipeline)
  .addOption(env)
  .addOption(yes)
  .addOption(data)
  .action(async (file, options) => finish((await import("./commands/invoke.ts")).invoke(file, options)));

program
  .command("migrate")
  .description("bring the database up to date")
  .option("--dry-run", "print the statements instead", false)
  .addOption(env)
  .addOption(yes)
  .addOption(data)
  .action(async (options) => finish((await import("./commands/migrate.ts")).migrateCommand(options)));

program
  .command("send")
  .description("send a file's messages to the queue that the environment names, and print their ids")
  .argument("<file>", "messages, in the formats of start --from")
  .addOption(env)
  .addOption(yes)
  .action(async (file, options) => finish((await import("./commands/send.ts")).send(file, options)));

program
  .command("status")
  .description("tell how a pipeline is: event source, database, failures, lag, queues, rejections; exit code 1 where something is wrong")
  .addOption(stage().conflicts(["env", "data"]))
  .addOption(pipeline)
  .option("--json", "print findings and figures as one JSON object", false)
  .addOption(env)
  .addOption(data)
  .action(async (options) => finish((await import("./commands/status.ts")).status(options)));

program
  .command("smoke")
  .description("send one marked message through a deployed stage and wait until it is stored")
  .addOption(stage().makeOptionMandatory())
  .addOption(pipeline)
  .option("--body <json>", "send this instead of a body made from the pipeline's declaration")
  .addOption(new Option("--timeout <seconds>", "how long to wait, 1 to 900").default(DEFAULT_TIMEOUT).argParser(timeout))
  .addOption(yes)
  .action(async (options) => finish((await import("./commands/smoke.ts")).smokeCommand(options)));

program
  .command("sql")
  .description("ask the database")
  .argument("<statement>", 'SQL, e.g. "select * from rejected_messages"')
  .addOption(env)
  .addOption(yes)
  .addOption(data)
  .action(async (statement, options) => finish((await import("./commands/sql.ts")).sql(statement, options)));

program
  .command("reset")
  .description("remove the embedded database")
  .addOption(data)
  .action(async (options) => finish((await import("./commands/reset.ts")).reset(options)));

function stage(): Option {
  return new Option("--stage <name>", "a deployed stage, by the AWS SDK's credentials and region").argParser(stageName);
}

/** An unset variable must not turn a look at a deployed stage into one at this machine. */
function stageName(text: string): string {
  if (!/^[a-z](-?[a-z0-9])*$/.test(text))
    throw new InvalidArgumentError("A stage's name has lower-case letters, digits and single hyphens.");
  return text;
}

function pipelineName(text: string): string {
  if (text === "") throw new InvalidArgumentError("It names no pipeline.");
  return text;
}

function batchSize(text: string): number {
  if (text === "") return DEFAULT_BATCH_SIZE;
  const size = Number(text);
  if (!Number.isInteger(size) || size < 1 || size > 10_000) throw new InvalidArgumentError("A batch has 1 to 10000 messages.");
  return size;
}

function timeout(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 900)
    throw new InvalidArgumentError("It is a number of seconds from 1 to 900.");
  return seconds;
}

function folder(text: string): string {
  if (text === "") throw new InvalidArgumentError("It names no folder.");
  return text;
}

async function finish(command: Promise<number>): Promise<void> {
  process.exitCode = await command;
}

listenForInterrupts();
try {
  await program.parseAsync();
} catch (error) {
  // After a Ctrl-C, what it broke off is no news.
  if (!interrupted.aborted) console.error(`masqueue: ${explainError(error)}`);
  if (!(error instanceof UserError) && process.env.DEBUG) console.error(error);
  process.exitCode = interrupted.aborted ? 130 : error instanceof UserError ? error.exitCode : 1;
}
