import { readFileSync } from "node:fs";
import { Command } from "commander";
import { LogUnfit } from "../streams/jetstream/ensure.ts";
import { LogRefused, LogUnavailable, LogVanished } from "../streams/log.ts";
import { partitionCount } from "../streams/partition.ts";
import { type AuditWords, describeAudit, parseAudit, runAudit } from "./commands/audit.ts";
import { edge } from "./commands/edge.ts";
import { checkExport, type ExportOptions, runExport } from "./commands/export.ts";
import { describeHot } from "./commands/hot.ts";
import { checkImport, describeImport, type ImportOptions, runImport } from "./commands/import.ts";
import { actors, api, projector } from "./commands/roles.ts";
import { type PublishOptions, publish } from "./commands/publish.ts";
import { integer, json, logName, print, schema } from "./commands/options.ts";
import { describeQuarantine } from "./commands/quarantine-commands.ts";
import { describeQuote } from "./commands/quote.ts";
import { describeRehearse, parseRehearse, type RehearseWords, runRehearse } from "./commands/rehearse.ts";
import { rebuildCommand } from "./commands/rebuild.ts";
import { letOthersFirst } from "./priority.ts";
import { top } from "./commands/top.ts";
import { verify } from "./commands/verify.ts";
import { VerifyImpossible } from "./verify/verify.ts";
import { up } from "./commands/up.ts";
import { withCatalogue } from "./commands/with-catalogue.ts";
import type { Catalogue } from "./catalogue.ts";
import { quoteKeysOf } from "./checkout-settings.ts";
import { ConfigError, parseConfig } from "./config.ts";
import { EmbeddedFailure } from "./embedded/failure.ts";
import { ImportRefused } from "./import/import-refused.ts";
import { createLogger } from "./logger.ts";
import { Refused } from "./refused.ts";

/** The operator's tool. Data goes to stdout, everything else to stderr; what failed is one line. */

const program = new Command("shelfwire")
  .description("An event-sourced product catalogue on NATS JetStream and Redis")
  .showHelpAfterError("(shelfwire --help shows what there is)");

function settings() {
  const config = parseConfig(process.env);
  return { config, logger: createLogger(config.logLevel) };
}

/** Work on the catalogue that the settings name, as that role. */
function onCatalogue(role: string) {
  return <T>(work: (catalogue: Catalogue) => Promise<T>): Promise<T> => {
    const { config, logger } = settings();
    return withCatalogue(config, logger, role, work);
  };
}

program
  .command("up")
  .description("run everything in one process, with servers of its own where no setting names others")
  .option("--new-log", "start over on a new log: forget the read models of the one that vanished", false)
  .action(async (options: { newLog: boolean }) => {
    const { config, logger } = settings();
    await up(config, logger, options);
  });

program
  .command("api")
  .description("answer HTTP")
  .action(async () => {
    const { config, logger } = settings();
    await api(config, logger);
  });

program
  .command("projector")
  .description("keep the read models true; run as many as the log needs")
  .action(async () => {
    const { config, logger } = settings();
    await projector(config, logger);
  });

program
  .command("actors")
  .description(
    "keep the stock, look after hot products, purge the edges that the settings name; run two or more",
  )
  .action(async () => {
    const { config, logger } = settings();
    await actors(config, logger);
  });

program
  .command("edge")
  .description("cache what the API answers, as a CDN does: Varnish in front of it")
  .action(async () => {
    const { config, logger } = settings();
    await edge(config, logger);
  });

program
  .command("publish")
  .description("publish one event, checked before it leaves")
  .argument("<subject>", "such as catalog.price.updated.<product>")
  .argument("<payload>", "JSON, or - to read it from standard input")
  .option("--id <id>", "message id: publishing it again within two minutes stores nothing")
  .option("--expect <sequence>", "store it only if the subject's last event has this sequence", integer)
  .addOption(schema)
  .addOption(json)
  .action(async (subject: string, text: string, options: PublishOptions) => {
    const { config, logger } = settings();
    const payload = text === "-" ? readFileSync(0, "utf8") : text;
    const { stream, sequence, duplicate } = await withCatalogue(config, logger, "publish", (catalogue) =>
      publish(catalogue, subject, payload, options),
    );
    print({ stream, seq: sequence, ...(duplicate && { duplicate }) });
  });

