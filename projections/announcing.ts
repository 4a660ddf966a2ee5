import { randomUUID } from "node:crypto";
import type { Broadcast } from "../streams/broadcast.ts";
import { type Identifier, tokenOf } from "../streams/identifier.ts";
import { partitionOf } from "../streams/partition.ts";
import { type Aspects, aspects } from "./aspects.ts";
import {
  categoryName,
  type Change,
  dropName,
  encodeChange,
  groupName,
  membersName,
  pricesName,
  treeName,
} from "./changes.ts";
import { type Inventory, inStock, lastCallUntil } from "./inventory.ts";
import type { Fence, PositionMove, ReadModel, RegisterPut } from "./read-model.ts";
import type { Version } from "./version.ts";

/**
 * Read models that tell of what is written to them: each product written through here is named with the next
 * move of a position, when the store holds both, and with it the lists that followed. Whatever the folds write is
 * therefore announced, without a list of what depends on what; what was written and did not change anything is
 * announced in vain.
 *
 * What was written and not told, because its writer died, failed half-way or lost the partition, is found by the next
 * writer as if it had always been there. So nothing is named, and anything may have changed, with the first move of a
 * partition that this writer did not move last, and with the next move behind a write that failed.
 */
const productsMax = 1_000;
const namesMax = 2_000;

export function announcing(readModel: ReadModel, broadcast: Broadcast): ReadModel {
  const announcer = createAnnouncer(broadcast);
  /** Undefined: anything may have changed. */
  let touched: { readonly products: Map<Identifier, Aspects>; readonly names: Set<string> } | undefined;
  const statuses = createStockStatuses();
  /** Where this writer left each partition. */
  const left = new Map<number, Version>();
  forget();

  function forget(): void {
    touched = { products: new Map(), names: new Set() };
  }

  function touch(id: Identifier, what: Aspects): void {
    if (touched === undefined) return;
    touched.products.set(id, (touched.products.get(id) ?? 0) | what);
    if (touched.products.size > productsMax) touched = undefined;
  }

  function name(text: string): void {
    if (touched === undefined) return;
    touched.names.add(text);
    if (touched.names.size > namesMax) touched = undefined;
  }

  /** Where products are too many to be named, none of their statuses is kept either: that would cost a replay a twentieth. */
  function touchAll(puts: readonly RegisterPut[]): void {
    for (const put of puts) {
      if (touched === undefined) {
        statuses.forget();
        return;
      }
      touch(put.id, aspectOf(put));
    }
  }

  function aspectOf(put: RegisterPut): Aspects {
    if (put.register === "product") return aspects.details;
    if (put.register === "price") return aspects.price;
    const at = put.value?.updated_at ?? 0;
    return statuses.isFlip(put.id, statusOf(put.value), at) ? aspects.stock : aspects.quantity;
  }

  /**
   * What stands before a quantity is written, where this writer does not know it: else the first quantity of each
   * product would count as a status that flips. Many at once, as in a replay, are not looked up.
   */
  async function learnStatuses(puts: readonly RegisterPut[]): Promise<void> {
    // So many products are not named at all.
    if (touched === undefined || puts.length > productsMax) return;
    const quantities = puts.filter((put) => put.register === "inventory");
    const unknown = quantities.filter(({ id }) => !statuses.isKnown(id));
    if (unknown.length === 0 || unknown.length > lookedUpMax) return;
    const standing = await readModel.readProducts(unknown.map(({ id }) => id));
    for (const [at, { inventory }] of standing.entries()) {
      const { id, version } = unknown[at] as RegisterPut;
      // What is not older than what is to be written may be this very write, made before by somebody who did not tell.
      if (inventory === undefined || inventory.version >= version) continue;
      statuses.learn(id, statusOf(inventory.value));
    }
  }

  /** A write that fails may have been carried out. */
  async function written<T>(write: Promise<T>): Promise<T> {
    try {
      return await write;
    } catch (error) {
      touched = undefined;
      statuses.forget();
      throw error;
    }
  }

  function tell(moves: readonly PositionMove[]): void {
    const isOurs = ({ partition, from }: PositionMove) => from !== undefined && left.get(partition) === from;
    const taken = moves.filter((move) => !isOurs(move));
    const kept = moves.filter(isOurs);
    for (const { partition, to } of moves) left.set(partition, to);
    if (taken.length > 0) announcer.announce(taken, undefined, []);
    if (kept.length > 0)
      announcer.announce(kept, touched?.products, touched === undefined ? [] : [...touched.names]);
    if (moves.length > 0) forget();
  }

  return {
    ...readModel,
    async putRegisters(fences, puts) {
      statuses.standAt(fences);
      await learnStatuses(puts);
      touchAll(puts);
      return written(readModel.putRegisters(fences, puts));
    },
    putRatings(fence, puts) {
      for (const { id } of puts) touch(id, aspects.rating);
      return written(readModel.putRatings(fence, puts));
    },
    putReviews(fence, puts) {
      for (const { id } of puts) touch(id, aspects.reviews);
      return written(readModel.putReviews(fence, puts));
    },
    putSale(fence, put) {
      for (const { id } of put.products) touch(id, aspects.price);
      return written(readModel.putSale(fence, put));
    },
    putCategoryEvents(fence, events) {
      if (events.length > 0) name(treeName);
      for (const { id } of events) name(categoryName(id));
      return written(readModel.putCategoryEvents(fence, events));
    },
    async putRows(fence, puts) {
      for (const { membership } of puts) if (membership?.group != null) name(groupName(membership.group));
      const lists = await written(readModel.putRows(fence, puts));
      if (lists === undefined) touched = undefined;
      for (const category of lists?.members ?? []) name(membersName(category));
      for (const category of lists?.prices ?? []) name(pricesName(category));
      for (const product of lists?.fallen ?? []) name(dropName(product));
      return lists;
    },
    async advance(log, moves) {
      const stuck = await written(readModel.advance(log, moves));
      if (log !== "catalog") return stuck;
      const moved = moves.filter(({ partition }) => !stuck.has(partition));
      statuses.follow(moved);
      tell(moved);
      return stuck;
    },
  };
}

