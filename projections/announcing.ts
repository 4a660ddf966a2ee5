import type { Broadcast } from "../streams/broadcast.ts";
import type { Identifier } from "../streams/identifier.ts";
import { type Change, encodeChange } from "./changes.ts";
import type { ReadModel } from "./read-model.ts";

/**
 * Read models that tell of what is written to them: each product written through here is named with the next
 * move of a position, when the store holds both. Whatever the folds write is therefore announced, without a list of
 * what depends on what; what was written and did not change anything is announced in vain.
 */
const productsMax = 1_000;

export function announcing(readModel: ReadModel, broadcast: Broadcast): ReadModel {
  let products: Set<Identifier> | undefined = new Set();
  let groups = new Set<Identifier>();

  function touch(id: Identifier): void {
    products?.add(id);
    if (products !== undefined && products.size > productsMax) products = undefined;
  }

  function announce(moves: Change["moves"]): void {
    if (moves.length === 0) return;
    broadcast.publish(encodeChange({ moves, products: products && [...products], groups: [...groups] }));
    products = new Set();
    groups = new Set();
  }

  return {
    ...readModel,
    putRegisters(fences, puts) {
      for (const { id } of puts) touch(id);
      return readModel.putRegisters(fences, puts);
    },
    putRatings(fence, puts) {
      for (const { id } of puts) touch(id);
      return readModel.putRatings(fence, puts);
    },
    putReviews(fence, puts) {
      for (const { id } of puts) touch(id);
      return readModel.putReviews(fence, puts);
    },
    putSale(fence, put) {
      for (const { id } of put.products) touch(id);
      return readModel.putSale(fence, put);
    },
    putRows(fence, puts) {
      for (const { membership } of puts) {
        if (products !== undefined && membership?.group != null) groups.add(membership.group);
      }
      return readModel.putRows(fence, puts);
    },
    async advance(log, moves) {
      const stuck = await readModel.advance(log, moves);
      if (log === "catalog") announce(moves.filter(({ partition }) => !stuck.has(partition)));
      return stuck;
    },
  };
}

/** The same for who writes past these read models: with each move, any product of the partition may have changed. */
export function announcingAll(readModel: ReadModel, broadcast: Broadcast): ReadModel {
  return {
    ...readModel,
    async advance(log, moves) {
      const stuck = await readModel.advance(log, moves);
      const moved = moves.filter(({ partition }) => !stuck.has(partition));
      if (log === "catalog" && moved.length > 0)
        broadcast.publish(encodeChange({ moves: moved, products: undefined, groups: [] }));
      return stuck;
    },
  };
}
