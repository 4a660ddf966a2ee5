import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { untilReached } from "../../ops/verify/verify.ts";
import { tokenOf } from "../../streams/identifier.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { categories, event, noon, products, type Published } from "../verify/random-shop.ts";
import { createWorld, type World } from "../verify/world.ts";

/** A sale begins and ends by the clock: in what is held, at that moment, and nothing is loaded for it. */

const hour = 3_600_000;
const paths = products.map((id) => `/api/products/${encodeURIComponent(id)}`);
for (const id of categories) {
  const path = `/api/categories/${encodeURIComponent(id)}/products`;
  paths.push(path, `${path}?sort=price_asc`);
}

/** Two sales that begin and end at the hours looked at, of any products, at any price, in either order. */
const sale = fc
  .record({
    name: fc.constantFrom("early", "late"),
    starts: fc.integer({ min: 1, max: 3 }),
    hours: fc.integer({ min: 1, max: 2 }),
    items: fc.array(fc.record({ at: fc.nat({ max: products.length - 1 }), amount: fc.nat({ max: 900 }) })),
  })
  .map(({ name, starts, hours, items }): Published => {
    const at = (hoursLater: number) => new Date(noon + hoursLater * hour).toISOString();
    const sold = items.map(({ at: which, amount }) => ({
      product_id: products[which],
      sale_price: { amount, currency: "GBP" },
    }));
    const payload = { starts_at: at(starts), ends_at: at(starts + hours), items: sold };
    return { subject: `catalog.sale.scheduled.${name}`, payload: JSON.stringify(payload) };
  });
const regular = products.map((id): Published => {
  const payload = { new_price: { amount: 1_000, currency: "GBP" } };
  return { subject: `catalog.price.updated.${tokenOf(id)}`, payload: JSON.stringify(payload) };
});
const shop = fc
  .tuple(fc.array(event, { minLength: 60, maxLength: 100, size: "max" }), fc.array(sale, { minLength: 3 }))
  .map(([events, sales]) => [...events, ...regular, ...sales]);

/** The clock stands there, and projectors have said since then that they are at the head. */
async function standAt(world: World, moment: number): Promise<void> {
  world.clock.now = moment;
  await vi.waitFor(
    async () => {
      for (const { headAt } of (await world.readModel.positions("catalog", [0, 1, 2, 3])).values())
        expect(headAt).toBeGreaterThanOrEqual(moment);
    },
    { timeout: 10_000, interval: 5 },
  );
}

test("at every boundary of any shop what is held says what was known to come", {
  timeout: 180_000,
}, async () => {
  let flipped = 0;
  await fc.assert(
    fc.asyncProperty(shop, async (events) => {
      const world = createWorld(createMemoryReadModel(), noon);
      const projector = world.project();
      const holding = world.api();
      await world.publish(events);
      await untilReached(world, (await world.catalog.bounds()).last);
      for (const boundary of [noon + hour, noon + 2 * hour, noon + 3 * hour]) {
        // What was held from an hour ago is served once more, and made anew behind that.
        await standAt(world, boundary - 2_000);
        await Promise.all(paths.map((path) => holding.inject(path)));
        await standAt(world, boundary - 1_000);
        const before = await Promise.all(paths.map((path) => holding.inject(path)));
        world.clock.now = boundary - 1;
        const last = await Promise.all(paths.map((path) => holding.inject(path)));
        for (const [at, { body }] of last.entries()) expect(body).toBe(before[at]?.body);
        world.clock.now = boundary;
        const fresh = world.api();
        for (const [at, path] of paths.entries()) {
          const [told, true_] = await Promise.all([holding.inject(path), fresh.inject(path)]);
          const turns = last[at]?.headers["catalog-valid-until"] === String(boundary);
          const isList = path.startsWith("/api/categories");
          const shown = ({ statusCode, body }: typeof told) => [path, statusCode, isList ? isList : body];
          expect(shown(told)).toEqual(shown(true_));
          if (!turns) continue;
          expect([path, told.headers["cache-status"]]).toEqual([path, "shelfwire; hit; detail=memory"]);
          expect(told.headers.etag === before[at]?.headers.etag).toBe(told.body === before[at]?.body);
          if (told.body !== before[at]?.body) flipped++;
        }
        await fresh.close();
      }
      await holding.close();
      await projector.stop();
    }),
    { numRuns: 8, endOnFailure: true },
  );
  expect(flipped).toBeGreaterThan(20);
});
