import { setTimeout as delay } from "node:timers/promises";
import type { Log, StoredMessage } from "../../streams/log.ts";
import { readFrom } from "../chaos/account.ts";
import { foldPrefixes, type Prefixes } from "../stock/prefixes.ts";
import { patiently } from "../streams/patiently.ts";

/** The log of stock as it grows, each partition's part of it looked at prefix by prefix. */
export interface StockReading {
  /** By their subjects. */
  readonly partitions: ReadonlyMap<string, Prefixes>;
  readonly messages: () => number;
  /** Reads on until nothing is on hold; returns the reservations that still are when that takes too long. */
  untilNothingIsHeld(): Promise<readonly string[]>;
}

/** Where the machine is busy, some ten thousand holds take that long to be decided upon. */
const patienceMs = 60_000;
const pollMs = 250;

export function readStock(stock: Log): StockReading {
  const partitions = new Map<string, Prefixes>();
  let read = 0;

  function take(message: StoredMessage): void {
    const prefixes = partitions.get(message.subject) ?? foldPrefixes();
    partitions.set(message.subject, prefixes);
    prefixes.take(message);
    read = message.sequence;
  }

  const held = () =>
    partitions
      .values()
      .flatMap(({ holds }) => holds)
      .filter(([, { how }]) => how === "open")
      .map(([reservation]) => reservation)
      .toArray();

  return {
    partitions,
    messages: () => read,
    async untilNothingIsHeld() {
      for (const deadline = performance.now() + patienceMs; ; await delay(pollMs)) {
        await patiently(() => readFrom(stock, read + 1, take));
        const left = held();
        if (left.length === 0 || performance.now() > deadline) return left;
      }
    },
  };
}
