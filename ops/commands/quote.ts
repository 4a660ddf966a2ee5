import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { type Judgement, judgeQuote, type Said } from "../../api/checkout/dispute.ts";
import { openQuote, type Quote, type QuoteKeys } from "../../api/checkout/quote-token.ts";
import { displayMoney } from "../../api/money.ts";
import type { Log } from "../../streams/log.ts";
import type { Catalogue } from "../catalogue.ts";
import { Refused } from "../refused.ts";
import { json, print } from "./options.ts";

/**
 * `shelfwire quote`: a quote that a buyer shows in a dispute. It is ours if one of the keys signed it; what it promised is
 * held against the prices that the log has at the places which it names, whatever was published since. `on` does it on the
 * catalogue that the settings name, and `keys` are theirs.
 */
export function describeQuote(
  command: Command,
  on: (work: (catalogue: Catalogue) => Promise<void>) => Promise<void>,
  keys: () => QuoteKeys | undefined,
): void {
  command
    .description("whether a quote is ours, whose and when, and whether its prices are those of the log")
    .argument("<quote>", "as the buyer was given it, or - to read it from standard input")
    .addOption(json)
    .action(async (argument: string, options: { readonly json?: boolean }) => {
      const known = keys();
      if (known === undefined) throw new Refused("QUOTE_KEYS: without the keys nobody can say whose it is");
      const text = argument === "-" ? readFileSync(0, "utf8").trim() : argument;
      await on(async ({ catalog }) => {
        const { lines, verdict } = await examine(catalog, known, text);
        if (options.json === true) for (const line of [...lines, verdict]) print(line);
        else process.stdout.write(`${[...lines.map(lineText), verdictText(verdict)].join("\n")}\n`);
        if (!verdict.right) process.exitCode = 1;
      });
    });
}

export interface QuoteLine {
  readonly product_id: string;
  readonly quantity: number;
  /** What the quote says; null for what was not for sale. */
  readonly quoted: PriceSaid | null;
  /** What the log says at these places; null where no price stands there. */
  readonly logged: PriceSaid | null;
  readonly price_sequence: number;
  readonly sales_sequence: number;
  readonly right: boolean;
}

export interface PriceSaid {
  readonly amount: number;
  readonly currency: string;
  readonly sale: string | null;
}

export interface QuoteVerdict {
  readonly ours: boolean;
  /** Ours, every line as the log has it, and their sum. */
  readonly right: boolean;
  /** What else there is to say; null where the quote was right. */
  readonly reason: string | null;
  readonly user: string | null;
  readonly issued_at: string | null;
  readonly expires_at: string | null;
  readonly total: number | null;
  readonly currency: string | null;
}

/** One line for each of the quote's, none where it cannot be held against this log, and what comes of it. */
export async function examine(
  catalog: Log,
  keys: QuoteKeys,
  text: string,
): Promise<{ readonly lines: readonly QuoteLine[]; readonly verdict: QuoteVerdict }> {
  const quote = openQuote(keys, text);
  if (quote === undefined) return { lines: [], verdict: foreign };
  const judgement = await judgeQuote(catalog, quote);
  const lines = linesOf(judgement, quote);
  const reason = reasonOf(judgement);
  return {
    lines,
    verdict: {
      ours: true,
      right: reason === null,
      reason,
      user: quote.user,
      issued_at: new Date(quote.issuedAt).toISOString(),
      expires_at: new Date(quote.expiresAt).toISOString(),
      total: quote.total,
      currency: quote.currency,
    },
  };
}

const foreign: QuoteVerdict = {
  ours: false,
  right: false,
  reason: "none of the keys signed it: it was altered, is not ours, or is of a key that was taken out",
  user: null,
  issued_at: null,
  expires_at: null,
  total: null,
  currency: null,
};

function reasonOf(judgement: Judgement): string | null {
  if (judgement.outcome === "another-log")
    return "its places are in another log than this one, which cannot say what stood there";
  if (judgement.lines.some(({ isRight }) => !isRight)) return "the log has other prices at its places";
  return judgement.isTotalRight ? null : "its total is not the sum of its lines";
}

function linesOf(judgement: Judgement, quote: Quote): readonly QuoteLine[] {
  if (judgement.outcome === "another-log") return [];
  return judgement.lines.map(({ product, quantity, quoted, logged, isRight }, at) => ({
    product_id: product,
    quantity,
    quoted: quoted && saidBy(quoted),
    logged: logged && saidBy(logged),
    price_sequence: quote.lines[at]?.priced ?? 0,
    sales_sequence: quote.lines[at]?.onSale ?? 0,
    right: isRight,
  }));
}

const saidBy = ({ price, sale }: Said): PriceSaid => ({ ...price, sale });

function lineText({ product_id, quantity, quoted, logged, price_sequence, right }: QuoteLine): string {
  const promised = quoted === null ? "not for sale" : priceText(quoted);
  const found = logged === null ? "no price" : priceText(logged);
  const log = right ? (quoted === null ? "" : ", as the log has it") : `, but the log has ${found}`;
  return `${quantity} x ${product_id}: ${promised}${log}${price_sequence === 0 ? "" : ` at ${price_sequence}`}`;
}

const priceText = ({ amount, currency, sale }: PriceSaid) =>
  `${displayMoney(amount, currency)}${sale === null ? "" : ` in the sale ${sale}`}`;

function verdictText({ ours, right, reason, user, issued_at, expires_at, total, currency }: QuoteVerdict) {
  if (!ours) return `not ours: ${reason}`;
  const money = total === null || currency === null ? "nothing for sale" : displayMoney(total, currency);
  return `given to ${user} at ${issued_at} until ${expires_at}, ${money}: ${right ? "right" : `wrong: ${reason}`}`;
}
