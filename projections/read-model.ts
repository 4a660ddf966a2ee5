import type { Identifier } from "../streams/identifier.ts";
import type { LogName } from "../streams/subjects.ts";
import type { CategoryEvent } from "./categories.ts";
import type { Details } from "./details.ts";
import type { Inventory } from "./inventory.ts";
import type { Price } from "./price.ts";
import type { Pricing } from "./pricing.ts";
import type { GivenRating, Rating, Reviews } from "./reviews.ts";
import type { ProductSales, Sale } from "./sales.ts";
import type { Version } from "./version.ts";

/**
 * The read models as a port. Two adapters stand behind it, Redis and memory, and one suite holds both to what
 * is promised here.
 *
 * Every `put` is "store if newer" and may be repeated or done by two at once. Registers (product, price,
 * inventory) and reviews can be made again by key from the log, so they may be evicted at any moment, and an
 * absent one says nothing. The rest is kept until the whole store is lost; what is absent there is not.
 *
 * What is made from more than one event is true only on top of what was there before. Such a put carries a
 * fence: it throws `PositionMoved` and writes nothing unless the partition's position is still where the
 * writer found it, so nothing is ever built on a store that was emptied or restored meanwhile. A put for many
 * products may be carried out in parts, each behind its fences.
 */

/** The values of one product that its last event alone makes; the log gives them again by exact subjects. */
export interface Registers {
  readonly product: Details;
  readonly price: Price;
  readonly inventory: Inventory;
}
export type RegisterName = keyof Registers;

/** A value with its version. Null is a known nothing: the log holds no such event. */
export interface Versioned<T> {
  readonly version: Version;
  readonly value: T | null;
}

export type RegisterPut = {
  [Name in RegisterName]: { readonly id: Identifier; readonly register: Name } & Versioned<Registers[Name]>;
}[RegisterName];

export type RegisterKey = { readonly id: Identifier; readonly register: RegisterName };

/** How far a partition's read models are known to be true. */
export interface Position {
  readonly version: Version;
  /** When its owner last knew it to be at the head of the log, in milliseconds since 1970; 0 for never. */
  readonly headAt: number;
}

export interface PositionMove {
  readonly partition: number;
  /** What the owner last wrote or read; undefined where there was none. */
  readonly from: Version | undefined;
  readonly to: Version;
  readonly headAt: number;
}

/** A product's line in the listings of its partition. */
export interface ListingRow {
  readonly membership: Version | undefined;
  /** The sequence of the first product.modified; undefined while there was none. */
  readonly created: number | undefined;
  readonly group: Identifier | null;
  /** The categories that the product names. */
  readonly direct: readonly Identifier[];
  /** Every category whose list shows it. */
  readonly shown: readonly Identifier[];
  readonly priced: Version | undefined;
  /** What it costs now, in minor units; undefined without a price. */
  readonly amount: number | undefined;
}

export interface ListingPut {
  readonly id: Identifier;
  readonly membership?:
    | {
        readonly version: Version;
        /** The earliest one ever put stays. */
        readonly created: number;
        readonly group: Identifier | null;
        readonly direct: readonly Identifier[];
        readonly shown: readonly Identifier[];
      }
    | undefined;
  /** The same version and price again are taken: a sale's boundary changes the amount without an event. */
  readonly pricing?: Pricing | undefined;
}

/** Categories whose lists a put changed. */
export interface TouchedLists {
  /** A product came, went, or took another place in time. */
  readonly members: readonly Identifier[];
  /** Only the order by price changed. */
  readonly prices: readonly Identifier[];
  /** Products whose amount fell to half or less, in whichever lists they are. */
  readonly fallen: readonly Identifier[];
}

export type ListingSort = "newest" | "price_asc" | "price_desc";

/** All that one product's page needs, as far as the store has it. */
export interface ProductRead {
  readonly position: Position | undefined;
  readonly product: Versioned<Details> | undefined;
  readonly price: Versioned<Price> | undefined;
  readonly inventory: Versioned<Inventory> | undefined;
  readonly rating: Rating | undefined;
  readonly sales: ProductSales | undefined;
  /**
   * False: up to the position there is no such product. Asked only where its register is missing; a row is kept as
   * long as the store, and each product has one.
   */
  readonly exists?: boolean | undefined;
  /** Where the store holds every register and a position: what an answer that is made of them stands for. */
  readonly stamp?: Stamp | undefined;
}

/** What a product was at one moment, by its versions. */
export interface Stamp {
  readonly position: Version;
  /** Of its registers, its rating and its sales, one behind the other; nothing for what it has not. */
  readonly parts: string;
}

/** An answer as a reader stored it, and where its partition stands. */
export interface AnswerRead {
  readonly position: Position | undefined;
  readonly answer: Buffer | undefined;
}

/** Products gathered from all partitions, with where each of those stood just before. */
export interface Gathered {
  readonly ids: readonly Identifier[];
  readonly positions: readonly (Position | undefined)[];
}

