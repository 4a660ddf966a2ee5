import { minorDigits } from "../streams/currency.ts";

const formats = new Map<string, Intl.NumberFormat>();

/** An amount in minor units as people read it, such as `£19.99`. Exact for every safe integer. */
export function displayMoney(amount: number, currency: string): string {
  const digits = minorDigits(currency);
  let format = formats.get(currency);
  if (format === undefined) {
    format = new Intl.NumberFormat("en", {
      style: "currency",
      currency,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    formats.set(currency, format);
  }
  const text = String(amount).padStart(digits + 1, "0");
  const decimal = digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
  return format.format(decimal as Intl.StringNumericLiteral);
}
