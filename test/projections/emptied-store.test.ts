import { expect, test } from "vitest";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { historyStart, names } from "./arbitrary-events.ts";
import { dump, withoutAbsent } from "./dump.ts";
import { cutting, fastClock, forgetting, projectAll, type World } from "./projecting.ts";

/**
 * The store loses everything between two writes of a living projector: what comes next stands on nothing.
 * These are the smallest histories for each kind of read model; replay-property.test.ts looks for more.
 */
async function expectHealed(history: readonly (readonly [string, object])[]): Promise<void> {
  const stores = () => ({
    derived: createMemoryLog({ stream: "DERIVED", now: () => 0, perSubject: 1 }),
    quarantine: createMemoryLog({ stream: "QUARANTINE", now: () => 0, perSubject: 1 }),
    readModel: createMemoryReadModel(),
  });
  const catalog = createMemoryLog({ stream: "CATALOG", now: () => historyStart });
  for (const [subject, payload] of history)
    await catalog.append(subject, Buffer.from(JSON.stringify(payload)));
  const calm: World = { ...stores(), catalog, epoch: 0, now: fastClock(historyStart) };
  await projectAll(calm);
  const wanted = await dump(calm.readModel, names);
  for (let writes = 0; writes < 8; writes++) {
    const world = { ...calm, ...stores() };
    await projectAll({
      ...world,
      catalog: cutting(catalog, [1]),
      readModel: forgetting(world.readModel, writes),
    });
    const found = await dump(world.readModel, names);
    expect(found, `lost after write ${writes}`).toEqual(withoutAbsent(wanted, found));
  }
}

const sale = (...products: readonly string[]) => ({
  starts_at: "2026-11-26T00:00:00Z",
  ends_at: "2026-11-28T00:00:00Z",
  items: products.map((product_id) => ({ product_id, sale_price: { amount: 5, currency: "GBP" } })),
});

test("a product keeps the place of its first event in the lists", async () => {
  await expectHealed([
    ["catalog.product.modified.lamp", { title: "One", category_ids: ["home"] }],
    ["catalog.product.modified.lamp", { title: "Two", category_ids: ["home"] }],
  ]);
});

test("a rating counts the reviews from before the loss", async () => {
  await expectHealed([
    ["catalog.review.posted.lamp", { review_id: "r1", rating: 1 }],
    ["catalog.review.posted.lamp", { review_id: "r2", rating: 5 }],
  ]);
});

test("a product is in the sales from before the loss", async () => {
  await expectHealed([
    ["catalog.sale.scheduled.friday", sale("lamp")],
    ["catalog.sale.scheduled.cyber=20week", sale("lamp")],
  ]);
});

test("a product that a sale dropped is not in it", async () => {
  await expectHealed([
    ["catalog.sale.scheduled.friday", sale("lamp")],
    ["catalog.sale.scheduled.friday", sale()],
  ]);
});

test("a product that left a group is not in it", async () => {
  await expectHealed([
    ["catalog.product.modified.lamp", { title: "One", group_id: "family" }],
    ["catalog.product.modified.lamp", { title: "One", group_id: "sets" }],
  ]);
});

test("the tree is the one from before the loss", async () => {
  await expectHealed([
    ["catalog.category.modified.light", { name: "Light", parent_id: "home" }],
    ["catalog.product.modified.lamp", { title: "One", category_ids: ["light"] }],
  ]);
});
