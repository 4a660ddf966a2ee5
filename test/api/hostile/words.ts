import type { Random } from "../../../ops/demo/random.ts";

/** Parts of addresses and headers, drawn at random. */

export const known = "/api/products/known";

export const privatePaths = [
  "/api/me",
  "/api/me/cart",
  "/api/me/recently-viewed",
  "/api/checkout/quotes",
  "/api/%6de/cart",
];

export const word = (random: Random, alphabet: string, length: number): string =>
  Array.from({ length }, () => random.pick([...alphabet])).join("");

export const id = (random: Random): string => word(random, "abcXYZ0189-_", random.between(1, 30));