/** The same for who writes past these read models: with each move, any product of the partition may have changed. */
export function announcingAll(readModel: ReadModel, broadcast: Broadcast): ReadModel {
  const announcer = createAnnouncer(broadcast);
  return {
    ...readModel,
    async advance(log, moves) {
      const stuck = await readModel.advance(log, moves);
      const moved = moves.filter(({ partition }) => !stuck.has(partition));
      if (log === "catalog" && moved.length > 0) announcer.announce(moved, undefined, []);
      return stuck;
    },
  };
}

function createAnnouncer(broadcast: Broadcast) {
  const by = randomUUID();
  let count = 0;
  return {
    announce(moves: Change["moves"], products: Change["products"], names: Change["names"]): void {
      count++;
      broadcast.publish(encodeChange({ by, count, moves, products, names }));
    },
  };
}

/** What of a product's stock is told at once. */
interface StockStatus {
  /** What lists show; null where nothing is known of it, which is another thing than out of stock. */
  readonly inStock: boolean | null;
  /** Until when whoever holds its page holds it briefly; 0 where that is as long as usual. */
  readonly lastCallUntil: number;
}

const statusOf = (inventory: Inventory | null): StockStatus =>
  inventory === null
    ? { inStock: null, lastCallUntil: 0 }
    : { inStock: inStock(inventory), lastCallUntil: lastCallUntil(inventory) ?? 0 };

/** The stock statuses that were written here lately, as long as nobody else writes to their partitions. */
function createStockStatuses() {
  const known = new Map<number, Map<Identifier, StockStatus>>();
  /** Where each partition was when it was last written to here. */
  const ends = new Map<number, Version | undefined>();
  let size = 0;
  const of = (id: Identifier) => known.get(partitionOf(tokenOf(id)))?.get(id);
  function learn(id: Identifier, status: StockStatus): void {
    if (of(id) === undefined && ++size > statusesMax) {
      known.clear();
      size = 1;
    }
    const partition = partitionOf(tokenOf(id));
    const statuses = known.get(partition) ?? new Map<Identifier, StockStatus>();
    known.set(partition, statuses.set(id, status));
  }
  return {
    isKnown: (id: Identifier): boolean => of(id) !== undefined,
    learn,
    /**
     * Also where it is not known what stood before. The last call is a status as well, which flips where it begins: what was
     * told to live long before must go, what is told meanwhile goes by itself. `at`: when the quantity changed.
     */
    isFlip(id: Identifier, status: StockStatus, at: number): boolean {
      const known = of(id);
      const isBegun = status.lastCallUntil > 0 && (known?.lastCallUntil ?? 0) < at + skewMs;
      const isFlip = known?.inStock !== status.inStock || isBegun;
      if (isFlip || known.lastCallUntil !== status.lastCallUntil) learn(id, status);
      return isFlip;
    },
    /** A partition that is found elsewhere than it was left had another owner meanwhile. */
    standAt(fences: readonly Fence[]): void {
      for (const { partition, position } of fences) {
        if (position !== ends.get(partition)) known.delete(partition);
        ends.set(partition, position);
      }
    },
    follow(moves: readonly PositionMove[]): void {
      for (const { partition, to } of moves) ends.set(partition, to);
    },
    forget(): void {
      known.clear();
    },
  };
}

/** Statuses that one write looks up: a request that takes well under a millisecond. */
const lookedUpMax = 64;

/** At most so many are remembered, or were before their partitions had another owner. */
const statusesMax = 100_000;

/** How far the clocks of those who answer may be ahead of the log's: for them a last call ends earlier. */
const skewMs = 1_000;
