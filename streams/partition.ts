import type { Token } from "./identifier.ts";

/**
 * Partitions: a product's events stay in order because one partition holds them all, and the work of
 * folding spreads because partitions have different owners.
 *
 * The number is fixed for the life of a log: `nats.conf` maps by it, stored subjects carry it. The server's
 * `partition(n, i)` is FNV-1a (32 bits) of the token, modulo n; a reader computes the same to know a
 * product's exact subject. `assertMapping` holds the two against each other at every start.
 */
export const partitionCount = 16;

/** The partition of a token, 0 to `partitionCount - 1`. Source of the hash: Fowler, Noll, Vo, FNV-1a. */
export function partitionOf(token: Token): number {
  return hashOf(token) % partitionCount;
}

/** Of the last token that was asked for, since a request asks for the same several times in a row. */
let lastToken = "" as Token;
let lastHash = 0x811c9dc5;

export function hashOf(token: Token): number {
  if (token === lastToken) return lastHash;
  let hash = 0x811c9dc5;
  for (let at = 0; at < token.length; at++) hash = Math.imul(hash ^ token.charCodeAt(at), 0x01000193);
  lastToken = token;
  lastHash = hash >>> 0;
  return lastHash;
}

export const allPartitions: readonly number[] = Array.from({ length: partitionCount }, (_, index) => index);
