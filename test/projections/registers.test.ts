import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ReadModel, RegisterPut } from "../../projections/read-model.ts";
import { versionsOf } from "../../projections/version.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { id } from "../streams/id.ts";
import { oddIds, partitionOfId, readModelAdapters, v } from "./read-model-adapters.ts";

const lamp = id("lamp");
const home = id("home");

describe.each(readModelAdapters())("registers ($adapter)", (adapter) => {
  let model: ReadModel;
  beforeAll(async () => {
    model = await adapter.open();
  });
  afterEach(() => model.clear());
  afterAll(() => adapter.close());

  const stock = (product: Identifier, sequence: number, quantity = sequence): RegisterPut => ({
    id: product,
    register: "inventory",
    version: v(sequence),
    value: { quantity, sequence, updated_at: sequence },
  });
  const nothing = { id: lamp, register: "price", version: v(0), value: null } as const;
  const quantityOf = async (product: Identifier) =>
    (await model.readProducts([product]))[0]?.inventory?.value?.quantity;

  test("each is stored with its version", async () => {
    const puts: RegisterPut[] = [
      {
        id: lamp,
        register: "product",
        version: v(1),
        value: {
          title: "Lamp “brass”\n💡",
          description: null,
          brand: null,
          gtin: null,
          status: "active",
          category_ids: [home],
          images: [],
          specs: { constructor: "x" },
          group_id: null,
          options: {},
          sequence: 1,
          updated_at: 1,
        },
      },
      {
        id: lamp,
        register: "price",
        version: v(2),
        value: {
          amount: Number.MAX_SAFE_INTEGER,
          currency: "GBP",
          list_amount: null,
          sequence: 2,
          updated_at: 2,
        },
      },
      stock(lamp, 3),
    ];
    await model.putRegisters([], puts);
    const [read] = await model.readProducts([lamp]);
    const [product, price, inventory] = puts.map(({ version, value }) => ({ version, value }));
    expect(read).toMatchObject({ product, price, inventory });
  });

  test.each([
    ["newer", 2, 2],
    ["equal", 1, 1],
    ["older", 0, 1],
  ])("an %s one decides by its version", async (_, sequence, expected) => {
    await model.putRegisters([], [stock(lamp, 1, 1)]);
    await model.putRegisters([], [stock(lamp, sequence, 100 + sequence)]);
    expect(await quantityOf(lamp)).toBe(expected === 1 ? 1 : 102);
  });

  test("in any order the newest stands", async () => {
    for (const order of [
      [1, 2, 3],
      [3, 2, 1],
      [2, 3, 1],
      [2, 3, 3, 1, 2],
    ]) {
      await model.clear();
      for (const sequence of order) await model.putRegisters([], [stock(lamp, sequence)]);
      expect(await quantityOf(lamp)).toBe(3);
      await model.clear();
      await model.putRegisters(
        [],
        order.map((sequence) => stock(lamp, sequence)),
      );
      expect(await quantityOf(lamp)).toBe(3);
    }
  });

  test("sequences beyond what a double holds are told apart", async () => {
    const next = (text: string) => v(0).replace(/\d{16}/, text.padStart(16, "0")) as ReturnType<typeof v>;
    const put = (version: ReturnType<typeof v>, quantity: number): RegisterPut =>
      ({ ...stock(lamp, quantity), version }) as RegisterPut;
    await model.putRegisters([], [put(next("9007199254740992"), 1)]);
    await model.putRegisters([], [put(next("9007199254740993"), 2)]);
    expect(await quantityOf(lamp)).toBe(2);
    await model.putRegisters([], [put(next("9007199254740992"), 3)]);
    expect(await quantityOf(lamp)).toBe(2);
    await model.putRegisters([], [put(next("10000000000000000"), 4)]);
    await model.putRegisters([], [put(next("999999999999999"), 5)]);
    expect(await quantityOf(lamp)).not.toBe(5);
  });

  test("a newer log beats an older one, then the later event, then the newer fold", async () => {
    const [older, revised, newer] = [versionsOf(1_000, 1), versionsOf(1_000, 2), versionsOf(2_000, 1)];
    const put = (version: ReturnType<typeof v>, quantity: number): RegisterPut =>
      ({ ...stock(lamp, quantity), version }) as RegisterPut;
    await model.putRegisters([], [put(older(900), 1)]);
    await model.putRegisters([], [put(revised(899), 9)]);
    expect(await quantityOf(lamp)).toBe(1);
    await model.putRegisters([], [put(revised(900), 2)]);
    await model.putRegisters([], [put(older(900), 9)]);
    expect(await quantityOf(lamp)).toBe(2);
    await model.putRegisters([], [put(newer(1), 3)]);
    await model.putRegisters([], [put(revised(999), 4)]);
    expect(await quantityOf(lamp)).toBe(3);
  });

  test("a reader puts back only what is absent", async () => {
    const fence = { partition: partitionOfId(lamp), position: undefined };
    await model.putRegisters([], [stock(lamp, 5)]);
    await model.refillRegisters(fence, [stock(lamp, 6), { ...nothing, id: lamp }]);
    const [read] = await model.readProducts([lamp]);
    expect(read?.inventory).toMatchObject({ version: v(5) });
    expect(read?.price).toEqual({ version: nothing.version, value: null });
    await model.refillRegisters(fence, []);
  });

  test("a reader puts nothing back once the partition has moved", async () => {
    const partition = partitionOfId(lamp);
    await model.advance("catalog", [{ partition, from: undefined, to: v(5), headAt: 0 }]);
    for (const position of [undefined, v(4), v(6)]) {
      await model.refillRegisters({ partition, position }, [stock(lamp, 3)]);
      expect(await quantityOf(lamp)).toBeUndefined();
    }
    await model.refillRegisters({ partition, position: v(5) }, [stock(lamp, 3)]);
    expect(await quantityOf(lamp)).toBe(3);
  });

  test("a known nothing is told from an absence", async () => {
    await model.putRegisters([], [{ id: lamp, register: "price", version: v(1), value: null }]);
    const [known, absent] = await model.readProducts([lamp, id("desk")]);
    expect(known?.price).toEqual({ version: v(1), value: null });
    expect(absent?.price).toBeUndefined();
  });

  test("many are read in the order asked, also twice the same", async () => {
    await model.putRegisters(
      [],
      [...oddIds, lamp].map((product, place) => stock(product, place + 1)),
    );
    const asked = [lamp, ...oddIds, id("none"), lamp];
    const read = await model.readProducts(asked);
    expect(read.map(({ inventory }) => inventory?.value?.quantity)).toEqual([
      oddIds.length + 1,
      ...oddIds.map((_, place) => place + 1),
      undefined,
      oddIds.length + 1,
    ]);
    expect(await model.readProducts([])).toEqual([]);
  });
});
