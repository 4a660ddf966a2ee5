import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeHeldWord, encodeHotWord } from "../../actors/hot/hot-word.ts";
import { decodeParts, renderProduct } from "../../api/gateway/product-parts.ts";
import { untilReached } from "../../ops/verify/verify.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { versionsOf } from "../../projections/version.ts";
import type { Broadcast } from "../../streams/broadcast.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { createMemoryBroadcast } from "../../streams/memory-broadcast.ts";
import { id } from "../streams/id.ts";
import { event, noon, products, type Published } from "../verify/random-shop.ts";
import { createWorld, type World } from "../verify/world.ts";

/** Values that come without being asked for: taken where they include all that was heard, and never otherwise. */

const mug = id("mug");
const pathOf = (product: Identifier) => `/api/products/${encodeURIComponent(product)}`;

function publish(kind: string, payload: object): Published {
  return { subject: `catalog.${kind}.${tokenOf(mug)}`, payload: JSON.stringify(payload) };
}
const priced = (amount: number) => publish("price.updated", { new_price: { amount, currency: "GBP" } });
const titled = (title: string) => publish("product.modified", { title });

async function openWorld() {
  const world = createWorld(createMemoryReadModel(), noon);
  const projector = world.project();
  const values = createMemoryBroadcast();
  const confirmed: number[] = [];
  const held: Broadcast = {
    publish: (bytes) => void confirmed.push(...(decodeHeldWord(bytes)?.held ?? [])),
    listen: () => ({ close() {} }),
  };
  const node = world.api({ hot: { values, held, by: "a worker" } });
  let pushes = 0;
  return {
    world,
    node,
    async happen(...events: readonly Published[]) {
      await world.publish(events);
      await untilReached(world, (await world.catalog.bounds()).last);
    },
    /** Returns whether the node confirmed it. */
    async push(product: Identifier, value: string, changesArePushed = true): Promise<boolean> {
      const push = ++pushes;
      const untilMs = world.clock.now + 60_000;
      values.publish(encodeHotWord({ kind: "value", id: product, push, untilMs, changesArePushed, value }));
      await new Promise(setImmediate);
      return confirmed.includes(push);
    },
    cool(product: Identifier) {
      values.publish(encodeHotWord({ kind: "cool", id: product }));
    },
    async get(path: string) {
      const { statusCode, body, headers } = await node.inject(path);
      return { statusCode, body, by: headers["cache-status"], version: headers["catalog-version"] };
    },
    async close() {
      await node.close();
      await projector.stop();
    },
  };
}

async function partsOf(world: World, product: Identifier): Promise<string> {
  const parts = await world.parts(product);
  if (parts === undefined) throw new Error(`there is no ${product}`);
  return parts;
}

const memory = "shelfwire; hit; detail=memory";

test("a pushed value is held and confirmed, and its readers ask nobody", async () => {
  const shop = await openWorld();
  await shop.happen(titled("Mug"), priced(500));
  expect(await shop.push(mug, await partsOf(shop.world, mug))).toBe(true);
  const told = await shop.get(pathOf(mug));
  expect(told.by).toBe(memory);
  const fresh = shop.world.api();
  expect(told.body).toBe((await fresh.inject(pathOf(mug))).body);
  await fresh.close();
  await shop.close();
});

test("a change of a hot product is awaited: what was held is served, without a position that it lacks", async () => {
  const shop = await openWorld();
  await shop.happen(titled("Mug"), priced(500));
  await shop.push(mug, await partsOf(shop.world, mug));
  const before = await shop.get(pathOf(mug));
  await shop.happen(priced(400));
  expect(await shop.get(pathOf(mug))).toEqual(before);
  expect(await shop.push(mug, await partsOf(shop.world, mug))).toBe(true);
  const after = await shop.get(pathOf(mug));
  expect(after.by).toBe(memory);
  expect(after.body).toContain('"amount":400');
  expect(after.version).toBe("CATALOG/3");
  await shop.close();
});

test("a value that does not come within its time is asked for", async () => {
  const shop = await openWorld();
  await shop.happen(titled("Mug"), priced(500));
  await shop.push(mug, await partsOf(shop.world, mug));
  await shop.happen(priced(400));
  shop.world.clock.now += 600;
  const after = await shop.get(pathOf(mug));
  expect(after.by).toBe("shelfwire; hit; detail=redis");
  expect(after.body).toContain('"amount":400');
  await shop.close();
});

