import { replaySubject } from "../../projections/log-reader.ts";
import { evolvePrice, type Price } from "../../projections/price.ts";
import { evolveProductSales, evolveSale, type ProductSales, type Sale } from "../../projections/sales.ts";
import { decodeEvent, isBad } from "../../streams/events.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import type { Money } from "../../streams/payloads.ts";
import { storedSubject } from "../../streams/subjects.ts";
import { termsOf, totalOf } from "./offers.ts";
import type { Quote, SourcedLine } from "./quote-token.ts";

/**
 * Whether a quote was right. Its prices are made again from the events that it names, which the log keeps for ever, at the
 * moment at which it was given; what was published since makes no difference.
 */
export type Judgement =
  /** Its sequences count in a log that is no more, or in one that is shorter than the quote says. */
  | { readonly outcome: "another-log" }
  | { readonly outcome: "judged"; readonly lines: readonly JudgedLine[]; readonly isTotalRight: boolean };

export interface JudgedLine {
  readonly product: Identifier;
  readonly quantity: number;
  readonly quoted: Said | null;
  /** What the log says; null where no price stands at the sequence that the quote names. */
  readonly logged: Said | null;
  readonly isRight: boolean;
}

export interface Said {
  readonly price: Money;
  readonly sale: Identifier | null;
}

const saleSubjects = "log.catalog.*.sale.>";

/** Costs a get for each line, and once a look at every sale up to the newest that the quote names. */
export async function judgeQuote(catalog: Log, quote: Quote): Promise<Judgement> {
  const { epoch, last } = await catalog.bounds();
  const newest = Math.max(...quote.lines.flatMap(({ priced, onSale }) => [priced, onSale]));
  if (epoch !== quote.log || newest > last) return { outcome: "another-log" };
  const sales = await salesOf(catalog, quote.lines);
  const lines: JudgedLine[] = [];
  for (const line of quote.lines) {
    const { product, quantity, price, sale, priced } = line;
    const regular = await priceAt(catalog, product, priced);
    const logged = regular === undefined ? null : saidBy(regular, sales.get(product), quote.issuedAt);
    const quoted = price && { price, sale };
    // What was not for sale was promised to nobody.
    const isRight = quoted === null || (logged !== null && isSame(quoted, logged));
    lines.push({ product, quantity, quoted, logged, isRight });
  }
  const priced = quote.lines.flatMap(({ price, quantity }) => (price === null ? [] : [{ price, quantity }]));
  return { outcome: "judged", lines, isTotalRight: totalOf(priced) === quote.total };
}

async function priceAt(catalog: Log, product: Identifier, sequence: number): Promise<Price | undefined> {
  const message = await catalog.next(storedSubject("price.updated", tokenOf(product)), sequence);
  const event = message?.sequence === sequence ? decodeEvent(message) : undefined;
  if (event === undefined || isBad(event) || event.kind !== "price.updated") return undefined;
  return evolvePrice(undefined, event);
}

/** Of each line's product, the sales as they stood at the event that the line names. */
async function salesOf(
  catalog: Log,
  lines: readonly SourcedLine[],
): Promise<ReadonlyMap<Identifier, ProductSales>> {
  const found = new Map<Identifier, ProductSales>();
  const through = Math.max(...lines.map(({ onSale }) => onSale));
  if (through === 0) return found;
  const sales = new Map<Identifier, Sale>();
  for await (const message of replaySubject(catalog, saleSubjects, through)) {
    const event = decodeEvent(message);
    if (isBad(event) || (event.kind !== "sale.scheduled" && event.kind !== "sale.cancelled")) continue;
    const sale = evolveSale(sales.get(event.id), event);
    sales.set(event.id, sale);
    for (const { product, onSale } of lines) {
      if (event.sequence <= onSale && sale.named.includes(product))
        found.set(product, evolveProductSales(found.get(product), product, sale, event));
    }
  }
  return found;
}

function saidBy(price: Price, sales: ProductSales | undefined, moment: number): Said {
  const terms = termsOf(price, sales, moment);
  return { price: terms.price, sale: terms.sale?.sale_id ?? null };
}

const isSame = (a: Said, b: Said): boolean =>
  a.price.amount === b.price.amount && a.price.currency === b.price.currency && a.sale === b.sale;
