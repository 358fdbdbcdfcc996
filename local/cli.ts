import { Command, InvalidArgumentError, Option } from "commander";
import { parseTimestamp } from "../lambda/dates.ts";
import { parsePath } from "../lambda/pipelines/path.ts";
import manifest from "../package.json" with { type: "json" };
import { INVALID } from "./errors.ts";

const DEFAULT_BATCH_SIZE = 100;
/** Seconds: a batch's window, a cold start, and the delay of CloudWatch Logs. */
const DEFAULT_TIMEOUT = 60;

// Each command is loaded when it is called, because the other commands' libraries would only slow down its start.
const program = new Command("masqueue")
  .description("Masks the personal fields of events from SQS and writes them to Postgres. Uses embedded services unless you pass --env.")
  .version(manifest.version)
  .showHelpAfterError("(--help lists the options)")
  // The commands below inherit it, so it comes first.
  .exitOverride(({ exitCode }) => process.exit(exitCode && 2));

const env = new Option(
  "--env",
  "use the services that variables name: DATABASE_URL or PGHOST …; QUEUE_URL and the AWS SDK's variables",
).default(false);
const yes = new Option("--yes", "touch remote services without asking").default(false);
const pipeline = new Option("--pipeline <name>", "name of the pipeline").default("user-logins").argParser(matching(/./s, INVALID.pipeline));
const data = new Option("--data <folder>", "folder of the embedded database (default: .masqueue in the project)");
data.argParser(matching(/./s, INVALID.folder));
// An empty name, as of an unset variable, must not turn a look at a deployed stage into one at this machine.
const stageName = matching(/^[a-z](-?[a-z0-9])*$/, INVALID.stage);
const stage = () =>
  new Option("--stage <name>", "name of a deployed stage; uses the AWS SDK's credentials and region").argParser(stageName);

program
  .command("start")
  .description("send messages, drain the queue through the function into Postgres, and print the totals")
  .option(
    "--from <file>",
    "send these messages: .jsonl (a body per line) or .json (an array of bodies, or the output of aws sqs receive-message), also as .gz (default: samples; none with --env and QUEUE_URL)",
  )
  .option("--json", "print the result as one JSON object on stdout, everything else on stderr", false)
  .option("--watch", "keep consuming until Ctrl-C", false)
  .addOption(pipeline)
  .addOption(new Option("--masking <mode>", "how personal fields are masked").choices(["hmac", "sha256"]).default("hmac"))
  .addOption(
    new Option("--batch-size <n>", "messages in a batch, 1 to 10000")
      .env("BATCH_SIZE")
      .default(DEFAULT_BATCH_SIZE)
      .argParser((text) => (text === "" ? DEFAULT_BATCH_SIZE : integer(text, 10_000, INVALID.batchSize))),
  )
  .addOption(env)
  .addOption(yes)
  .addOption(data)
  .action(async (options) => finish((await import("./commands/start.ts")).start(options)));

program
  .command("invoke")
  .description("invoke the function once with an SQS event from a file and print its response")
  .argument("<file>", "a JSON file with an SQS event, e.g. events/batch.json")
  .addOption(pipeline)
  .addOption(env)
  .addOption(yes)
  .addOption(data)
  .action(async (file, options) => finish((await import("./commands/invoke.ts")).invoke(file, options)));

program
  .command("migrate")
  .description("run the pending migrations of the database")
  .option("--dry-run", "print the statements and change nothing", false)
  .addOption(env)
  .addOption(yes)
  .addOption(data)
  .action(async (options) => finish((await import("./commands/migrate.ts")).migrateCommand(options)));

program
  .command("new")
  .description("make a table: its declaration with proposed masks, migration, grants, sample and test, in lambda/custom")
  .argument("<name>", "name of the pipeline, e.g. orders")
  .option("--from <file>", "guess the columns from these messages, in the formats of start --from (default: a skeleton)")
  .action(async (name, options) => finish((await import("./commands/new.ts")).newTable(name, options)));

program
  .command("check")
  .description(
    "try a pipeline on messages without any service: what would be stored, rejected and left out; exit code 1 if any is rejected",
  )
  .argument("<name>", "name of the pipeline or shared queue")
  .requiredOption("--from <file>", "messages, in the formats of start --from")
  .option("--json", "print the result as one JSON object", false)
  .action(async (name, options) => finish((await import("./commands/check.ts")).check(name, options)));

program
  .command("diff")
  .description("compare the declarations with their tables, and print the migration that brings them together; exit code 1 if they differ")
  .option("--pipeline <name>", "only this pipeline, or the pipelines of this shared queue (default: all)", matching(/./s, INVALID.pipeline))
  .option("--json", "print the differences as one JSON object", false)
  .addOption(env)
  .addOption(data)
  .action(async (options) => finish((await import("./commands/diff.ts")).diff(options)));

program
  .command("send")
  .description("send a file's messages to the queue that QUEUE_URL names and print their ids")
  .argument("<file>", "messages, in the formats of start --from")
  .addOption(env)
  .addOption(yes)
  .action(async (file, options) => finish((await import("./commands/send.ts")).send(file, options)));

