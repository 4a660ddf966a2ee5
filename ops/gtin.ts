/** GS1 General Specifications, 7.9.1: weights 3 and 1 from the right, up to the next multiple of ten. */
export function gtinCheckDigit(digits: string): string {
  let sum = 0;
  for (const [fromRight, digit] of [...digits].reverse().entries())
    sum += Number(digit) * (fromRight % 2 === 0 ? 3 : 1);
  return String((10 - (sum % 10)) % 10);
}

/**
 * The digits of a GTIN with 8, 12, 13 or 14 of them, spaces and hyphens between them left out; undefined where
 * it is none, or its check digit is wrong.
 */
export function gtinOf(text: string): string | undefined {
  const digits = text.replace(/[\s-]/g, "");
  if (!/^(?:\d{8}|\d{12,14})$/.test(digits)) return undefined;
  return digits.endsWith(gtinCheckDigit(digits.slice(0, -1))) ? digits : undefined;
}
