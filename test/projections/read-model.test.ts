import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ReadModel, RegisterPut } from "../../projections/read-model.ts";
import type { Reviews } from "../../projections/reviews.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { allPartitions } from "../../streams/partition.ts";
import { id } from "../streams/id.ts";
import { happened } from "./happened.ts";
import { noPosition, oddIds, partitionOfId, readModelAdapters, v } from "./read-model-adapters.ts";

const lamp = id("lamp");
const ofLamp = noPosition(partitionOfId(lamp));

describe.each(readModelAdapters())("the read models ($adapter)", (adapter) => {
  let model: ReadModel;
  beforeAll(async () => {
    model = await adapter.open();
  });
  afterEach(() => model.clear());
  afterAll(() => adapter.close());

  describe("positions", () => {
    test("there is none at first, and the first move is from none", async () => {
      expect(await model.positions("catalog", allPartitions)).toEqual(new Map());
      expect(
        await model.advance("catalog", [{ partition: 3, from: undefined, to: v(5), headAt: 9 }]),
      ).toEqual(new Map());
      expect(await model.positions("catalog", allPartitions)).toEqual(
        new Map([[3, { version: v(5), headAt: 9 }]]),
      );
    });

    test("one moves only from where its owner saw it, and what stands there is told", async () => {
      await model.advance("catalog", [{ partition: 3, from: undefined, to: v(5), headAt: 0 }]);
      const moves = [
        { partition: 3, from: v(4), to: v(9), headAt: 0 },
        { partition: 4, from: v(4), to: v(9), headAt: 0 },
        { partition: 5, from: undefined, to: v(9), headAt: 0 },
      ];
      expect(await model.advance("catalog", moves)).toEqual(
        new Map([
          [3, { version: v(5), headAt: 0 }],
          [4, undefined],
        ]),
      );
      expect(await model.positions("catalog", [3, 4, 5])).toEqual(
        new Map([
          [3, { version: v(5), headAt: 0 }],
          [5, { version: v(9), headAt: 0 }],
        ]),
      );
    });

    test("one may stay and be confirmed, or go back", async () => {
      await model.advance("catalog", [{ partition: 3, from: undefined, to: v(5), headAt: 1 }]);
      await model.advance("catalog", [{ partition: 3, from: v(5), to: v(5), headAt: 2 }]);
      expect((await model.positions("catalog", [3])).get(3)?.headAt).toBe(2);
      await model.advance("catalog", [{ partition: 3, from: v(5), to: v(1), headAt: 3 }]);
      expect((await model.positions("catalog", [3])).get(3)?.version).toBe(v(1));
    });

    test("those of the two logs are apart, and a product's own is read with it", async () => {
      const move = { partition: partitionOfId(lamp), from: undefined, to: v(5), headAt: 7 };
      await model.advance("activity", [move]);
      expect((await model.readProducts([lamp]))[0]?.position).toBeUndefined();
      await model.advance("catalog", [move]);
      expect((await model.readProducts([lamp]))[0]?.position).toEqual({ version: v(5), headAt: 7 });
    });

    test("nothing to ask and nothing to move is nothing", async () => {
      expect(await model.positions("catalog", [])).toEqual(new Map());
      expect(await model.advance("catalog", [])).toEqual(new Map());
    });
  });

  describe("the newest reviews", () => {
    const reviews = (sequence: number): Reviews => ({
      newest: [
        {
          review_id: id("röd {x}"),
          rating: 5,
          title: "“Good”\n💡",
          body: null,
          author: null,
          posted_at: sequence,
          sequence,
        },
      ],
      sequence,
    });
    const put = (product: Identifier, sequence: number) =>
      model.putReviews(noPosition(partitionOfId(product)), [
        { id: product, version: v(sequence), value: reviews(sequence) },
      ]);

    test("are stored with their version and read in the order asked, also twice the same", async () => {
      for (const [place, product] of oddIds.entries()) await put(product, place + 1);
      const stored = oddIds.map((_, place) => ({ version: v(place + 1), value: reviews(place + 1) }));
      expect(await model.readReviews(oddIds)).toEqual(stored);
      const [first, second] = oddIds as [Identifier, Identifier];
      expect(await model.readReviews([second, lamp, first, second])).toEqual([
        stored[1],
        undefined,
        stored[0],
        stored[1],
      ]);
      expect(await model.readReviews([])).toEqual([]);
    });

    test("of several products at once, and the newer stand", async () => {
      const same = Array.from({ length: 500 }, (_, place) => id(`p${place}`)).filter(
        (product) => partitionOfId(product) === partitionOfId(lamp),
      );
      const [desk] = same as [Identifier];
      const puts = (...ofEach: readonly [Identifier, number][]) =>
        model.putReviews(
          ofLamp,
          ofEach.map(([product, sequence]) => ({
            id: product,
            version: v(sequence),
            value: reviews(sequence),
          })),
        );
      await puts([lamp, 5], [desk, 6]);
      await puts([lamp, 4], [desk, 7]);
      await puts();
      const read = await model.readReviews([lamp, desk]);
      expect(read.map((one) => one?.value?.sequence)).toEqual([5, 7]);
    });
  });

  describe("ratings", () => {
    const review = (text: string, sequence: number, rating: number) => ({
      review: id(text),
      version: v(sequence),
      rating,
    });
    const put = (
      product: Identifier,
      sequence: number,
      count: number,
      given: ReturnType<typeof review>[],
    ) => ({
      id: product,
      version: v(sequence),
      rating: { count, sum: count, sequence },
      given,
    });

    test.each([lamp, ...oddIds])("of %s, with what each review counts for", async (product) => {
      const reviews = [id("r1"), ...oddIds];
      await model.putRatings(noPosition(partitionOfId(product)), [
        put(
          product,
          9,
          3,
          reviews.map((name, place) => review(name, place + 1, place % 5)),
        ),
      ]);
      const [read] = await model.readRatings([{ id: product, reviews: [...reviews, id("unknown")] }]);
      expect(read?.rating).toEqual({ count: 3, sum: 3, sequence: 9 });
      expect(read?.given).toEqual(
        new Map(reviews.map((name, place) => [name, { rating: place % 5, sequence: place + 1 }])),
      );
      expect((await model.readProducts([product]))[0]?.rating).toEqual({ count: 3, sum: 3, sequence: 9 });
    });

    test("the newer rating stands, and each review's newer one by itself", async () => {
      await model.putRatings(ofLamp, [put(lamp, 5, 2, [review("r1", 5, 5)])]);
      await model.putRatings(ofLamp, [put(lamp, 3, 1, [review("r1", 3, 3), review("r2", 3, 3)])]);
      await model.putRatings(ofLamp, [put(lamp, 5, 9, [review("r1", 5, 1)])]);
      const [read] = await model.readRatings([{ id: lamp, reviews: [id("r1"), id("r2")] }]);
      expect(read?.rating?.count).toBe(2);
      expect(read?.given.get(id("r1"))).toEqual({ rating: 5, sequence: 5 });
      expect(read?.given.get(id("r2"))).toEqual({ rating: 3, sequence: 3 });
    });

    test("a review named like the rating is no rating", async () => {
      await model.putRatings(ofLamp, [put(lamp, 5, 2, [review("rating", 9, 1)])]);
      expect((await model.readProducts([lamp]))[0]?.rating).toEqual({ count: 2, sum: 2, sequence: 5 });
    });

    test("there is none at first", async () => {
      expect(await model.readRatings([{ id: lamp, reviews: [id("r1")] }])).toEqual([
        { rating: undefined, given: new Map() },
      ]);
      expect(await model.readRatings([])).toEqual([]);
    });
  });

  describe("sales", () => {
    const entry = (sequence: number) => ({ entries: [], sequence, updated_at: sequence });
    const sale = (sequence: number) => ({ starts_at: 1, ends_at: 2, items: [], named: [], sequence });

    test.each(oddIds)("%s as a sale and as a product are two things", async (name) => {
      const partition = partitionOfId(name);
      await model.putSale(noPosition(partition), {
        sale: name,
        version: v(1),
        value: sale(1),
        products: [{ id: name, value: entry(1) }],
      });
      expect(await model.readSale(partition, name)).toEqual(sale(1));
      expect(await model.readSalesOf(partition, [name, id("none")])).toEqual([entry(1), undefined]);
      expect((await model.readProducts([name]))[0]?.sales).toEqual(entry(1));
      expect(await model.readSale((partition + 1) % 16, name)).toBeUndefined();
    });

    test("the newer stands, for the sale and for each product by itself", async () => {
      const put = (sequence: number, ...products: Identifier[]) =>
        model.putSale(ofLamp, {
          sale: id("friday"),
          version: v(sequence),
          value: sale(sequence),
          products: products.map((product) => ({ id: product, value: entry(sequence) })),
        });
      await put(5, lamp);
      await put(3, lamp, id("desk"));
      await put(5);
      expect(await model.readSale(partitionOfId(lamp), id("friday"))).toEqual(sale(5));
      expect(await model.readSalesOf(partitionOfId(lamp), [lamp, id("desk")])).toEqual([entry(5), entry(3)]);
    });

    test("one of thousands of products is stored whole", async () => {
      const products = Array.from({ length: 1_234 }, (_, place) => ({
        id: id(`p${place}`),
        value: entry(7),
      }));
      await model.putSale(noPosition(4), { sale: id("big"), version: v(7), value: sale(7), products });
      const read = await model.readSalesOf(
        4,
        products.map((product) => product.id),
      );
      expect(read.every((value) => value?.sequence === 7)).toBe(true);
      expect(await model.readSale(4, id("big"))).toEqual(sale(7));
      expect(await model.readSalesOf(4, [])).toEqual([]);
    });
  });

  describe("groups", () => {
    test("the members, by the bytes of their identifiers; who left is none", async () => {
      const group = id("röd {grupp}");
      const put = (member: Identifier, sequence: number, named: Identifier | null) =>
        model.putRows(noPosition(partitionOfId(member)), [
          {
            id: member,
            membership: { version: v(sequence), created: 1, group: named, direct: [], shown: [] },
          },
        ]);
      for (const member of [...oddIds, lamp]) await put(member, 5, group);
      await put(lamp, 4, null);
      await put(oddIds[0] ?? lamp, 6, id("another"));
      await put(id("late"), 2, null);
      await put(id("late"), 1, group);
      const members = [...oddIds.slice(1), lamp].sort((a, b) =>
        Buffer.compare(Buffer.from(a), Buffer.from(b)),
      );
      expect((await model.readGroup(group)).ids).toEqual(members);
      expect((await model.readGroup(id("another"))).ids).toEqual([oddIds[0] ?? lamp]);
      expect((await model.readGroup(id("none"))).ids).toEqual([]);
    });
  });

  describe("the tree's events", () => {
    test("are kept once, in the order of the log, until they are dropped", async () => {
      const events = [9, 100, 20, 3].map((sequence) =>
        happened(sequence, "category.modified", "röd {x}", { name: `n${sequence}`, parent_id: "a:b" }),
      );
      await model.putCategoryEvents(noPosition(0), events);
      await model.putCategoryEvents(noPosition(0), events.slice(1));
      const inOrder = events.toSorted((a, b) => a.sequence - b.sequence);
      expect((await model.readCategoryEvents()).events).toEqual(inOrder);
      await model.dropCategoryEvents([9, 20, 4_000]);
      expect((await model.readCategoryEvents()).events.map(({ sequence }) => sequence)).toEqual([3, 100]);
      await model.putCategoryEvents(noPosition(0), []);
      await model.dropCategoryEvents([]);
    });
  });

  test("clear forgets everything", async () => {
    const put: RegisterPut = {
      id: lamp,
      register: "inventory",
      version: v(1),
      value: { quantity: 1, sequence: 1, updated_at: 1 },
    };
    await model.putRegisters([], [put]);
    await model.advance("catalog", [{ partition: 3, from: undefined, to: v(5), headAt: 9 }]);
    await model.clear();
    expect(await model.positions("catalog", allPartitions)).toEqual(new Map());
    expect((await model.readProducts([lamp]))[0]?.inventory).toBeUndefined();
  });
});
