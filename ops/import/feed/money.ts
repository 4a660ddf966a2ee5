import { isCurrency, minorDigits } from "../../../streams/currency.ts";
import { minorUnitsOf } from "../decimal.ts";
import type { FeedMoney } from "./entry.ts";
import type { Problems } from "./problems.ts";

const shape = /^([A-Za-z]{3})?\s*([^\sA-Za-z]+)\s*([A-Za-z]{3})?$/;

/**
 * `15.00 USD`, `USD 15.00` or, in the currency of the import, `15.00`. `what` names the field for messages.
 * A decimal comma is refused: `1,999` may be two prices, and whoever guesses sets one.
 */
export function parseMoney(
  text: string,
  what: string,
  currency: string,
  problems: Problems,
): FeedMoney | undefined {
  const [, before, digits = "", behind] = shape.exec(text) ?? [];
  const code = (before ?? behind ?? currency).toUpperCase();
  if (digits === "" || (before !== undefined && behind !== undefined)) {
    return problems.add("bad-price", `the ${what} "${text}" is no price: write it like 15.00 ${currency}`);
  }
  if (!isCurrency(code)) {
    return problems.add("unknown-currency", `the ${what} "${text}" is in no ISO 4217 currency`);
  }
  const parsed = minorUnitsOf(digits, minorDigits(code));
  if ("problem" in parsed) {
    if (parsed.problem === "too precise") {
      const detail = `the ${what} "${text}" has more than the ${minorDigits(code)} decimals of ${code}`;
      return problems.add("price-too-precise", detail);
    }
    const hint = digits.includes(",") ? ": write a decimal point and nothing between thousands" : "";
    return problems.add("bad-price", `the ${what} "${text}" is ${parsed.problem}${hint}`);
  }
  if (parsed.amount < 0) return problems.add("negative-price", `the ${what} "${text}" is below zero`);
  return { amount: parsed.amount, currency: code };
}
