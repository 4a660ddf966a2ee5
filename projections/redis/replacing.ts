import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import type { CategoryEvent } from "../categories.ts";
import { rankOf } from "../pricing.ts";
import type { ListingPut, RegisterPut, Versioned } from "../read-model.ts";
import type { GivenRating, Rating, Reviews } from "../reviews.ts";
import type { ProductSales, Sale } from "../sales.ts";
import { sequenceOf, type Version, type Versions } from "../version.ts";
import type { RedisConnection } from "./connection.ts";
import { keys } from "./keys.ts";
import { ratingField, reviewField } from "./ratings.ts";
import { replacingScripts } from "./replacing-scripts.ts";
import { productField, productOf, saleField } from "./sales.ts";
import { textOf } from "./text.ts";

/**
 * What a rebuild writes. Each put replaces what stands at or before `place`, the version up to which the log was
 * folded, and leaves what is newer; it is the whole value as of there and may be repeated, or done by two at
 * once. One call is one short script: bound what you give it.
 */
export interface Replacing {
  /** Registers and newest reviews that are there; those that were evicted stay absent. */
  evictable(place: Version, puts: readonly (RegisterPut | ReviewsPut)[]): Promise<void>;
  /** The rating with what its reviews count for; undefined removes both. */
  rating(place: Version, put: RatingPut, versions: Versions): Promise<void>;
  /** Rows of one partition with their lists, groups and boundaries. */
  rows(place: Version, partition: number, puts: readonly ListingPut[]): Promise<void>;
  /** All that a partition holds of sales: what is not given is removed. */
  sales(place: Version, partition: number, fields: ReadonlyMap<string, string>): Promise<void>;
  /** The tree's good events by sequence; superseded ones only where they still are. Returns whether any changed. */
  categories(place: Version, events: ReadonlyMap<number, CategoryEvent>): Promise<boolean>;
  /** How many products have a row in the partition. */
  rowCount(partition: number): Promise<number>;
}

export type ReviewsPut = { readonly id: Identifier; readonly register: "reviews" } & Versioned<Reviews>;

export interface RatingPut {
  readonly id: Identifier;
  readonly rating: Rating | undefined;
  readonly given: ReadonlyMap<Identifier, GivenRating> | undefined;
}

// The scripts as commands, in addition to those of the projector.
declare module "ioredis" {
  interface Redis {
    replaceReviews(keys: number, ...args: string[]): Promise<number>;
    replaceRegisters(keys: number, ...args: string[]): Promise<number>;
    replaceHash(key: string, place: string, field: string, ...pairs: string[]): Promise<number>;
    replaceFields(key: string, place: string, ...pairs: string[]): Promise<number>;
    replaceRows(
      position: string,
      listing: string,
      boundaries: string,
      place: string,
      partition: string,
      ...texts: string[]
    ): Promise<number>;
  }
}

const fieldsPerCall = 250;

