import { beforeEach, expect, test } from "vitest";
import { announcing } from "../../projections/announcing.ts";
import { aspects } from "../../projections/aspects.ts";
import {
  categoryName,
  type Change,
  decodeChange,
  dropName,
  membersName,
  pricesName,
  treeName,
} from "../../projections/changes.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import type { Fence, ReadModel } from "../../projections/read-model.ts";
import type { Version } from "../../projections/version.ts";
import type { Broadcast } from "../../streams/broadcast.ts";
import { id } from "../streams/id.ts";
import { partitionOfId, v } from "./read-model-adapters.ts";

/** What an owner tells of its writes, and when it cannot know what changed. */

const lamp = id("lamp");
const partition = partitionOfId(lamp);

let store: ReadModel;
let told: Change[];
let mine: ReadModel;
let theirs: ReadModel;
let broadcast: Broadcast;

beforeEach(() => {
  store = createMemoryReadModel();
  told = [];
  broadcast = {
    publish: (bytes: Uint8Array) => void told.push(decodeChange(bytes) as Change),
    listen: () => ({ close: () => {} }),
  };
  mine = announcing(store, broadcast);
  theirs = announcing(store, broadcast);
});

/** `end`: when it is told to be sold out. Each sequence is a second later. */
async function stock(
  owner: ReadModel,
  sequence: number,
  quantity: number,
  from: Version | undefined,
  end?: number,
) {
  const fence: Fence = { partition, position: from };
  const counted = { quantity, sequence, updated_at: sequence * 1_000 };
  const value = end === undefined ? counted : { ...counted, sells_out_at: end };
  await owner.putRegisters([fence], [{ id: lamp, register: "inventory", version: v(sequence), value }]);
  await owner.advance("catalog", [{ partition, from, to: v(sequence), headAt: 1 }]);
  return told.at(-1)?.products?.get(lamp);
}

test("a quantity is told from a status that flips", async () => {
  await stock(mine, 1, 5, undefined);
  expect(await stock(mine, 2, 4, v(1))).toBe(aspects.quantity);
  expect(await stock(mine, 3, 0, v(2))).toBe(aspects.stock);
  expect(await stock(mine, 4, 0, v(3))).toBe(aspects.quantity);
  expect(await stock(mine, 5, 1, v(4))).toBe(aspects.stock);
});

test("a last call is told as a status that flips where it begins, and not again while it lasts", async () => {
  await stock(mine, 1, 9, undefined);
  expect(await stock(mine, 2, 8, v(1), 12_000)).toBe(aspects.stock);
  expect(await stock(mine, 3, 7, v(2), 9_000)).toBe(aspects.quantity);
  expect(await stock(mine, 4, 6, v(3), 8_000)).toBe(aspects.quantity);
  // Sold more slowly than was thought: past 13 s answers live long again, for a fast clock past 12 s.
  expect(await stock(mine, 11, 5, v(4), 15_000)).toBe(aspects.quantity);
  expect(await stock(mine, 20, 4, v(11), 25_000)).toBe(aspects.stock);
  // What is told without an end lives long at once.
  expect(await stock(mine, 21, 90, v(20))).toBe(aspects.quantity);
  expect(await stock(mine, 22, 3, v(21), 25_000)).toBe(aspects.stock);
  expect(await stock(mine, 23, 0, v(22), 25_000)).toBe(aspects.stock);
});

test("a last call that another writer has told is known from what stands", async () => {
  await stock(theirs, 1, 9, undefined, 12_000);
  await mine.advance("catalog", [{ partition, from: v(1), to: v(1), headAt: 1 }]);
  expect(await stock(mine, 2, 8, v(1), 11_000)).toBe(aspects.quantity);
});

test("the first quantity that a writer sees of a product is held against what stands", async () => {
  await stock(theirs, 1, 5, undefined);
  await mine.advance("catalog", [{ partition, from: v(1), to: v(1), headAt: 1 }]);
  expect(await stock(mine, 2, 4, v(1))).toBe(aspects.quantity);
  expect(await stock(mine, 3, 0, v(2))).toBe(aspects.stock);
});

test("the first stock of a product that was known to have none counts as a status that flips", async () => {
  await theirs.putRegisters(
    [{ partition, position: undefined }],
    [{ id: lamp, register: "inventory", version: v(1), value: null }],
  );
  await theirs.advance("catalog", [{ partition, from: undefined, to: v(1), headAt: 1 }]);
  await mine.advance("catalog", [{ partition, from: v(1), to: v(1), headAt: 1 }]);
  // Nothing known of its stock, and out of stock: lists show both, each in its way.
  expect(await stock(mine, 2, 0, v(1))).toBe(aspects.stock);
  expect(await stock(mine, 3, 0, v(2))).toBe(aspects.quantity);
});

test("a quantity that was written before and not told counts as a status that flips", async () => {
  await stock(theirs, 1, 5, undefined);
  // Its writer died before it moved the position, and nobody heard of it.
  const value = { quantity: 0, sequence: 2, updated_at: 1 };
  await store.putRegisters(
    [{ partition, position: v(1) }],
    [{ id: lamp, register: "inventory", version: v(2), value }],
  );
  await mine.advance("catalog", [{ partition, from: v(1), to: v(1), headAt: 1 }]);
  expect(await stock(mine, 2, 0, v(1))).toBe(aspects.stock);
});

