/**
 * Ranks from 1 to `size` by Zipf's law: rank k has the share k^-exponent of the first one's. Takes constant memory and
 * hardly more than one number of `random`, which is from 0 up to 1, a rank. Exponents above 0.
 *
 * Source: Hörmann and Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions",
 * ACM TOMACS 6 (3), 1996. Its integral of x^-exponent is taken from 1 on, so that it is ln x at the exponent 1.
 */
export function createZipf(size: number, exponent: number, random: () => number): () => number {
  const { integral, inverse } = integralOf(exponent);
  const from = integral(1.5) - 1;
  const to = integral(size + 0.5);
  /** So near below a rank its bar is never missed. */
  const near = 2 - inverse(integral(2.5) - 2 ** -exponent);
  return () => {
    for (;;) {
      const area = to + random() * (from - to);
      const point = inverse(area);
      const rank = Math.min(size, Math.max(1, Math.round(point)));
      if (rank - point <= near || area >= integral(rank + 0.5) - rank ** -exponent) return rank;
    }
  };
}

function integralOf(exponent: number) {
  const power = 1 - exponent;
  if (power === 0) return { integral: Math.log, inverse: Math.exp };
  return {
    integral: (x: number) => (x ** power - 1) / power,
    inverse: (area: number) => (1 + area * power) ** (1 / power),
  };
}
