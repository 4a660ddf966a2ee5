import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { partitionOf } from "../../streams/partition.ts";
import type { Details } from "../details.ts";
import type { Inventory } from "../inventory.ts";
import type { Price } from "../price.ts";
import type { ProductRead, Stamp } from "../read-model.ts";
import type { Rating } from "../reviews.ts";
import type { ProductSales } from "../sales.ts";
import { didNotAnswer, type RedisConnection } from "./connection.ts";
import { keys, partKeys } from "./keys.ts";
import { readPosition } from "./positions.ts";
import { ratingField } from "./ratings.ts";
import { productField } from "./sales.ts";
import { noVersion } from "./scripts.ts";
import { readText, versionIn } from "./text.ts";

/**
 * All that a page needs of products, each at one moment, or a price from before an event would meet a sale from behind
 * it: a state that never was.
 *
 * What is asked for in one turn of the event loop goes out as one call of a script, since most of what a read costs, here
 * and in Redis, is the command and not the value: a third of a transaction for each (docs/decisions.md).
 */
export type ReadProducts = (ids: readonly Identifier[]) => Promise<readonly ProductRead[]>;

/** Products of one call: bounds how long Redis is busy with it. */
const productsPerCall = 64;

/** Values of each product in the script's answer. */
const valuesEach = 7;

interface Waiting {
  readonly ids: readonly Identifier[];
  readonly resolve: (reads: readonly ProductRead[]) => void;
  readonly reject: (error: unknown) => void;
}

export function createProductReads(redis: RedisConnection): ReadProducts {
  let waiting: Waiting[] = [];

  async function call(ids: readonly Identifier[]): Promise<readonly (ProductRead | Error)[]> {
    const args: string[] = [];
    for (const id of ids) {
      args.push(...partKeys(id), keys.listing(partitionOf(tokenOf(id))));
    }
    const keyCount = args.length;
    args.push(ratingField);
    for (const id of ids) args.push(productField(id), id);
    const texts = await redis.readProducts(keyCount, ...args);
    const reads: (ProductRead | Error)[] = [];
    for (let at = 0; at < texts.length; at += valuesEach) reads.push(readAt(texts, at));
    return reads;
  }

  /** What Redis refuses for one product must not be refused to those who were asked for with it. */
  async function callOrEach(ids: readonly Identifier[]): Promise<readonly (ProductRead | Error)[]> {
    try {
      return await call(ids);
    } catch (error) {
      if (didNotAnswer(error) || ids.length === 1) throw error;
      return Promise.all(
        ids.map(async (id) => (await call([id]).catch((one: Error) => [one]))[0] as ProductRead),
      );
    }
  }

  function flush(): void {
    const asked = waiting;
    waiting = [];
    const ids = asked.flatMap((one) => one.ids);
    const calls: Promise<readonly (ProductRead | Error)[]>[] = [];
    for (let at = 0; at < ids.length; at += productsPerCall)
      calls.push(callOrEach(ids.slice(at, at + productsPerCall)));
    let next = 0;
    for (const { ids: own, resolve, reject } of asked) {
      const from = next;
      next += own.length;
      const first = Math.floor(from / productsPerCall);
      const mine = calls.slice(first, Math.ceil(next / productsPerCall));
      const skipped = from - first * productsPerCall;
      Promise.all(mine)
        .then((reads) => wholeAmong(reads.flat().slice(skipped, skipped + own.length)))
        .then(resolve, reject);
    }
  }

  return async (ids) => {
    if (ids.length === 0) return [];
    return new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ ids, resolve, reject });
    });
  };
}

/** Throws the first error. */
function wholeAmong(reads: readonly (ProductRead | Error)[]): readonly ProductRead[] {
  return reads.map((read) => {
    if (read instanceof Error) throw read;
    return read;
  });
}

/** A row without one is of a product of which only a price is known. */
const hasMembership = (row: string | null | undefined) => row != null && !row.startsWith(noVersion);

/** Of the position, three registers, the rating and the sales from there on. */
function stampOf(texts: readonly (string | null)[], from: number): Stamp | undefined {
  const position = readPosition(texts[from] ?? null);
  let parts = "";
  for (let at = from + 1; at <= from + 5; at++) {
    const text = texts[at];
    if (text != null) parts += versionIn(text);
    else if (at <= from + 3) return undefined;
  }
  return position && { position: position.version, parts };
}

/** An error where a text is none of ours. */
function readAt(texts: readonly (string | null)[], at: number): ProductRead | Error {
  try {
    return {
      position: readPosition(texts[at] ?? null),
      product: readText<Details>(texts[at + 1] ?? null),
      price: readText<Price>(texts[at + 2] ?? null),
      inventory: readText<Inventory>(texts[at + 3] ?? null),
      rating: readText<Rating>(texts[at + 4] ?? null)?.value ?? undefined,
      sales: readText<ProductSales>(texts[at + 5] ?? null)?.value ?? undefined,
      exists: texts[at + 1] == null ? hasMembership(texts[at + 6]) : undefined,
      stamp: stampOf(texts, at),
    };
  } catch (error) {
    return error as Error;
  }
}
