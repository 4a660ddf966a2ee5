import type { FeedPrice, FeedSale } from "../feed/entry.ts";
import { parseMoney } from "../feed/money.ts";
import type { Problems } from "../feed/problems.ts";
import type { Attribute } from "./attributes.ts";

/**
 * `price`, `sale_price` and `sale_price_effective_date`. With dates the sale price is a scheduled sale, and the
 * price stands before and after it. Without dates it is in force for as long as the feed names it: it is the
 * price, and what it is reduced from is its list price.
 */
export function pricesOf(
  value: (name: Attribute) => string,
  currency: string,
  problems: Problems,
): { readonly price: FeedPrice | undefined; readonly sale: FeedSale | null } {
  const none = { price: undefined, sale: null };
  if (value("price") === "") return problems.add("no-price", "there is no price") ?? none;
  const regular = parseMoney(value("price"), "price", currency, problems);
  if (value("sale_price") === "") return { price: regular && { new_price: regular }, sale: null };
  const reduced = parseMoney(value("sale_price"), "sale_price", currency, problems);
  const dates = value("sale_price_effective_date");
  const range = dates === "" ? undefined : rangeOf(dates, problems);
  if (regular === undefined || reduced === undefined) return none;
  if (reduced.currency !== regular.currency) {
    const detail = `the sale_price is in ${reduced.currency}, the price in ${regular.currency}`;
    return problems.add("mixed-currencies", detail) ?? none;
  }
  if (reduced.amount > regular.amount) {
    const detail = `the sale_price ${value("sale_price")} is above the price ${value("price")}`;
    return problems.add("sale-price-above-price", detail) ?? none;
  }
  if (reduced.amount === regular.amount) return { price: { new_price: regular }, sale: null };
  if (range !== undefined) return { price: { new_price: regular }, sale: { sale_price: reduced, ...range } };
  return { price: { new_price: reduced, list_price: regular }, sale: null };
}

const moment = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}:?\d{2})?)?$/;

/** `2026-11-27T00:00+0100/2026-11-30T23:59+0100`; a day alone is all of it, in UTC. */
function rangeOf(text: string, problems: Problems): Omit<FeedSale, "sale_price"> | undefined {
  const [from = "", to = "", ...more] = text.split("/").map((part) => part.trim());
  const starts_at = instantOf(from, "00:00");
  const ends_at = instantOf(to, "24:00");
  if (starts_at === undefined || ends_at === undefined || more.length > 0) {
    return problems.add(
      "bad-sale-dates",
      `the sale_price_effective_date "${text}" is no range like 2026-11-27T00:00+0100/2026-11-30T23:59+0100`,
    );
  }
  if (ends_at <= starts_at) {
    return problems.add("bad-sale-dates", `the sale_price_effective_date "${text}" ends before it begins`);
  }
  return { starts_at, ends_at };
}

function instantOf(text: string, timeOfDay: string): number | undefined {
  const [, day = "", time = timeOfDay, zone = "Z"] = moment.exec(text) ?? [];
  const date = new Date(`${day}T00:00:00Z`);
  // Node reads 30 February as 2 March.
  if (!date.toJSON()?.startsWith(day) || day === "") return undefined;
  const at = Date.parse(`${day}T${time}${zone.replace(/^(.\d{2})(\d{2})$/, "$1:$2")}`);
  return Number.isNaN(at) ? undefined : at;
}
