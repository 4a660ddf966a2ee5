import { beforeEach, expect, test } from "vitest";
import { announcing } from "../../projections/announcing.ts";
import { aspects } from "../../projections/aspects.ts";
import { type Change, decodeChange, membersName, pricesName, treeName } from "../../projections/changes.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import type { Fence, ReadModel } from "../../projections/read-model.ts";
import type { Version } from "../../projections/version.ts";
import { id } from "../streams/id.ts";
import { partitionOfId, v } from "./read-model-adapters.ts";

/** What an owner tells of its writes, and when it cannot know what changed. */

const lamp = id("lamp");
const partition = partitionOfId(lamp);

let store: ReadModel;
let told: Change[];
let mine: ReadModel;
let theirs: ReadModel;

beforeEach(() => {
  store = createMemoryReadModel();
  told = [];
  const broadcast = {
    publish: (bytes: Uint8Array) => void told.push(decodeChange(bytes) as Change),
    listen: () => ({ close: () => {} }),
  };
  mine = announcing(store, broadcast);
  theirs = announcing(store, broadcast);
});

async function stock(owner: ReadModel, sequence: number, quantity: number, from: Version | undefined) {
  const fence: Fence = { partition, position: from };
  const value = { quantity, sequence, updated_at: 1 };
  await owner.putRegisters([fence], [{ id: lamp, register: "inventory", version: v(sequence), value }]);
  await owner.advance("catalog", [{ partition, from, to: v(sequence), headAt: 1 }]);
  return told.at(-1)?.products?.get(lamp);
}

test("a quantity is told from a status that flips, the first one counting as a flip", async () => {
  expect(await stock(mine, 1, 5, undefined)).toBe(aspects.stock);
  expect(await stock(mine, 2, 4, v(1))).toBe(aspects.quantity);
  expect(await stock(mine, 3, 0, v(2))).toBe(aspects.stock);
  expect(await stock(mine, 4, 0, v(3))).toBe(aspects.quantity);
  expect(await stock(mine, 5, 1, v(4))).toBe(aspects.stock);
});

test("who owned the partition before somebody else did does not know the status any more", async () => {
  await stock(mine, 1, 5, undefined);
  expect(await stock(theirs, 2, 0, v(1))).toBe(aspects.stock);
  expect(await stock(mine, 3, 4, v(2))).toBe(aspects.stock);
  expect(await stock(mine, 4, 3, v(3))).toBe(aspects.quantity);
});

test("lists and the tree are named with the move behind them, once", async () => {
  const fence: Fence = { partition, position: undefined };
  const home = id("home");
  const row = { group: null, direct: [home], shown: [home] };
  const membership = { version: v(1), created: 1, ...row };
  await mine.putCategoryEvents(fence, [
    { kind: "category.modified", id: home, name: "Home", parent_id: null, position: 1, sequence: 1 } as never,
  ]);
  await mine.putRows(fence, [{ id: lamp, membership }]);
  await mine.advance("catalog", [{ partition, from: undefined, to: v(1), headAt: 1 }]);
  expect(told.at(-1)?.names).toEqual([treeName, membersName(home)]);
  const pricing = { version: v(2), price: 2, amount: 7, nextBoundary: undefined };
  await mine.putRows({ partition, position: v(1) }, [{ id: lamp, pricing }]);
  await mine.advance("catalog", [{ partition, from: v(1), to: v(2), headAt: 1 }]);
  expect(told.at(-1)?.names).toEqual([pricesName(home)]);
  await mine.advance("catalog", [{ partition, from: v(2), to: v(2), headAt: 2 }]);
  expect(told.at(-1)).toMatchObject({ names: [], products: new Map() });
});

test("rows that are too many to say which lists they touched leave nothing counted", async () => {
  const uncounted = announcing(
    { ...store, putRows: async () => undefined },
    {
      publish: (bytes) => void told.push(decodeChange(bytes) as Change),
      listen: () => ({ close: () => {} }),
    },
  );
  await uncounted.putRows({ partition, position: undefined }, []);
  await uncounted.advance("catalog", [{ partition, from: undefined, to: v(1), headAt: 1 }]);
  expect(told.at(-1)?.products).toBeUndefined();
  await uncounted.advance("catalog", [{ partition, from: v(1), to: v(2), headAt: 1 }]);
  expect(told.at(-1)?.products).toEqual(new Map());
});
