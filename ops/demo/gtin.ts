import { gtinCheckDigit } from "../gtin.ts";
import type { Random } from "./random.ts";

/** GS1 keeps the prefix 952 for demonstrations and examples: no real article has such a number. */
const demonstrationPrefix = "952";

/** A GTIN-13 that scanners accept and nobody owns. */
export function demoGtin(random: Random): string {
  const digits = demonstrationPrefix + String(random.between(0, 999_999_999)).padStart(9, "0");
  return digits + gtinCheckDigit(digits);
}
