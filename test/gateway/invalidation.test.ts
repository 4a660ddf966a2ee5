import fc from "fast-check";
import { expect, test } from "vitest";
import { untilReached } from "../../ops/verify/verify.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { categories, event, noon, products } from "../verify/random-shop.ts";
import { createMemoryBroadcast } from "../../streams/memory-broadcast.ts";
import { createWorld } from "../verify/world.ts";

/**
 * Whatever happens to a shop, an answer whose bytes changed is not served from memory: a node that held all of them
 * before says the same as one that holds nothing.
 */

const events = fc.array(event, { minLength: 1, maxLength: 5, size: "max" });
/** `dies`: the owner, when all is written and before its position moves; another one goes on from there. */
const chapter = fc.record({ events, dies: fc.boolean() });
const chapters = fc.array(chapter, { minLength: 4, maxLength: 8, size: "max" });
const paths = products.flatMap((id) => {
  const path = `/api/products/${encodeURIComponent(id)}`;
  return [path, `${path}?view=details`, `${path}/reviews`];
});
const sorts = ["newest", "price_asc", "price_desc"];
paths.push("/api/categories");
for (const id of categories) {
  const path = `/api/categories/${encodeURIComponent(id)}`;
  const lists = sorts.map((sort) => `${path}/products?sort=${sort}&page_size=1`);
  paths.push(path, ...lists, `${path}/products?view=details`, `${path}/products?page=2&page_size=2`);
}

test("every answer whose bytes changed was dropped", { timeout: 60_000 }, async () => {
  let fromMemory = 0;
  await fc.assert(
    fc.asyncProperty(chapters, async (story) => {
      const store = createMemoryReadModel();
      let dying = false;
      let died = Promise.withResolvers<void>();
      const world = createWorld(
        {
          ...store,
          async advance(log, moves) {
            if (!dying || moves.every(({ from, to }) => from === to)) return store.advance(log, moves);
            dying = false;
            died.resolve();
            throw new Error("the owner died");
          },
        },
        noon,
      );
      const holding = world.api();
      let projector = world.project();
      for (const { events: happening, dies } of story) {
        died = Promise.withResolvers();
        dying = dies;
        await world.publish(happening);
        if (dies) {
          await died.promise;
          await projector.stop().catch(() => {});
          projector = world.project();
        }
        await untilReached(world, (await world.catalog.bounds()).last);
        const fresh = world.api();
        for (const path of paths) {
          const [told, true_] = await Promise.all([holding.inject(path), fresh.inject(path)]);
          expect([path, told.statusCode, told.body]).toEqual([path, true_.statusCode, true_.body]);
          if (String(told.headers["cache-status"]).endsWith("memory")) fromMemory++;
        }
        await fresh.close();
      }
      await projector.stop();
      await holding.close();
    }),
    { numRuns: 25, interruptAfterTimeLimit: 30_000 },
  );
  // It says something only if the node that held answers served them.
  expect(fromMemory).toBeGreaterThan(100);
});

test("a product from behind a page that becomes the cheapest, or the newest, enters it", async () => {
  const world = createWorld(createMemoryReadModel(), noon);
  const api = world.api();
  const modified = (id: string) => ({
    subject: `catalog.product.modified.${id}`,
    payload: JSON.stringify({ title: id, category_ids: ["home"] }),
  });
  const price = (id: string, amount: number) => ({
    subject: `catalog.price.updated.${id}`,
    payload: JSON.stringify({ new_price: { amount, currency: "GBP" } }),
  });
  const first = async (sort: string) => {
    await untilReached(world, (await world.catalog.bounds()).last);
    const answer = await api.inject(`/api/categories/home/products?sort=${sort}&page_size=1`);
    return [
      answer.json().items[0].id,
      String(answer.headers["cache-status"]).endsWith("memory") ? "held" : "loaded",
    ];
  };
  const projector = world.project();
  await world.publish([
    { subject: "catalog.category.modified.home", payload: '{"name":"Home"}' },
    ...["mug", "vase", "lamp"].flatMap((id, at) => [modified(id), price(id, 10 + at)]),
  ]);
  expect([await first("price_asc"), await first("price_asc")]).toEqual([
    ["mug", "loaded"],
    ["mug", "held"],
  ]);
  expect([await first("newest"), await first("newest")]).toEqual([
    ["lamp", "loaded"],
    ["lamp", "held"],
  ]);
  await world.publish([price("vase", 1)]);
  expect([await first("price_asc"), await first("newest")]).toEqual([
    ["vase", "loaded"],
    ["lamp", "held"],
  ]);
  await world.publish([modified("pot")]);
  expect([await first("price_asc"), await first("newest")]).toEqual([
    ["vase", "loaded"],
    ["pot", "loaded"],
  ]);
  await projector.stop();
  await api.close();
});

test("with the channel cut a price is right again within its bound", async () => {
  const world = createWorld(createMemoryReadModel(), noon);
  const api = world.api({ changes: createMemoryBroadcast() });
  const price = (amount: number) => ({
    subject: "catalog.price.updated.mug",
    payload: JSON.stringify({ new_price: { amount, currency: "GBP" } }),
  });
  const projected = async () => untilReached(world, (await world.catalog.bounds()).last);
  const shown = async () => (await api.inject("/api/products/mug")).json().price.amount;
  await world.publish([{ subject: "catalog.product.modified.mug", payload: '{"title":"Mug"}' }, price(5)]);
  const projector = world.project();
  await projected();
  expect(await shown()).toBe(5);
  await world.publish([price(7)]);
  await projected();
  expect(await shown()).toBe(5);
  world.clock.now += 5_001;
  expect(await shown()).toBe(7);
  await projector.stop();
  await api.close();
});
