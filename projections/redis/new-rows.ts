import type { Identifier } from "../../streams/identifier.ts";
import { rankOf } from "../pricing.ts";
import type { Fence, ListingPut } from "../read-model.ts";
import type { RedisConnection, Told } from "./connection.ts";
import { keys } from "./keys.ts";
import { scriptCall } from "./script-call.ts";
import { noRank, rowsToldMax, unpriced } from "./scripts.ts";
import { tokensOf } from "./tokens-of.ts";
import type { Words } from "./words.ts";
import { writingScripts } from "./writing-scripts.ts";

/**
 * Rows of products that have none yet, as a first replay brings them by the hundred: what is to be written follows from
 * what is given alone, and is put together here. Redis only looks whether that is so.
 */
export interface NewRows {
  /** Whether it is worth asking, for so many rows that nobody is told of the lists. */
  mayBe(partition: number, puts: readonly ListingPut[]): boolean;
  /** Stores rows of one call, by `otherwise` where one of the products has a row. */
  store(fence: Fence, puts: readonly ListingPut[], otherwise: () => Promise<Told>): Promise<Told>;
}

/** How many lists a product is in. */
const listsMax = 64;
/** So many calls of a partition do not ask again once one was asked in vain. */
const pauseCalls = 15;

export function createNewRows(redis: RedisConnection): NewRows {
  const storeNewRows = scriptCall<0 | 1>(redis, writingScripts.storeNewRows);
  /** By partition, the calls that are still to pass. */
  const pauses: number[] = [];

  return {
    mayBe(partition, puts) {
      const pause = pauses[partition] ?? 0;
      if (pause > 0) pauses[partition] = pause - 1;
      return pause === 0 && puts.length > rowsToldMax && puts.every(isPlain);
    },

    async store({ partition, position }, puts, otherwise) {
      const stored = await storeNewRows(2, (words) => {
        words.text(keys.position("catalog", partition));
        words.text(keys.listing(partition));
        words.text(position ?? "");
        words.text(String(puts.length));
        for (const put of puts) writeRow(words, put);
        writeLists(words, partition, puts);
      });
      if (stored === 1) return 0;
      pauses[partition] = pauseCalls;
      return otherwise();
    },
  };
}

/** Nothing but a row and its places in lists, which bounds how long a call is. */
function isPlain({ membership, pricing }: ListingPut): boolean {
  return (
    membership?.group === null && membership.shown.length <= listsMax && pricing?.nextBoundary === undefined
  );
}

/** As `rowsOfCall` has it. */
function writeRow(words: Words, { id, membership, pricing }: ListingPut): void {
  if (membership === undefined) return;
  const { version, created, direct, shown } = membership;
  const rank = pricing === undefined ? noRank : rankOf(pricing);
  words.text(id);
  words.pair(version, `${rank} ${created}||${pricing?.amount ?? ""}||${tokensOf(direct)}|${tokensOf(shown)}`);
}

function writeLists(words: Words, partition: number, puts: readonly ListingPut[]): void {
  const lists = new Map<Identifier, ListingPut[]>();
  for (const put of puts) {
    for (const category of put.membership?.shown ?? []) {
      const list = lists.get(category);
      if (list === undefined) lists.set(category, [put]);
      else list.push(put);
    }
  }
  for (const [category, list] of lists) {
    words.text(keys.category(category, "newest", partition));
    words.text(String(list.length));
    for (const { id, membership } of list) {
      words.text(String(membership?.created));
      words.text(id);
    }
    words.text(keys.category(category, "price", partition));
    words.text(String(list.length));
    for (const { id, pricing } of list) {
      words.text(String(pricing?.amount ?? unpriced));
      words.text(id);
    }
  }
}
