import type { Broadcast } from "../streams/broadcast.ts";
import type { Identifier } from "../streams/identifier.ts";
import { type Aspects, aspects } from "./aspects.ts";
import { type Change, encodeChange, groupName, membersName, pricesName, treeName } from "./changes.ts";
import { inStock } from "./inventory.ts";
import type { Fence, PositionMove, ReadModel, RegisterPut } from "./read-model.ts";
import type { Version } from "./version.ts";

/**
 * Read models that tell of what is written to them: each product written through here is named with the next
 * move of a position, when the store holds both, and with it the lists that followed. Whatever the folds write is
 * therefore announced, without a list of what depends on what; what was written and did not change anything is
 * announced in vain.
 */
const productsMax = 1_000;
const namesMax = 2_000;

export function announcing(readModel: ReadModel, broadcast: Broadcast): ReadModel {
  /** Undefined: too many to count. */
  let products: Map<Identifier, Aspects> | undefined = new Map();
  let names = new Set<string>();
  const statuses = createStockStatuses();

  function touch(id: Identifier, touched: Aspects): void {
    if (products === undefined) return;
    products.set(id, (products.get(id) ?? 0) | touched);
    if (products.size > productsMax || names.size > namesMax) products = undefined;
  }

  function aspectOf(put: RegisterPut): Aspects {
    if (put.register === "product") return aspects.details;
    if (put.register === "price") return aspects.price;
    return statuses.isFlip(put.id, put.value !== null && inStock(put.value))
      ? aspects.stock
      : aspects.quantity;
  }

  function announce(moves: Change["moves"]): void {
    if (moves.length === 0) return;
    const counted = products !== undefined;
    broadcast.publish(encodeChange({ moves, products, names: counted ? [...names] : [] }));
    products = new Map();
    names = new Set();
  }

  return {
    ...readModel,
    putRegisters(fences, puts) {
      statuses.standAt(fences);
      for (const put of puts) touch(put.id, aspectOf(put));
      return readModel.putRegisters(fences, puts);
    },
    putRatings(fence, puts) {
      for (const { id } of puts) touch(id, aspects.rating);
      return readModel.putRatings(fence, puts);
    },
    putReviews(fence, puts) {
      for (const { id } of puts) touch(id, aspects.reviews);
      return readModel.putReviews(fence, puts);
    },
    putSale(fence, put) {
      for (const { id } of put.products) touch(id, aspects.price);
      return readModel.putSale(fence, put);
    },
    putCategoryEvents(fence, events) {
      if (events.length > 0) names.add(treeName);
      return readModel.putCategoryEvents(fence, events);
    },
    async putRows(fence, puts) {
      for (const { membership } of puts)
        if (membership?.group != null && products !== undefined) names.add(groupName(membership.group));
      const lists = await readModel.putRows(fence, puts);
      if (lists === undefined) products = undefined;
      for (const category of lists?.members ?? []) names.add(membersName(category));
      for (const category of lists?.prices ?? []) names.add(pricesName(category));
      return lists;
    },
    async advance(log, moves) {
      const stuck = await readModel.advance(log, moves);
      if (log !== "catalog") return stuck;
      const moved = moves.filter(({ partition }) => !stuck.has(partition));
      statuses.follow(moved);
      announce(moved);
      return stuck;
    },
  };
}

/** The stock statuses that were written here lately, as long as nobody else writes to their partitions. */
function createStockStatuses() {
  const known = new Map<Identifier, boolean>();
  /** Where each partition was when it was last written to here. */
  const ends = new Map<number, Version | undefined>();
  return {
    /** Also where it is not known what stood before. */
    isFlip(id: Identifier, isInStock: boolean): boolean {
      if (known.get(id) === isInStock) return false;
      if (known.size >= statusesMax) known.clear();
      known.set(id, isInStock);
      return true;
    },
    /** A partition that is found elsewhere than it was left had another owner meanwhile. */
    standAt(fences: readonly Fence[]): void {
      for (const { partition, position } of fences) {
        if (position !== ends.get(partition)) known.clear();
        ends.set(partition, position);
      }
    },
    follow(moves: readonly PositionMove[]): void {
      for (const { partition, to } of moves) ends.set(partition, to);
    },
  };
}

const statusesMax = 100_000;

/** The same for who writes past these read models: with each move, any product of the partition may have changed. */
export function announcingAll(readModel: ReadModel, broadcast: Broadcast): ReadModel {
  return {
    ...readModel,
    async advance(log, moves) {
      const stuck = await readModel.advance(log, moves);
      const moved = moves.filter(({ partition }) => !stuck.has(partition));
      if (log === "catalog" && moved.length > 0)
        broadcast.publish(encodeChange({ moves: moved, products: undefined, names: [] }));
      return stuck;
    },
  };
}