describeImport(program.command("import"), integer)
  .addOption(json)
  .action(async (format: string, files: string[], options: ImportOptions) => {
    checkImport(format, options);
    const { config, logger } = settings();
    const { summary, refused } = await withCatalogue(config, logger, "import", (catalogue) =>
      runImport(catalogue, config, format, files, options),
    );
    print(summary);
    if (refused !== undefined) throw new Refused(refused);
  });

program
  .command("export")
  .description("write events as lines that import ndjson takes back")
  .addOption(logName())
  .option("--from <sequence>", "the first event (default: the log's first)", integer)
  .option("--to <sequence>", "the last event (default: the log's last)", integer)
  .option("--product <id>", "only the events of one product")
  .action(async (options: ExportOptions) => {
    checkExport(options);
    const { config, logger } = settings();
    await withCatalogue(config, logger, "export", (catalogue) =>
      runExport(catalogue, options, process.stdout),
    );
  });

program
  .command("verify")
  .description("compare the read models and answers with a second fold of the log")
  .option("--partition <number>", "only products of this partition, 0 to 15", integer)
  .option("--sample <products>", "how many products to ask the API for (default: 200)", integer)
  .addOption(json)
  .action(async (options: { partition?: number; sample?: number; json?: boolean }) => {
    if (options.partition !== undefined && options.partition >= partitionCount) {
      throw new Refused(`--partition ${options.partition}: must be from 0 to ${partitionCount - 1}`);
    }
    const { config, logger } = settings();
    const report = await withCatalogue(config, logger, "verify", (catalogue, servers) =>
      verify(catalogue, servers, logger, options),
    );
    const { shown, ...counts } = report;
    for (const difference of shown) print(difference);
    print(counts);
    if (report.differences > 0) process.exitCode = 1;
  });

describeAudit(program.command("audit"))
  .addOption(json)
  .action(async (words: AuditWords & { json?: boolean }) => {
    const wanted = parseAudit(words);
    const { config, logger } = settings();
    // It watches those who answer, and is not to be in their way.
    letOthersFirst();
    const sound = await withCatalogue(config, logger, "audit", (catalogue, servers) =>
      runAudit(catalogue, servers, logger, wanted, words.json === true ? print : undefined),
    );
    if (!sound) process.exitCode = 1;
  });

describeRehearse(program.command("rehearse"))
  .addOption(json)
  .action(async (words: RehearseWords & { json?: boolean }) => {
    const wanted = parseRehearse(words);
    const { config, logger } = settings();
    const passed = await withCatalogue(config, logger, "rehearse", (catalogue, servers) =>
      runRehearse(catalogue, servers, logger, wanted, words.json === true ? print : undefined),
    );
    if (!passed) process.exitCode = 1;
  });

program
  .command("rebuild")
  .description("make the read models anew from the log while they are read; may be interrupted and run again")
  .option("--dry-run", "say which products would change and how, write nothing", false)
  .option("--memory <MiB>", "what one pass over the log may hold", integer, 512)
  .addOption(json)
  .action(async (options: { dryRun: boolean; memory: number; json?: boolean }) => {
    const { config, logger } = settings();
    // Readers and projectors come first.
    letOthersFirst();
    const report = await withCatalogue(config, logger, "rebuild", (catalogue) =>
      rebuildCommand(catalogue, logger, { ...options, json: options.json === true, print }),
    );
    print(report);
  });

program
  .command("top")
  .description("how far the projections are, whose they are and how they fare")
  .addOption(json)
  .action(async (options: { json?: boolean }) => {
    const { config, logger } = settings();
    await withCatalogue(config, logger, "top", (catalogue) =>
      top(catalogue, process.stdout, options.json === true ? print : undefined),
    );
  });

describeHot(program.command("hot"), onCatalogue("hot"));

describeQuarantine(program.command("quarantine"), onCatalogue("quarantine"));

describeQuote(program.command("quote"), onCatalogue("quote"), () => quoteKeysOf(settings().config));

/**
 * Errors that are the operator's to mend are one line; anything else is a defect and shows its stack. They are known
 * by name, since what comes from a thread has lost its class.
 */
const expected = [
  Refused,
  ConfigError,
  EmbeddedFailure,
  ImportRefused,
  LogUnfit,
  LogRefused,
  LogUnavailable,
  LogVanished,
  VerifyImpossible,
].map(({ name }) => name);

try {
  await program.parseAsync();
} catch (error) {
  const known = error instanceof Error && expected.includes(error.name);
  process.stderr.write(
    `shelfwire: ${known ? (error as Error).message : ((error as Error).stack ?? error)}\n`,
  );
  process.exitCode = 1;
}