/** Where a partition stood when its writer read what it builds on; undefined for no position. */
export interface Fence {
  readonly partition: number;
  readonly position: Version | undefined;
  /** The session in which the writer found it; see `withinSession`. */
  readonly session?: number;
}

/** The store is not where the writer found it: read the position again, and the log from there. */
export class PositionMoved extends Error {
  override readonly name = "PositionMoved";
}

export interface ReadModel {
  // Positions. `advance` moves each partition only from exactly `from`, and returns the position it found for
  // each one that it did not move: a lower one or none after the store lost data, a higher one after another
  // owner went ahead.
  /**
   * Rises when the link to the store was lost: what was written before may be gone, also where the position
   * is the same again.
   */
  session(): number;
  positions(log: LogName, partitions: readonly number[]): Promise<ReadonlyMap<number, Position>>;
  advance(log: LogName, moves: readonly PositionMove[]): Promise<ReadonlyMap<number, Position | undefined>>;

  // Registers. A newer one may have been written and evicted, so an absent one is made behind a fence as well, or
  // an owner that fell behind would call an old value back from the dead. `refillRegisters` puts back what a
  // reader found in the log: where nothing is, and only while the partition stands where it stood before the log
  // was asked; else it leaves all as it is.
  putRegisters(fences: readonly Fence[], puts: readonly RegisterPut[]): Promise<void>;
  refillRegisters(fence: Fence, puts: readonly RegisterPut[]): Promise<void>;
  readProducts(ids: readonly Identifier[]): Promise<readonly ProductRead[]>;

  // Answers about single products, ready to leave, as a reader made them. Any write of a register, a rating or a sale
  // removes those of its products before it is done, and `putAnswer` stores one only while the product is still at
  // `stamp`. So what stands here is what the registers give, up to the position that is read with it; it may be
  // evicted like them, and leaves some time after it was made.
  readAnswers(ids: readonly Identifier[]): Promise<readonly AnswerRead[]>;
  putAnswer(id: Identifier, stamp: Stamp, answer: Buffer): Promise<void>;

  // The newest reviews.
  readReviews(ids: readonly Identifier[]): Promise<readonly (Versioned<Reviews> | undefined)[]>;
  putReviews(
    fence: Fence,
    puts: readonly { readonly id: Identifier; readonly version: Version; readonly value: Reviews }[],
  ): Promise<void>;

  // Ratings, with what each review counts for.
  readRatings(
    queries: readonly { readonly id: Identifier; readonly reviews: readonly Identifier[] }[],
  ): Promise<
    readonly { readonly rating: Rating | undefined; readonly given: ReadonlyMap<Identifier, GivenRating> }[]
  >;
  putRatings(
    fence: Fence,
    puts: readonly {
      readonly id: Identifier;
      readonly version: Version;
      readonly rating: Rating;
      readonly given: readonly {
        readonly review: Identifier;
        readonly version: Version;
        readonly rating: number;
      }[];
    }[],
  ): Promise<void>;

  // Sales, by partition of the product.
  readSale(partition: number, sale: Identifier): Promise<Sale | undefined>;
  readSalesOf(
    partition: number,
    products: readonly Identifier[],
  ): Promise<readonly (ProductSales | undefined)[]>;
  putSale(
    fence: Fence,
    put: {
      readonly sale: Identifier;
      readonly version: Version;
      readonly value: Sale;
      readonly products: readonly { readonly id: Identifier; readonly value: ProductSales }[];
    },
  ): Promise<void>;

  /** The products whose rows name the group, in the order of their bytes. */
  readGroup(group: Identifier): Promise<Gathered>;

  // The tree's own events, from which any reader folds the tree as of any position. Which of them are good depends
  // on those before, so they are put behind the fence of any partition.
  putCategoryEvents(fence: Fence, events: readonly CategoryEvent[]): Promise<void>;
  dropCategoryEvents(sequences: readonly number[]): Promise<void>;
  readCategoryEvents(): Promise<{
    readonly events: readonly CategoryEvent[];
    readonly positions: readonly (Position | undefined)[];
  }>;

  // Listings. Products of a category's list are in the order of the sort; equal ones by identifier.
  readRows(partition: number, ids: readonly Identifier[]): Promise<readonly (ListingRow | undefined)[]>;
  /**
   * The lists and groups follow the rows. Each product at most once in a call. Returns the lists that changed;
   * undefined where the rows are too many to say.
   */
  putRows(fence: Fence, puts: readonly ListingPut[]): Promise<TouchedLists | undefined>;
  /** The products of one partition that a category's list shows, in no order. */
  readShown(partition: number, category: Identifier): AsyncIterable<readonly Identifier[]>;
  readListing(
    category: Identifier,
    sort: ListingSort,
    offset: number,
    count: number,
  ): Promise<Gathered & { readonly total: number }>;
  /** Products whose amount changed by the clock at or before `now`, at most `max` of them. */
  readDue(partition: number, now: number, max: number): Promise<readonly Identifier[]>;

  /** Forgets everything, to start over on another log. */
  clear(): Promise<void>;
}
