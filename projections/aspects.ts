/**
 * What of a product can change, as bits of one number. A change says which aspects it touched, an answer which of
 * them it shows: the answer is touched where they meet.
 */
export const aspects = {
  details: 1,
  /** Regular prices and sales. */
  price: 2,
  /** Whether it is in stock. */
  stock: 4,
  /** How much of it, while it stays in or out of stock. */
  quantity: 8,
  rating: 16,
  reviews: 32,
} as const;

/** A set of aspects: the sum of its bits. */
export type Aspects = number;

export const allAspects: Aspects = Object.values(aspects).reduce((sum, bit) => sum + bit, 0);
