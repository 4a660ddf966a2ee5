import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Fence, PositionMoved, type ReadModel } from "../../projections/read-model.ts";
import { foldRevision, inLife, type Version, versionsOf } from "../../projections/version.ts";
import { id } from "../streams/id.ts";
import { happened } from "./happened.ts";
import { partitionOfId, readModelAdapters, v } from "./read-model-adapters.ts";

/** What is made from more than one event is written only while its partition is where the writer found it. */

const lamp = id("lamp");
const home = id("home");
const friday = id("friday");
const partition = partitionOfId(lamp);
/** More products than one call to a server takes; a fence does not ask whose they are. */
const many = Array.from({ length: 1_234 }, (_, place) => id(`p${place}`));

/** Puts of which a later one changes all that is read. */
interface FencedPut {
  put(model: ReadModel, fence: Fence, sequence: number): Promise<unknown>;
  read(model: ReadModel): Promise<unknown>;
}

const reviews: FencedPut = {
  put: (model, fence, sequence) =>
    model.putReviews(fence, [{ id: lamp, version: v(sequence), value: { newest: [], sequence } }]),
  read: (model) => model.readReviews([lamp]),
};

const ratings: FencedPut = {
  put: (model, fence, sequence) =>
    model.putRatings(fence, [
      {
        id: lamp,
        version: v(sequence),
        rating: { count: 1, sum: 5, sequence },
        given: [{ review: id("r1"), version: v(sequence), rating: 5 }],
      },
    ]),
  read: (model) => model.readRatings([{ id: lamp, reviews: [id("r1")] }]),
};

const sale: FencedPut = {
  put: (model, fence, sequence) =>
    model.putSale(fence, {
      sale: friday,
      version: v(sequence),
      value: { starts_at: 1, ends_at: 2, items: [], named: [], sequence },
      products: many.map((product) => ({ id: product, value: { entries: [], sequence, updated_at: 1 } })),
    }),
  read: async (model) => [await model.readSale(partition, friday), await model.readSalesOf(partition, many)],
};

const groupAt = (sequence: number) => id(`group ${sequence}`);
const rows: FencedPut = {
  put: (model, fence, sequence) =>
    model.putRows(
      fence,
      many.map((product) => ({
        id: product,
        membership: {
          version: v(sequence),
          created: 1,
          group: groupAt(sequence),
          direct: [home],
          shown: [home],
        },
        pricing: { version: v(sequence), made: sequence, amount: sequence, nextBoundary: sequence },
      })),
    ),
  read: async (model) => [
    await model.readRows(partition, many),
    (await model.readListing(home, "newest", 0, 9)).total,
    (await model.readDue(partition, 1, 9)).length,
    (await model.readGroup(groupAt(1))).ids,
    (await model.readGroup(groupAt(2))).ids,
  ],
};

const registers: FencedPut = {
  put: (model, fence, sequence) =>
    model.putRegisters(
      [fence],
      [lamp, ...many].map((product) => ({
        id: product,
        register: "inventory",
        version: v(sequence),
        value: { quantity: sequence, sequence, updated_at: 1 },
      })),
    ),
  read: async (model) => (await model.readProducts([lamp]))[0]?.inventory,
};

const categoryEvents: FencedPut = {
  put: (model, fence, sequence) =>
    model.putCategoryEvents(fence, [happened(sequence, "category.modified", "home", { name: "Home" })]),
  read: async (model) => (await model.readCategoryEvents()).events,
};

const puts = { categoryEvents, registers, reviews, ratings, sale, rows };

describe.each(readModelAdapters())("fences ($adapter)", (adapter) => {
  let model: ReadModel;
  beforeAll(async () => {
    model = await adapter.open();
  });
  afterEach(() => model.clear());
  afterAll(() => adapter.close());

  const moveTo = async (to: Version, headAt = 0) => {
    const from = (await model.positions("catalog", [partition])).get(partition)?.version;
    await model.advance("catalog", [{ partition, from, to, headAt }]);
  };

  describe.each(Object.entries(puts))("%s", (_, { put, read }) => {
    const expectRefused = async (position: Version | undefined) => {
      const before = await read(model);
      await expect(put(model, { partition, position }, 2)).rejects.toBeInstanceOf(PositionMoved);
      expect(await read(model)).toEqual(before);
    };
    const expectTaken = async (position: Version | undefined, sequence: number) => {
      const before = await read(model);
      await put(model, { partition, position }, sequence);
      expect(await read(model)).not.toEqual(before);
    };

    test.each([
      ["none", undefined],
      ["an older one", v(4)],
      ["a newer one", v(6)],
      ["one of another log", versionsOf(1_000)(5)],
      ["one of an older fold", versionsOf(Date.parse("2026-11-27T00:00:00Z"), foldRevision - 1)(5)],
    ])("a fence at %s is refused where another position stands", async (_, position) => {
      await moveTo(v(5));
      await expectRefused(position);
      await expectTaken(v(5), 1);
      await expectRefused(position);
      await expectTaken(v(5), 2);
    });

    test("a fence at a position is refused where none stands, also after the store was emptied", async () => {
      await expectRefused(v(5));
      await expectTaken(undefined, 1);
      await moveTo(v(5));
      await expectTaken(v(5), 2);
      await model.clear();
      await expectRefused(v(5));
      await expectTaken(undefined, 1);
    });

    test("a fence follows its position forward and back", async () => {
      await moveTo(v(5));
      await expectTaken(v(5), 1);
      await moveTo(v(9));
      await expectRefused(v(5));
      await moveTo(v(3));
      await expectRefused(v(9));
      await expectTaken(v(3), 2);
    });

    test("a fence of another life of the store is refused, wherever it stands", async () => {
      await moveTo(inLife(v(5), "a"), 7);
      await expectTaken(inLife(v(5), "a"), 1);
      await expectRefused(inLife(v(5), "b"));
      await expectRefused(v(5));
      await moveTo(inLife(v(5), "b"), 7);
      await expectRefused(inLife(v(5), "a"));
      expect((await model.positions("catalog", [partition])).get(partition)).toEqual({
        version: inLife(v(5), "b"),
        headAt: 7,
      });
    });

    test("when the head was last seen is no part of the fence", async () => {
      await moveTo(v(5), 7);
      await expectTaken(v(5), 1);
      await moveTo(v(5), 8);
      await expectTaken(v(5), 2);
    });

    test("the positions of other partitions and of the other log do not count", async () => {
      await model.advance("activity", [{ partition, from: undefined, to: v(5), headAt: 0 }]);
      const other = (partition + 1) % 16;
      await model.advance("catalog", [{ partition: other, from: undefined, to: v(5), headAt: 0 }]);
      await expectRefused(v(5));
      await expectTaken(undefined, 1);
    });
  });
});