program
  .command("load")
  .description("mask the lines of files and store each exactly once, without a queue")
  .argument("<files...>", "names or patterns of files: .jsonl, .json (an array of bodies) or .csv with a header, each also as .gz")
  .addOption(pipeline)
  .option("--id <field>", "the field that identifies a line (default: the name of its file and its number)", (text) => {
    if (!parsePath(text)) throw new InvalidArgumentError(INVALID.id);
    return text;
  })
  .option("--sent <date>", "the date or timestamp of all lines that state none (default: such lines are rejected)", millis)
  .option("--rate <n>", "the largest number of lines per second", (text) => integer(text, 1_000_000, INVALID.rate))
  .option("--json", "print the result as one JSON object on stdout, everything else on stderr", false)
  .addOption(env)
  .addOption(yes)
  .addOption(data)
  .action(async (files, options) => finish((await import("./commands/load.ts")).load(files, options)));

program
  .command("status")
  .description("report a pipeline's event source, database, failures, lag, queues and rejections; exit code 1 if a check is critical")
  .addOption(stage().conflicts(["env", "data"]))
  .addOption(pipeline)
  .option("--json", "print checks and figures as one JSON object", false)
  .addOption(env)
  .addOption(data)
  .action(async (options) => finish((await import("./commands/status.ts")).status(options)));

program
  .command("smoke")
  .description("send one marked message through a deployed stage and wait until it is stored")
  .addOption(stage().makeOptionMandatory())
  .addOption(pipeline)
  .option("--body <json>", "send this instead of a body made from the pipeline's declaration")
  .addOption(
    new Option("--timeout <seconds>", "seconds to wait, 1 to 900")
      .default(DEFAULT_TIMEOUT)
      .argParser((text) => integer(text, 900, INVALID.timeout)),
  )
  .addOption(yes)
  .action(async (options) => finish((await import("./commands/smoke.ts")).smokeCommand(options)));

const dlq = program.command("dlq").description("list, show, redrive or drop the messages of a dead-letter queue");
const deadLetters = (name: string, description: string) =>
  dlq.command(name).description(description).addOption(stage().conflicts("env")).addOption(pipeline).addOption(env);
const choose = (command: Command) =>
  command
    .option("--code <code>", "messages with this rejection code, as dlq list shows it")
    .option("--id <message id>", "this message")
    .option("--all", "every message", false);
const count = (complaint: string) => (text: string) => integer(text, Number.MAX_SAFE_INTEGER, complaint);

deadLetters("list", "count dead letters by reason, then list them; they stay where they are")
  .option("--limit <n>", "messages to read", count(INVALID.count), 1000)
  .option("--json", "print one JSON object", false)
  .action(async (options) => finish((await import("./dlq/list.ts")).listDeadLetters(options)));

deadLetters("show", "print a dead letter with its personal fields redacted")
  .argument("<message id>")
  .option("--raw", "print the body as it is: it holds personal values", false)
  .action(async (id, options) => finish((await import("./dlq/show.ts")).showDeadLetter(id, options)));

choose(deadLetters("redrive", "send dead letters back to their queue, with their first ids and times"))
  .option("--limit <n>", "at most so many messages", count(INVALID.count))
  .option("--rate <n>", "at most so many messages a second", count(INVALID.count))
  .option("--check", "only messages that the function would store now, so far as their bodies show", false)
  .option("--dry-run", "count the messages and send none", false)
  .addOption(yes)
  .action(async (options) => finish((await import("./dlq/redrive.ts")).redriveDeadLetters(options)));

choose(deadLetters("drop", "delete dead letters for good; table rejections keeps the reason"))
  .addOption(
    new Option("--reason <reason>", "why they are worth nothing")
      .choices(["test", "duplicate", "obsolete", "worthless", "erasure"])
      .makeOptionMandatory(),
  )
  .option("--yes", "drop without asking", false)
  .action(async (options) => finish((await import("./dlq/drop.ts")).dropDeadLetters(options)));

program
  .command("sql")
  .description("run a statement in the database and print its rows")
  .argument("<statement>", 'SQL, e.g. "select * from rejected_messages"')
  .addOption(env)
  .addOption(yes)
  .addOption(data)
  .action(async (statement, options) => finish((await import("./commands/sql.ts")).sql(statement, options)));

program
  .command("reset")
  .description("remove the embedded database and its masking key")
  .addOption(data)
  .action(async (options) => finish((await import("./commands/reset.ts")).reset(options)));

function matching(pattern: RegExp, complaint: string): (text: string) => string {
  return (text) => {
    if (!pattern.test(text)) throw new InvalidArgumentError(complaint);
    return text;
  };
}

function integer(text: string, max: number, complaint: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max) throw new InvalidArgumentError(complaint);
  return value;
}

function millis(text: string): number {
  const value = Date.parse(parseTimestamp(text) ?? "");
  if (!(value >= 0)) throw new InvalidArgumentError(INVALID.sent);
  return value;
}

async function finish(command: Promise<number>): Promise<void> {
  process.exitCode = await command;
}

await program.parseAsync();