export function createReplacing(redis: RedisConnection): Replacing {
  redis.defineCommand("replaceReviews", { lua: replacingScripts.replaceReviews });
  redis.defineCommand("replaceRegisters", { lua: replacingScripts.replaceRegisters });
  redis.defineCommand("replaceHash", { lua: replacingScripts.replaceHash, numberOfKeys: 1 });
  redis.defineCommand("replaceFields", { lua: replacingScripts.replaceFields, numberOfKeys: 1 });
  redis.defineCommand("replaceRows", { lua: replacingScripts.replaceRows, numberOfKeys: 3 });

  async function replaceFields(place: Version, key: string, pairs: readonly (readonly [string, string])[]) {
    for (let at = 0; at < pairs.length; at += fieldsPerCall) {
      await redis.replaceFields(key, place, ...pairs.slice(at, at + fieldsPerCall).flat());
    }
  }

  /** What was made of the values that were replaced: before their positions say that they are new. */
  async function forgetAnswers(ids: readonly Identifier[]) {
    for (let at = 0; at < ids.length; at += fieldsPerCall)
      await redis.unlink(ids.slice(at, at + fieldsPerCall).map(keys.answer));
  }

  return {
    async evictable(place, puts) {
      if (puts.length === 0) return;
      const reviews = puts.filter(({ register }) => register === "reviews");
      const registers = puts.filter(({ register }) => register !== "reviews");
      if (reviews.length > 0) {
        const texts = reviews.map(({ version, value }) => textOf(version, value));
        await redis.replaceReviews(
          reviews.length,
          ...reviews.map(({ id }) => keys.reviews(id)),
          place,
          ...texts,
        );
      }
      if (registers.length > 0) {
        const fields = registers.flatMap(({ register, version, value }) => [
          register,
          textOf(version, value),
        ]);
        await redis.replaceRegisters(
          registers.length,
          ...registers.map(({ id }) => keys.registers(id)),
          place,
          ...fields,
        );
      }
      await forgetAnswers(puts.map(({ id }) => id));
    },

    async rating(place, { id, rating, given }, versions) {
      const pairs: string[] = [];
      if (rating !== undefined) {
        for (const [review, { rating: stars, sequence }] of given ?? []) {
          pairs.push(reviewField(review), textOf(versions(sequence), stars));
        }
        pairs.push(ratingField, textOf(versions(rating.sequence), rating));
      }
      await redis.replaceHash(keys.ratings(id), place, ratingField, ...pairs);
      await forgetAnswers([id]);
    },

    async rows(place, partition, puts) {
      if (puts.length === 0) return;
      await redis.replaceRows(
        keys.position("catalog", partition),
        keys.listing(partition),
        keys.boundaries(partition),
        place,
        String(partition),
        ...puts.flatMap(rowTexts),
      );
    },

    async sales(place, partition, fields) {
      const key = keys.sales(partition);
      await replaceFields(place, key, [...fields]);
      const names = [...fields.keys()];
      let cursor = "0";
      do {
        const [next, found] = await redis.hscan(key, cursor, "COUNT", fieldsPerCall);
        cursor = next;
        const stored = found.filter((_, at) => at % 2 === 0);
        const gone = stored.filter((name) => !fields.has(name)).map((name) => [name, ""] as const);
        await replaceFields(place, key, gone);
        for (const [name] of gone) names.push(name);
      } while (cursor !== "0");
      await forgetAnswers(names.map(productOf).filter((id) => id !== undefined));
    },

    async categories(place, events) {
      const last = sequenceOf(place);
      const newest = new Map([...events.values()].map(({ id, sequence }) => [id, sequence]));
      const stored = await redis.hgetall(keys.categories);
      const gone = Object.keys(stored).filter((field) => Number(field) <= last && !events.has(Number(field)));
      if (gone.length > 0) await redis.hdel(keys.categories, ...gone);
      let changed = gone.length > 0;
      for (const [sequence, event] of events) {
        const text = JSON.stringify(event);
        const field = String(sequence);
        const due = field in stored || newest.get(event.id) === sequence;
        if (!due || stored[field] === text) continue;
        await redis.hset(keys.categories, field, text);
        changed = true;
      }
      return changed;
    },

    rowCount: (partition) => redis.hlen(keys.listing(partition)),
  };
}

/** The fields of a partition's sales as they should stand. */
export function salesFields(
  versions: Versions,
  sales: Iterable<readonly [Identifier, Sale]>,
  products: Iterable<readonly [Identifier, ProductSales]>,
): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [id, sale] of sales) fields.set(saleField(id), textOf(versions(sale.sequence), sale));
  for (const [id, held] of products) fields.set(productField(id), textOf(versions(held.sequence), held));
  return fields;
}

function rowTexts({ id, membership, pricing }: ListingPut): readonly string[] {
  return [
    id,
    membership?.version ?? "",
    membership === undefined ? "" : String(membership.created),
    membership?.group == null ? "" : tokenOf(membership.group),
    membership?.direct.map(tokenOf).join(",") ?? "",
    membership?.shown.map(tokenOf).join(",") ?? "",
    pricing === undefined ? "" : rankOf(pricing),
    pricing === undefined ? "" : String(pricing.amount),
    pricing?.nextBoundary === undefined ? "" : String(pricing.nextBoundary),
  ];
}
