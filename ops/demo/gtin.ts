import type { Random } from "./random.ts";

/** GS1 keeps the prefix 952 for demonstrations and examples: no real article has such a number. */
const demonstrationPrefix = "952";

/** A GTIN-13 that scanners accept and nobody owns. */
export function demoGtin(random: Random): string {
  const digits = demonstrationPrefix + String(random.between(0, 999_999_999)).padStart(9, "0");
  return digits + gtinCheckDigit(digits);
}

/** GS1 General Specifications, 7.9.1: weights 3 and 1 from the right, up to the next multiple of ten. */
export function gtinCheckDigit(digits: string): string {
  let sum = 0;
  for (const [fromRight, digit] of [...digits].reverse().entries())
    sum += Number(digit) * (fromRight % 2 === 0 ? 3 : 1);
  return String((10 - (sum % 10)) % 10);
}
