import { readHotReports } from "../../actors/hot/hot-report.ts";
import { commandSubject, encodeCommand } from "../../actors/hot/transitions.ts";
import { type Identifier, parseIdentifier } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import type { Catalogue } from "../catalogue.ts";
import { Refused } from "../refused.ts";
import { hotTableOf } from "../top/table.ts";
import type { Command } from "commander";
import { json, print } from "./options.ts";

/**
 * `shelfwire hot`: which products are hot and why, and an operator's word that one is to be. The word is an event in the HOT
 * stream: whoever looks after hot products now or next acts on it.
 */

/** `on` does it on the catalogue that the settings name. */
export function describeHot(
  command: Command,
  on: (work: (catalogue: Catalogue) => Promise<void>) => Promise<void>,
): void {
  command.description("products that are kept warm in every node");
  for (const { name, description } of words) {
    command
      .command(name)
      .description(description)
      .argument("<products...>", "their identifiers")
      .addOption(json)
      .action(async (texts: readonly string[]) => {
        const products = parseProducts(texts);
        await on(async ({ hot }) => {
          for (const product of products) print(await want(hot, name, product));
        });
      });
  }
  command
    .command("list")
    .description("which are hot, why, and how many workers hold them")
    .addOption(json)
    .action((options: { readonly json?: boolean }) =>
      on(async ({ hot }) => {
        const reports = await readHotReports(hot, Date.now());
        if (options.json === true) for (const report of reports) print(report);
        else process.stdout.write(`${hotTableOf(reports)}\n`);
      }),
    );
}

const words = [
  { name: "add", description: "keep these warm from now on, whether they are read or not" },
  { name: "remove", description: "take that back: what else makes them hot still does" },
] as const;

function parseProducts(texts: readonly string[]): readonly Identifier[] {
  return texts.map((text) => {
    const id = parseIdentifier(text);
    if (id === undefined)
      throw new Refused(`"${text}" is no product's identifier: 1 to 128 bytes of text, not "." or ".."`);
    return id;
  });
}

/** What was wanted, with its place in the stream. Throws `LogUnavailable` and `LogRefused` where the log does not take it. */
async function want(hot: Log, command: (typeof words)[number]["name"], product: Identifier) {
  const word = encodeCommand({ command, at: Date.now() });
  const appended = await hot.append(commandSubject(product), word);
  if (appended.outcome === "conflict") throw new Error("an append without a condition met a conflict");
  return { product, wanted: command, stream: hot.stream, seq: appended.sequence };
}