test("many statuses that are unknown are not looked up, and count as flips", async () => {
  let lookedUp = 0;
  const counting = announcing(
    {
      ...store,
      async readProducts(ids) {
        lookedUp += ids.length;
        return store.readProducts(ids);
      },
    },
    broadcast,
  );
  await counting.advance("catalog", [{ partition, from: undefined, to: v(1), headAt: 1 }]);
  const putOf = (count: number, sequence: number) =>
    Array.from({ length: count }, (_, at) => {
      const value = { quantity: 3, sequence, updated_at: 1 };
      return { id: id(`p-${sequence}-${at}`), register: "inventory", version: v(sequence), value } as const;
    });
  const fence: Fence = { partition, position: v(1) };
  await counting.putRegisters([fence], putOf(65, 2));
  expect(lookedUp).toBe(0);
  await counting.putRegisters([fence], putOf(64, 3));
  expect(lookedUp).toBe(64);
  await counting.advance("catalog", [{ partition, from: v(1), to: v(3), headAt: 1 }]);
  expect(new Set(told.at(-1)?.products?.values())).toEqual(new Set([aspects.stock]));
});

test("with its first move of a partition a writer counts nothing: another one may have written and not told", async () => {
  await stock(mine, 1, 5, undefined);
  expect(told.map(({ products }) => products)).toEqual([undefined]);
  await stock(mine, 2, 4, v(1));
  await stock(theirs, 3, 0, v(2));
  expect(told.at(-1)?.products).toBeUndefined();
  await stock(mine, 4, 4, v(3));
  expect(told.at(-1)?.products).toBeUndefined();
  expect(await stock(mine, 5, 3, v(4))).toBe(aspects.quantity);
});

test("a write that failed may have been carried out: nothing is counted with the next move, and no status is known", async () => {
  let fails = false;
  const failing = announcing(
    {
      ...store,
      async putRegisters(fences, puts) {
        await store.putRegisters(fences, puts);
        if (fails) throw new Error("timed out");
      },
    },
    broadcast,
  );
  await stock(failing, 1, 0, undefined);
  await stock(failing, 2, 0, v(1));
  fails = true;
  await expect(stock(failing, 3, 5, v(2))).rejects.toThrow("timed out");
  fails = false;
  await failing.advance("catalog", [{ partition, from: v(2), to: v(2), headAt: 1 }]);
  expect(told.at(-1)?.products).toBeUndefined();
  expect(await stock(failing, 3, 5, v(2))).toBe(aspects.stock);
});

test("a writer says how many words it has said", async () => {
  await stock(mine, 1, 5, undefined);
  await stock(mine, 2, 4, v(1));
  await stock(theirs, 3, 4, v(2));
  expect(told.map(({ count }) => count)).toEqual([1, 2, 1]);
  expect(new Set(told.map(({ by }) => by)).size).toBe(2);
});

test("lists and the tree are named with the move behind them, once", async () => {
  await mine.advance("catalog", [{ partition, from: undefined, to: v(1), headAt: 1 }]);
  const fence: Fence = { partition, position: v(1) };
  const home = id("home");
  const row = { group: null, direct: [home], shown: [home] };
  const membership = { version: v(2), created: 2, ...row };
  await mine.putCategoryEvents(fence, [
    { kind: "category.modified", id: home, name: "Home", parent_id: null, position: 1, sequence: 1 } as never,
  ]);
  await mine.putRows(fence, [{ id: lamp, membership }]);
  await mine.advance("catalog", [{ partition, from: v(1), to: v(2), headAt: 1 }]);
  expect(told.at(-1)?.names).toEqual([treeName, categoryName(home), membersName(home)]);
  const pricing = { version: v(3), made: 3, amount: 7, nextBoundary: undefined };
  await mine.putRows({ partition, position: v(2) }, [{ id: lamp, pricing }]);
  await mine.advance("catalog", [{ partition, from: v(2), to: v(3), headAt: 1 }]);
  expect(told.at(-1)?.names).toEqual([pricesName(home)]);
  await mine.advance("catalog", [{ partition, from: v(3), to: v(3), headAt: 2 }]);
  expect(told.at(-1)).toMatchObject({ names: [], products: new Map() });
  await mine.putRows({ partition, position: v(3) }, [
    { id: lamp, pricing: { ...pricing, version: v(4), made: 4, amount: 3 } },
  ]);
  await mine.advance("catalog", [{ partition, from: v(3), to: v(4), headAt: 3 }]);
  expect(told.at(-1)?.names).toEqual([pricesName(home), dropName(lamp)]);
});

test("rows that are too many to say which lists they touched leave nothing counted", async () => {
  const uncounted = announcing(
    { ...store, putRows: async () => undefined },
    {
      publish: (bytes) => void told.push(decodeChange(bytes) as Change),
      listen: () => ({ close: () => {} }),
    },
  );
  await uncounted.advance("catalog", [{ partition, from: undefined, to: v(1), headAt: 1 }]);
  await uncounted.advance("catalog", [{ partition, from: v(1), to: v(1), headAt: 1 }]);
  expect(told.at(-1)?.products).toEqual(new Map());
  await uncounted.putRows({ partition, position: v(1) }, []);
  await uncounted.advance("catalog", [{ partition, from: v(1), to: v(1), headAt: 1 }]);
  expect(told.at(-1)?.products).toBeUndefined();
  await uncounted.advance("catalog", [{ partition, from: v(1), to: v(2), headAt: 1 }]);
  expect(told.at(-1)?.products).toEqual(new Map());
});
