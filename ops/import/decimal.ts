/**
 * Decimal text as whole minor units, by its digits alone: no binary fraction is ever involved, so `2.55` is
 * 255 and `1.005` is not 1.00.
 */

export type MinorUnits =
  | { readonly amount: number }
  | { readonly problem: "not a number" | "too precise" | "too large" };

const decimal = /^([+-]?)(\d*)(?:\.(\d*))?$/;

/**
 * `digits` is the number of minor digits of the currency. More digits than that are allowed where they are
 * zeros; anything else is "too precise", because whoever rounds a price sets it.
 */
export function minorUnitsOf(text: string, digits: number): MinorUnits {
  const match = decimal.exec(text);
  if (match === null) return { problem: "not a number" };
  const [, sign, whole = "", fraction = ""] = match;
  if (whole === "" && fraction === "") return { problem: "not a number" };
  if (/[1-9]/.test(fraction.slice(digits))) return { problem: "too precise" };
  const amount = Number(whole + fraction.slice(0, digits).padEnd(digits, "0"));
  if (!Number.isSafeInteger(amount)) return { problem: "too large" };
  return { amount: sign === "-" && amount !== 0 ? -amount : amount };
}
