import { readFileSync } from "node:fs";
import type { Command } from "commander";
import type { Catalogue } from "../catalogue.ts";
import { integer, json, logName, print, schema } from "./options.ts";
import { list, type Mended, republish, show } from "./quarantine.ts";

/** `shelfwire quarantine` on the command line. `on` does it on the catalogue that the settings name. */
export function describeQuarantine(
  command: Command,
  on: <T>(work: (catalogue: Catalogue) => Promise<T>) => Promise<T>,
): void {
  command.description("what could not be an event");
  const logOption = logName().default("catalog");

  command
    .command("list")
    .description("what waits for a person")
    .option("--all", "also what was mended and republished", false)
    .addOption(json)
    .action((options: { all: boolean; json?: boolean }) =>
      on(async (catalogue) => {
        for await (const line of list(catalogue, options.all)) {
          if (options.json === true) print(line);
          else process.stdout.write(`${line.sequence}  ${line.time}  ${line.subject}\n    ${line.reason}\n`);
        }
      }),
    );

  command
    .command("show")
    .description("one entry with its payload")
    .argument("<sequence>", "its sequence in the log", integer)
    .addOption(logOption)
    .addOption(json)
    .action(async (sequence: number, options: { log: string }) => {
      print(await on((catalogue) => show(catalogue, options.log, sequence)));
    });

  command
    .command("republish")
    .description("publish the mended event and mark the entry")
    .argument("<sequence>", "its sequence in the log", integer)
    .argument("[payload]", "the mended JSON, or - to read it from standard input")
    .option("--subject <subject>", "the mended subject")
    .addOption(schema)
    .addOption(logOption)
    .addOption(json)
    .action(
      async (sequence: number, text: string | undefined, options: Mended & { readonly log: string }) => {
        const { log, ...others } = options;
        const payload = text === "-" ? readFileSync(0, "utf8") : text;
        const mended = { ...others, ...(payload !== undefined && { payload }) };
        const stored = await on((catalogue) => republish(catalogue, log, sequence, mended));
        print({ stream: stored.stream, seq: stored.sequence });
      },
    );
}
