import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ReadModel, RegisterPut, Stamp } from "../../projections/read-model.ts";
import { versionsOf } from "../../projections/version.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { allPartitions } from "../../streams/partition.ts";
import { id } from "../streams/id.ts";
import { oddIds, partitionOfId, readModelAdapters, v } from "./read-model-adapters.ts";

const lamp = id("lamp");
const vase = id("vase");

describe.each(readModelAdapters())("stored answers ($adapter)", (adapter) => {
  let model: ReadModel;
  beforeAll(async () => {
    model = await adapter.open();
  });
  beforeEach(async () => {
    await model.clear();
    const moves = allPartitions.map((partition) => ({ partition, from: undefined, to: v(1), headAt: 1 }));
    await model.advance("catalog", moves);
  });
  afterAll(() => adapter.close());

  const fenceOf = (product: Identifier) => ({ partition: partitionOfId(product), position: v(1) });
  const put = (...puts: RegisterPut[]) =>
    model.putRegisters(
      puts.map((one) => fenceOf(one.id)),
      puts,
    );
  const nothing = (product: Identifier, register: "product" | "price" | "inventory", sequence = 0) =>
    ({ id: product, register, version: v(sequence), value: null }) as RegisterPut;
  const stock = (product: Identifier, sequence: number): RegisterPut => ({
    id: product,
    register: "inventory",
    version: v(sequence),
    value: { quantity: sequence, sequence, updated_at: sequence },
  });
  const stampOf = async (product: Identifier) => (await model.readProducts([product]))[0]?.stamp;
  const answerOf = async (product: Identifier) => (await model.readAnswers([product]))[0]?.answer?.toString();

  /** Makes the product's registers and stores an answer about them. */
  async function store(product: Identifier, text = `“${product}” 💡\r\n`): Promise<void> {
    await put(nothing(product, "product"), nothing(product, "price"), stock(product, 5));
    await model.putAnswer(product, (await stampOf(product)) as Stamp, Buffer.from(text));
  }

  test("an answer comes back byte by byte, with where its partition stands", async () => {
    await store(lamp);
    const move = { partition: partitionOfId(lamp), from: v(1), to: v(9), headAt: 7 };
    await model.advance("catalog", [move]);
    const [read] = await model.readAnswers([lamp]);
    expect(read?.answer?.equals(Buffer.from("“lamp” 💡\r\n"))).toBe(true);
    expect(read?.position).toEqual({ version: v(9), headAt: 7 });
  });

  test("many are read at once, in the order asked, whatever they are called", async () => {
    for (const product of oddIds) await store(product);
    const asked = [...oddIds, vase, ...oddIds];
    const answers = (await model.readAnswers(asked)).map(({ answer }) => answer?.toString());
    expect(answers).toEqual(asked.map((one) => (one === vase ? undefined : `“${one}” 💡\r\n`)));
    expect(await model.readAnswers([])).toEqual([]);
  });

  test("one that was made of what does not stand there any more is not stored", async () => {
    await store(lamp);
    const stamp = await stampOf(lamp);
    await put(stock(lamp, 6));
    await model.putAnswer(lamp, stamp as Stamp, Buffer.from("of before"));
    expect(await answerOf(lamp)).toBeUndefined();
  });

  test("one of a product that is not there whole is not stored", async () => {
    await put(stock(lamp, 5));
    expect(await stampOf(lamp)).toBeUndefined();
    await model.putAnswer(lamp, { position: v(1), parts: `${v(0)}${v(0)}${v(5)}` }, Buffer.from("of nobody"));
    expect(await answerOf(lamp)).toBeUndefined();
  });

  test("one that was made before the position moved is not stored", async () => {
    await store(lamp);
    const stamp = await stampOf(lamp);
    const move = { partition: partitionOfId(lamp), from: v(1), to: v(9), headAt: 7 };
    await model.advance("catalog", [move]);
    await model.putAnswer(lamp, stamp as Stamp, Buffer.from("of before"));
    expect(await answerOf(lamp)).toBe("“lamp” 💡\r\n");
  });

  test("one of a product whose register was evicted meanwhile is not stored", async () => {
    await store(lamp);
    const stamp = await stampOf(lamp);
    await adapter.evict("price", lamp);
    expect(await stampOf(lamp)).toBeUndefined();
    await model.putAnswer(lamp, stamp as Stamp, Buffer.from("of before"));
    expect(await answerOf(lamp)).toBe("“lamp” 💡\r\n");
  });

  test("an evicted register that is put back as it was leaves what was made of it", async () => {
    await store(lamp);
    const stamp = await stampOf(lamp);
    await adapter.evict("price", lamp);
    await model.refillRegisters(fenceOf(lamp), [nothing(lamp, "price")]);
    expect([await stampOf(lamp), await answerOf(lamp)]).toEqual([stamp, "“lamp” 💡\r\n"]);
  });

  test("each of many partitions is read with its own position, and none where it has none", async () => {
    await model.clear();
    const products = Array.from({ length: 300 }, (_, at) => id(`SKU-${at}`));
    const without = partitionOfId(lamp);
    const partitions = [...new Set(products.map(partitionOfId))].filter((one) => one !== without);
    const moves = partitions.map((partition) => ({
      partition,
      from: undefined,
      to: v(100 + partition),
      headAt: partition,
    }));
    await model.advance("catalog", moves);
    const reads = await model.readAnswers(products);
    expect(reads.map(({ position }) => position)).toEqual(
      products.map(partitionOfId).map((partition) => {
        return partition === without ? undefined : { version: v(100 + partition), headAt: partition };
      }),
    );
  });

  test("any bytes come back as they were", async () => {
    await store(lamp);
    const bytes = Buffer.from(Array.from({ length: 1_024 }, (_, at) => at % 256));
    await model.putAnswer(lamp, (await stampOf(lamp)) as Stamp, bytes);
    expect((await model.readAnswers([lamp]))[0]?.answer?.equals(bytes)).toBe(true);
  });

  test("one call that writes many products removes the answers of all of them, and of no other one", async () => {
    const products = Array.from({ length: 250 }, (_, at) => id(`SKU-${at}`));
    for (const product of [...products, vase]) await store(product);
    await put(...products.flatMap((product) => [stock(product, 6), nothing(product, "price", 6)]));
    const reads = await model.readAnswers(products);
    expect(reads.filter(({ answer }) => answer !== undefined)).toEqual([]);
    expect(await answerOf(vase)).toBe("“vase” 💡\r\n");
  });

  const older = versionsOf(Date.parse("2026-11-26T00:00:00Z"))(1);
  const sale = { sale_id: id("s"), starts_at: 1, ends_at: 2 };
  const writes: Readonly<Record<string, (product: Identifier) => Promise<unknown>>> = {
    "newer details": (product) => put(nothing(product, "product", 6)),
    "a newer price": (product) => put(nothing(product, "price", 6)),
    "newer stock": (product) => put(stock(product, 6)),
    // Whoever wrote it before may have died before anything else.
    "the same stock again": (product) => put(stock(product, 5)),
    "an older price": (product) => put({ id: product, register: "price", version: older, value: null }),
    "a rating": (product) =>
      model.putRatings(fenceOf(product), [
        { id: product, version: v(6), rating: { count: 1, sum: 4, sequence: 6 }, given: [] },
      ]),
    "a sale": (product) =>
      model.putSale(fenceOf(product), {
        sale: sale.sale_id,
        version: v(6),
        value: { ...sale, items: [], sequence: 6 } as never,
        products: [{ id: product, value: { entries: [], sequence: 6, updated_at: 6 } }],
      }),
  };

  test.each(Object.keys(writes))("%s removes it, and no other one", async (name) => {
    for (const product of [lamp, vase]) await store(product);
    await writes[name]?.(lamp);
    expect(await answerOf(lamp)).toBeUndefined();
    expect(await answerOf(vase)).toBe("“vase” 💡\r\n");
  });

  test.each(["a rating", "a sale"])("one that was made before %s is not stored after it", async (name) => {
    await store(lamp);
    const stamp = await stampOf(lamp);
    await writes[name]?.(lamp);
    await model.putAnswer(lamp, stamp as Stamp, Buffer.from("of before"));
    expect(await answerOf(lamp)).toBeUndefined();
    await model.putAnswer(lamp, (await stampOf(lamp)) as Stamp, Buffer.from("of after"));
    expect(await answerOf(lamp)).toBe("of after");
  });

  test("an emptied store has none", async () => {
    await store(lamp);
    await model.clear();
    expect(await answerOf(lamp)).toBeUndefined();
  });

  test("a product without a row does not exist, one with a price alone neither", async () => {
    const existsOf = async (product: Identifier) => (await model.readProducts([product]))[0]?.exists;
    expect(await existsOf(lamp)).toBe(false);
    await model.putRows(fenceOf(lamp), [
      { id: lamp, pricing: { version: v(3), made: 5, amount: 5, nextBoundary: undefined } },
    ]);
    expect(await existsOf(lamp)).toBe(false);
    const membership = { version: v(4), created: 4, group: null, direct: [], shown: [] };
    await model.putRows(fenceOf(lamp), [{ id: lamp, membership }]);
    expect(await existsOf(lamp)).toBe(true);
    await put(nothing(lamp, "product", 4));
    expect(await existsOf(lamp)).toBeUndefined();
  });
});
