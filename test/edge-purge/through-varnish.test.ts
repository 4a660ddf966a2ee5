import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openShop, money, type Read, type Shop, varnishOf } from "./shop.ts";

/** What the next reader behind Varnish gets when something changed. */

const patience = { timeout: 20_000, interval: 10 };
let shop: Shop;

beforeAll(async () => {
  shop = await openShop({ varnish: true });
  await shop.startPurges([varnishOf(shop)]);
  await shop.publish("category.modified", "home", { name: "Home", parent_id: null });
  await shop.publish("category.modified", "lamps", { name: "Lamps", parent_id: "home" });
  await shop.publish("product.modified", "red", {
    title: "Red lamp",
    category_ids: ["lamps"],
    group_id: "lamp",
    options: { colour: "red" },
  });
  await shop.publish("price.updated", "red", { new_price: money(1_000) });
  const last = await shop.publish("inventory.changed", "red", { new_quantity: 5 });
  await vi.waitFor(async () => {
    const { headers } = await shop.get("/api/products/red/price", shop.api);
    expect(Number(headers.get("catalog-version")?.split("/")[1])).toBeGreaterThanOrEqual(last);
    // Purges have been heard of, so that answers are held for as long as the table says.
    // Its lease says it anew every second and a half.
  await vi.waitFor(async () => {
    const { body } = await shop.get("/readyz", shop.api);
    expect(body).toMatchObject({
      edge: { purges: [{ provider: varnishOf(shop).name, state: "up", failed: 0 }] },
    });
  }, patience);
});
