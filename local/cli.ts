import { Command, InvalidArgumentError, Option } from "commander";
import manifest from "../package.json" with { type: "json" };
import { explainError } from "./explain.ts";
import { UserError } from "./user-error.ts";

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
const data = new Option("--data <folder>", "keep the embedded database here (default: .masqueue in the project)");

program
  .command("start")
  .description("send login events, drain the queue through the function into Postgres, and tell what happened")
  .option(
    "--from <file>",
    "send these messages instead of the samples: .jsonl (a body a line), .json (an array of bodies, or what aws sqs receive-message prints), either also .gz",
  )
  .option("--json", "print the result as one JSON object on stdout, all else on stderr", false)
  .option("--watch", "go on consuming until Ctrl-C", false)
  .addOption(new Option("--masking <mode>", "how personal fields are masked").choices(["hmac", "sha256"]).default("hmac"))
  .addOption(new Option("--batch-size <n>", "messages in a batch, 1 to 10000").env("BATCH_SIZE").default(100).argParser(batchSize))
  .addOption(env)
  .addOption(yes)
  .addOption(data)
  .action(async (options) => finish((await import("./commands/start.ts")).start(options)));

program
  .command("invoke")
  .description("run the function once with an SQS event from a file and print its response")
  .argument("<file>", "a JSON file with an SQSEvent, e.g. events/batch.json")
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

function batchSize(text: string): number {
  const size = Number(text);
  if (!Number.isInteger(size) || size < 1 || size > 10_000) throw new InvalidArgumentError("A batch has 1 to 10000 messages.");
  return size;
}

async function finish(command: Promise<number>): Promise<void> {
  process.exitCode = await command;
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`masqueue: ${explainError(error)}`);
  if (!(error instanceof UserError) && process.env.DEBUG) console.error(error);
  process.exitCode = error instanceof UserError ? error.exitCode : 1;
}
