import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { pricingAt } from "../../projections/pricing.ts";
import type { ListingPut, ReadModel } from "../../projections/read-model.ts";
import type { ProductSales } from "../../projections/sales.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { id } from "../streams/id.ts";
import { noPosition, oddIds, partitionOfId, readModelAdapters, v } from "./read-model-adapters.ts";

const lamp = id("lamp");
const home = id("home");

describe.each(readModelAdapters())("listings ($adapter)", (adapter) => {
  let model: ReadModel;
  beforeAll(async () => {
    model = await adapter.open();
  });
  afterEach(() => model.clear());
  afterAll(() => adapter.close());

  const listed = (
    product: Identifier,
    sequence: number,
    {
      created = sequence,
      shown = [home],
      amount,
    }: { created?: number; shown?: readonly Identifier[]; amount?: number } = {},
  ): ListingPut => ({
    id: product,
    membership: { version: v(sequence), created, group: null, direct: shown, shown },
    ...(amount === undefined
      ? {}
      : { pricing: { version: v(sequence), made: sequence, amount, nextBoundary: undefined } }),
  });
  const put = async (...puts: readonly ListingPut[]) => {
    for (const one of puts) await model.putRows(noPosition(partitionOfId(one.id)), [one]);
  };
  const list = async (
    sort: "newest" | "price_asc" | "price_desc",
    offset = 0,
    count = 100,
    category = home,
  ) => {
    const { ids, total } = await model.readListing(category, sort, offset, count);
    return { ids, total };
  };
  const row = async (product: Identifier) => (await model.readRows(partitionOfId(product), [product]))[0];

  test("hundreds at once are as each by itself, new or not, with a price, a group, a boundary or without", async () => {
    const attic = id("attic");
    const products = Array.from({ length: 3_000 }, (_, place) => id(`p${place}`)).filter(
      (product) => partitionOfId(product) === 3,
    );
    const shapes = [
      (product: Identifier, sequence: number) => listed(product, sequence),
      (product: Identifier, sequence: number) => listed(product, sequence, { amount: 7 * sequence }),
      (product: Identifier, sequence: number) =>
        listed(product, sequence, { shown: [home, attic], amount: 5 }),
      (product: Identifier, sequence: number) => listed(product, sequence, { shown: [], created: 4 }),
    ];
    const inFamily = ({ membership, ...one }: ListingPut): ListingPut => ({
      ...one,
      membership: membership && { ...membership, group: id("family") },
    });
    const bounded = (one: ListingPut): ListingPut => ({
      ...one,
      pricing: { version: v(9), made: 9, amount: 9, nextBoundary: 50 },
    });
    const plain = (from: number) =>
      products.map((product, place) => shapes[place % shapes.length]?.(product, from + place) as ListingPut);
    const half = products.length / 2;
    for (const rounds of [
      [plain(10)],
      [plain(10), plain(10_000)],
      [plain(10_000), plain(10)],
      [plain(10).slice(0, half), plain(20)],
      [plain(10).map((put, place) => (place % 50 === 1 ? inFamily(put) : put)), plain(10_000)],
      [plain(10).map((put, place) => (place % 50 === 2 ? bounded(put) : put))],
    ]) {
      const ends = [];
      for (const size of [products.length, 1]) {
        await model.clear();
        for (const puts of rounds) {
          for (let at = 0; at < puts.length; at += size)
            await model.putRows(noPosition(3), puts.slice(at, at + size));
        }
        ends.push({
          rows: await model.readRows(3, products),
          lists: await Promise.all(
            [home, attic].flatMap((category) => [
              list("newest", 0, 999, category),
              list("price_asc", 0, 999, category),
            ]),
          ),
          group: (await model.readGroup(id("family"))).ids,
          due: await model.readDue(3, 100, 999),
        });
      }
      expect(ends[0]).toEqual(ends[1]);
    }
  });

  test("there are none at first", async () => {
    expect(await list("newest")).toEqual({ ids: [], total: 0 });
    expect(await row(lamp)).toBeUndefined();
    expect(await model.readRows(3, [])).toEqual([]);
  });

  test("a put says which lists it touched: by who is in them, or only in their order by price", async () => {
    const [attic, cellar] = [id("attic"), id("cellar")];
    const told = async (one: ListingPut) => {
      const lists = await model.putRows(noPosition(partitionOfId(lamp)), [one]);
      return { members: [...(lists?.members ?? [])].sort(), prices: [...(lists?.prices ?? [])].sort() };
    };
    const priced = (sequence: number, amount: number) => ({
      id: lamp,
      pricing: { version: v(sequence), made: sequence, amount, nextBoundary: undefined },
    });
    expect(await told(listed(lamp, 1, { shown: [attic, home], amount: 5 }))).toEqual({
      members: [attic, home],
      prices: [],
    });
    const nothing = { members: [], prices: [] };
    expect(await told(listed(lamp, 1, { shown: [attic, home], amount: 5 }))).toEqual(nothing);
    expect(await told(priced(2, 7))).toEqual({ members: [], prices: [attic, home] });
    expect(await told(priced(3, 7))).toEqual(nothing);
    expect(await told(priced(1, 9))).toEqual(nothing);
    const moved = await told(listed(lamp, 4, { created: 1, shown: [cellar, home] }));
    expect(moved.members).toEqual(expect.arrayContaining([attic, cellar]));
    expect(await told(listed(lamp, 5, { created: 1, shown: [] }))).toEqual({
      members: [cellar, home],
      prices: [],
    });
    expect(await told(priced(6, 8))).toEqual(nothing);
  });

  test("an amount that falls to half or less is told, whichever way it is written and whoever lists it", async () => {
    const fallen = async (one: ListingPut) =>
      (await model.putRows(noPosition(partitionOfId(lamp)), [one]))?.fallen;
    const priced = (sequence: number, amount: number) => ({
      id: lamp,
      pricing: { version: v(sequence), made: sequence, amount, nextBoundary: undefined },
    });
    expect(await fallen(listed(lamp, 1, { shown: [], amount: 1_000 }))).toEqual([]);
    expect(await fallen(priced(2, 501))).toEqual([]);
    expect(await fallen(priced(3, 1_000))).toEqual([]);
    expect(await fallen(priced(4, 500))).toEqual([lamp]);
    expect(await fallen(priced(4, 500))).toEqual([]);
    expect(await fallen(priced(2, 100))).toEqual([]);
    expect(await fallen(listed(lamp, 5, { created: 1, amount: 250 }))).toEqual([lamp]);
    expect(await fallen(priced(6, 0))).toEqual([lamp]);
    expect(await fallen(priced(7, 0))).toEqual([]);
  });

  test("each in the order of its sort, those without a price last", async () => {
    const [a, b, c, d] = ["a", "b", "c", "d"].map(id) as [Identifier, Identifier, Identifier, Identifier];
    await put(
      listed(a, 1, { amount: 30 }),
      listed(b, 2, { amount: 0 }),
      listed(c, 3),
      listed(d, 4, { amount: 100 }),
    );
    expect((await list("newest")).ids).toEqual([d, c, b, a]);
    expect((await list("price_asc")).ids).toEqual([b, a, d, c]);
    expect((await list("price_desc")).ids).toEqual([d, a, b, c]);
  });

  test("prices are numbers, not texts, up to the largest", async () => {
    const amounts = [9, 10, 100, 2, 0, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1];
    await put(...amounts.map((amount, place) => listed(id(`p${place}`), place + 1, { amount })));
    const inOrder = amounts.map((amount, place) => ({ amount, place })).sort((x, y) => x.amount - y.amount);
    expect((await list("price_asc")).ids).toEqual(inOrder.map(({ place }) => id(`p${place}`)));
    expect((await list("price_desc")).ids).toEqual(inOrder.map(({ place }) => id(`p${place}`)).reverse());
  });

  test("equal ones are ordered by the bytes of their identifiers, whatever the partition", async () => {
    const all = [...oddIds, lamp, id("Lamp"), id("lamp2"), id("～"), id("𐀀")];
    await put(...all.map((product) => listed(product, 5, { amount: 7 })));
    const inOrder = all.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect((await list("price_asc")).ids).toEqual(inOrder);
    expect((await list("price_desc")).ids).toEqual(inOrder.toReversed());
    expect((await list("newest")).ids).toEqual(inOrder.toReversed());
  });

  test("pages side by side are the whole list, each product once", async () => {
    const products = Array.from({ length: 57 }, (_, place) => id(`p${place}`));
    await put(
      ...products.map((product, place) =>
        listed(product, place + 1, place % 5 === 0 ? {} : { amount: place % 7 }),
      ),
    );
    for (const sort of ["newest", "price_asc", "price_desc"] as const) {
      const whole = await list(sort);
      expect(whole.total).toBe(57);
      const pages = [];
      for (let offset = 0; offset < 60; offset += 10) pages.push(await list(sort, offset, 10));
      expect(pages.flatMap(({ ids }) => ids)).toEqual(whole.ids);
      expect(pages.every(({ total }) => total === 57)).toBe(true);
      expect((await list(sort, 100, 10)).ids).toEqual([]);
    }
  });

  test.each(oddIds)("%s as a category and as a product", async (name) => {
    await put(listed(name, 1, { shown: [name, home] }));
    expect((await list("newest", 0, 10, name)).ids).toEqual([name]);
    expect((await list("newest")).ids).toEqual([name]);
    expect(await row(name)).toMatchObject({ direct: [name, home], shown: [name, home], created: 1 });
    const shown: Identifier[] = [];
    for await (const some of model.readShown(partitionOfId(name), name)) shown.push(...some);
    expect(shown).toEqual([name]);
  });

  test("a membership is replaced by a newer one alone", async () => {
    const wood = id("wood");
    await put(listed(lamp, 5, { shown: [wood] }));
    await put(listed(lamp, 4, { shown: [home] }), listed(lamp, 5, { shown: [home] }));
    expect(await row(lamp)).toMatchObject({ membership: v(5), shown: [wood] });
    await put(listed(lamp, 6, { shown: [home] }));
    expect((await list("newest", 0, 9, wood)).total).toBe(0);
    expect((await list("newest")).ids).toEqual([lamp]);
    await put(listed(lamp, 7, { shown: [] }));
    expect((await list("newest")).total).toBe(0);
    expect((await list("price_asc")).ids).toEqual([]);
  });

  test("a product keeps the sequence under which it was created", async () => {
    await put(listed(lamp, 3, { created: 3 }), listed(lamp, 9, { created: 9 }));
    expect((await row(lamp))?.created).toBe(3);
  });

  test("a product keeps the earliest sequence whatever the order of the writes", async () => {
    await put(listed(lamp, 9, { created: 9 }), listed(lamp, 3, { created: 3 }));
    expect((await row(lamp))?.created).toBe(3);
  });

  test("membership and pricing stand apart, whichever comes first", async () => {
    const pricing = { version: v(8), made: 8, amount: 40, nextBoundary: undefined };
    await put({ id: lamp, pricing });
    expect(await row(lamp)).toEqual({
      membership: undefined,
      created: undefined,
      group: null,
      direct: [],
      shown: [],
      priced: v(8),
      amount: 40,
    });
    expect((await list("price_asc")).total).toBe(0);
    const group = id("a {group}");
    await put({
      id: lamp,
      membership: { version: v(2), created: 2, group, direct: [home], shown: [home] },
    });
    expect(await row(lamp)).toEqual({
      membership: v(2),
      created: 2,
      group,
      direct: [home],
      shown: [home],
      priced: v(8),
      amount: 40,
    });
    await put(listed(id("desk"), 3, { amount: 30 }));
    expect((await list("price_asc")).ids).toEqual([id("desk"), lamp]);
    await put({ id: lamp, pricing: { ...pricing, version: v(9), made: 9, amount: 20 } });
    expect((await list("price_asc")).ids).toEqual([lamp, id("desk")]);
  });

  test("a pricing made of the same is taken, one with anything older in it is not", async () => {
    await put(listed(lamp, 5, { amount: 10 }));
    await put({ id: lamp, pricing: { version: v(5), made: 5, amount: 7, nextBoundary: undefined } });
    expect((await row(lamp))?.amount).toBe(7);
    await put({ id: lamp, pricing: { version: v(5), made: 3, amount: 8, nextBoundary: undefined } });
    expect((await row(lamp))?.amount).toBe(7);
    await put({ id: lamp, pricing: { version: v(4), made: 4, amount: 9, nextBoundary: undefined } });
    expect((await row(lamp))?.amount).toBe(7);
  });

  test("of two pricings of one price or of one sale, the one with the older other is not taken", async () => {
    const versions = (sequence: number) => v(sequence);
    const price = (sequence: number, amount: number) =>
      ({ amount, currency: "GBP", list_amount: null, sequence, updated_at: 0 }) as const;
    const sales = (sequence: number, amount: number): ProductSales => ({
      sequence,
      updated_at: 0,
      entries: [
        {
          sale_id: id("spring"),
          starts_at: 0,
          ends_at: 9,
          amount,
          currency: "GBP",
          purchase_limit: null,
          sequence,
        },
      ],
    });
    await put(listed(lamp, 1));
    const made = [
      [
        pricingAt(versions, price(15, 22), sales(10, 20), 1),
        pricingAt(versions, price(15, 22), sales(7, 11), 1),
      ],
      [
        pricingAt(versions, price(16, 30), sales(20, 25), 1),
        pricingAt(versions, price(15, 22), sales(20, 25), 10),
      ],
    ] as const;
    for (const [newer, older] of made) {
      expect(newer.amount).not.toBe(older.amount);
      await put({ id: lamp, pricing: newer });
      await put({ id: lamp, pricing: older });
      expect((await row(lamp))?.amount).toBe(newer.amount);
    }
  });

  test("more rows than one call takes", async () => {
    const products = Array.from({ length: 9_000 }, (_, place) => id(`p${place}`)).filter(
      (product) => partitionOfId(product) === 3,
    );
    expect(products.length).toBeGreaterThan(500);
    await model.putRows(
      noPosition(3),
      products.map((product, place) => listed(product, place + 1, { amount: place })),
    );
    expect((await list("price_asc", 0, 10_000)).ids).toEqual(products);
    const shown: Identifier[] = [];
    for await (const some of model.readShown(3, home)) shown.push(...some);
    expect(new Set(shown)).toEqual(new Set(products));
  });

  test("what is due by the clock comes first by its moment, and only once it is", async () => {
    const partition = partitionOfId(lamp);
    const same = Array.from({ length: 500 }, (_, place) => id(`p${place}`)).filter(
      (product) => partitionOfId(product) === partition,
    );
    const [a, b] = same as [Identifier, Identifier];
    const due = (product: Identifier, sequence: number, nextBoundary: number | undefined): ListingPut => ({
      id: product,
      pricing: { version: v(sequence), made: sequence, amount: 1, nextBoundary },
    });
    const moment = Date.parse("2026-11-27T00:00:00Z");
    await put(due(a, 1, moment + 2), due(b, 2, moment), due(lamp, 3, undefined));
    expect(await model.readDue(partition, moment - 1, 10)).toEqual([]);
    expect(await model.readDue(partition, moment, 10)).toEqual([b]);
    expect(await model.readDue(partition, moment + 5, 10)).toEqual([b, a]);
    expect(await model.readDue(partition, moment + 5, 1)).toEqual([b]);
    expect(await model.readDue((partition + 1) % 16, moment + 5, 10)).toEqual([]);
    await put(due(b, 2, undefined), due(a, 0, undefined));
    expect(await model.readDue(partition, moment + 5, 10)).toEqual([a]);
  });
});
