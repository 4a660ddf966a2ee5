import currencies from "currency-codes";

/**
 * ISO 4217, from the `currency-codes` package: which currencies there are, and how many digits of an amount
 * are minor units (2 for GBP, 0 for JPY, 3 for KWD).
 */
const digitsByCode = new Map(currencies.data.map((record) => [record.code, record.digits]));

export function isCurrency(code: string): boolean {
  return digitsByCode.has(code);
}

/** Digits behind the point, for a code that `isCurrency` accepted. */
export function minorDigits(code: string): number {
  const digits = digitsByCode.get(code);
  if (digits === undefined) throw new RangeError(`${code} is not an ISO 4217 currency`);
  return digits;
}
