import { readNumber } from "./wire-parser.ts";

/** Where a delivered message stands in its stream and in its consumer. */
export interface Place {
  sequence: number;
  /** The consumer's own count, from 1 without a gap. */
  count: number;
  /** When the stream stored it, in milliseconds since 1970. */
  time: number;
  /** How many more the consumer has behind it. */
  pending: number;
}

const dot = 0x2e;

/**
 * Reads acknowledgement subjects of one consumer,
 * `$JS.ACK[.<domain>.<account>].<stream>.<consumer>.<deliveries>.<sequence>.<count>.<time>.<pending>[.<random>]`.
 *
 * What stands before the deliveries is the same for all of a consumer's messages and is measured once. The place is
 * one object, filled anew by each call: this runs for every message of a replay.
 */
export function createPlaceReader(): (bytes: Buffer, start: number, end: number) => Place {
  let prefixBytes = 0;
  const place: Place = { sequence: 0, count: 0, time: 0, pending: 0 };

  return (bytes, start, end) => {
    if (prefixBytes === 0) prefixBytes = prefixOf(bytes.toString("latin1", start, end));
    const afterDeliveries = dotAfter(bytes, start + prefixBytes, end);
    const afterSequence = dotAfter(bytes, afterDeliveries + 1, end);
    const afterCount = dotAfter(bytes, afterSequence + 1, end);
    const afterTime = dotAfter(bytes, afterCount + 1, end);
    place.sequence = readNumber(bytes, afterDeliveries + 1, afterSequence);
    place.count = readNumber(bytes, afterSequence + 1, afterCount);
    // Nanoseconds do not fit a double: the last six digits are left out.
    place.time = readNumber(bytes, afterCount + 1, afterTime - 6);
    place.pending = readNumber(bytes, afterTime + 1, dotAfter(bytes, afterTime + 1, end));
    return place;
  };
}

/** The length of what stands before the deliveries: four tokens, or six where the subject names a domain. */
function prefixOf(subject: string): number {
  const tokens = subject.split(".");
  const before = tokens.length > 9 ? 6 : 4;
  return tokens.slice(0, before).reduce((length, token) => length + token.length + 1, 0);
}

/** The next dot, or the end. */
function dotAfter(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== dot) at++;
  return at;
}