test.each(["cool", "invalidated", "seen elsewhere", "asked from a position", "no longer heard of"])(
  "nobody waits for the value of a change where it is %s",
  async (why) => {
    const shop = await openWorld();
    await shop.happen(titled("Mug"), priced(500));
    await shop.push(mug, await partsOf(shop.world, mug), why !== "invalidated");
    expect((await shop.get(pathOf(mug))).by).toBe(memory);
    if (why === "cool") shop.cool(mug);
    if (why === "no longer heard of") shop.world.clock.now += 60_000;
    await shop.happen(priced(400));
    if (why === "seen elsewhere") expect((await shop.get(`${pathOf(mug)}/price`)).body).toContain("400");
    const headers = why === "asked from a position" ? { "catalog-min-version": "CATALOG/3" } : {};
    const after = await shop.node.inject({ url: pathOf(mug), headers });
    expect(after.body).toContain('"amount":400');
    await shop.close();
  },
);

test.each([
  ["is no word", () => "{"],
  ["is about another product", (value: string) => value.replaceAll('"mug"', '"jug"')],
  ["is about another log", (value: string) => value.replace(/"at":"[^/]*\//, '"at":"mi8x3kq2p/')],
  ["was made by other folds", (value: string) => value.replace(/\.\d{3}"/, '.001"')],
  ["is of half an event", (value: string) => value.replace(/"newest":\d+/, '"newest":1.5')],
  ["is newer than itself", (value: string) => value.replace(/"newest":\d+/, '"newest":9007199254740991')],
  [
    "is from where no log reaches",
    (value: string) =>
      value
        .replace(/"sequence":2,"newest":\d+/, '"sequence":9007199254740991,"newest":9007199254740991')
        .replace(/\/\d{16}/, "/9007199254740991"),
  ],
  ["has a price in no currency", (value: string) => value.replace('"currency":"GBP"', '"currency":5')],
  [
    "has sales that are none",
    (value: string) => value.replace('"found":{"state":{', '"found":{"state":{"sales":{"entries":5},'),
  ],
  ["has no title", (value: string) => value.replace('"title"', '"name"')],
])("a value that %s is passed over, and its readers load", async (_why, spoil) => {
  const shop = await openWorld();
  await shop.happen(titled("Mug"), priced(500));
  const value = await partsOf(shop.world, mug);
  expect(spoil(value)).not.toBe(value);
  expect(await shop.push(mug, spoil(value))).toBe(false);
  // Neither what is shown nor what the node holds to have shown is moved by it.
  const told = await shop.get(pathOf(mug));
  expect([told.by, told.version]).toEqual(["shelfwire; hit; detail=redis", "CATALOG/2"]);
  expect(await shop.push(mug, value)).toBe(true);
  await shop.close();
});

test(
  "of any product at any moment a value shows the same, here and where it travelled to",
  { timeout: 60_000 },
  () =>
    fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 20, maxLength: 60, size: "max" }), async (events) => {
        const shop = await openWorld();
        await shop.happen(...events);
        for (const hours of [0, 3]) {
          shop.world.clock.now = noon + hours * 3_600_000;
          const fresh = shop.world.api();
          for (const product of products) {
            const value = await shop.world.parts(product);
            for (const view of ["assembled", "details"] as const) {
              const parts = value === undefined ? undefined : decodeParts(value, product, versionsOf(1));
              const made = parts && renderProduct(parts, view, shop.world.clock.now);
              const told = await fresh.inject(
                `${pathOf(product)}${view === "details" ? "?view=details" : ""}`,
              );
              if (made === undefined) expect(told.statusCode).toBe(404);
              else if (!made.degraded) expect(made.prepared.bytes.toString()).toBe(told.body);
            }
          }
          await fresh.close();
        }
        await shop.close();
      }),
      { numRuns: 10 },
    ),
);

const chapters = fc.array(fc.array(event, { minLength: 1, maxLength: 5, size: "max" }), {
  minLength: 4,
  maxLength: 8,
  size: "max",
});

test("a value that comes late brings nothing back, in any story", { timeout: 180_000 }, async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(chapters, async (story) => {
      const shop = await openWorld();
      let late: (readonly [Identifier, string])[] = [];
      for (const events of story) {
        await shop.happen(...events);
        for (const [product, value] of late) await shop.push(product, value, false);
        const fresh = shop.world.api();
        for (const path of products.flatMap((product) => [
          pathOf(product),
          `${pathOf(product)}?view=details`,
        ])) {
          const [told, true_] = await Promise.all([shop.get(path), fresh.inject(path)]);
          expect([path, told.statusCode, told.body]).toEqual([path, true_.statusCode, true_.body]);
        }
        await fresh.close();
        late = [];
        for (const product of products) {
          const value = await shop.world.parts(product);
          if (value === undefined) continue;
          late.push([product, value]);
          if (await shop.push(product, value, false)) taken++;
        }
      }
      await shop.close();
    }),
    { numRuns: 8 },
  );
  expect(taken).toBeGreaterThan(20);
});
