import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runImport } from "../../ops/commands/import.ts";
import { parseConfig } from "../../ops/config.ts";
import { verifyCatalogue } from "../../ops/verify/verify.ts";
import { atomOf, type Item, rssOf, tableOf } from "../import/feeds/google-feed.ts";
import { type Running, startRunning } from "./running.ts";

/** Feeds as a reader sees them: imported into a running shop, listed, priced, and the same as a second fold. */

let shop: Running;
let folder: string;
beforeAll(async () => {
  shop = await startRunning();
  folder = await mkdtemp(join(tmpdir(), "shelfwire-feeds-"));
});
afterAll(async () => {
  await shop.stop();
  await rm(folder, { recursive: true, force: true });
});

async function run(format: string, files: readonly string[], feed?: string) {
  const { summary } = await runImport(shop.catalogue, parseConfig({ DATA_DIR: folder }), format, files, {
    dryRun: false,
    currency: "GBP",
    prune: false,
    yes: false,
    ...(feed !== undefined && { feed }),
  });
  return summary as { readonly published: number; readonly rejected: number };
}

async function get(path: string) {
  const { last } = await shop.catalogue.catalog.bounds();
  return (await shop.get(path, { after: last })).body;
}

async function expectVerified(): Promise<void> {
  const { last } = await shop.catalogue.catalog.bounds();
  const report = await verifyCatalogue({
    ...shop.catalogue,
    versions: shop.catalogue.versions.catalog,
    api: shop.url,
    now: () => Date.now(),
  });
  expect(report).toMatchObject({ head: last, badEvents: 0, differences: 0 });
}

test("a Merchant feed in each of its forms is listed, priced and reduced", { timeout: 60_000 }, async () => {
  const items: readonly Item[] = Array.from({ length: 60 }, (_, at) => ({
    id: `item ${at}`,
    title: `Dress ${at} & more`,
    description: "Light",
    availability: at % 5 === 0 ? "out_of_stock" : "in_stock",
    quantity: String(at % 5),
    price: `${100 + at}.00 GBP`,
    ...(at % 3 === 0 && { sale_price: "50.00 GBP", sale_price_effective_date: "2020-01-01/2040-01-01" }),
    ...(at % 4 === 0 && { item_group_id: `group ${at - (at % 8)}`, size: "SM"[at % 8 === 0 ? 0 : 1] ?? "" }),
    product_type: `Women > Dresses ${at % 2}`,
  }));
  for (const [feed, write] of [
    ["table", tableOf],
    ["rss", rssOf],
    ["atom", atomOf],
  ] as const) {
    const own = items.map((item) => ({ ...item, id: `${feed} ${item["id"]}` }));
    const file = join(folder, feed);
    await writeFile(file, write(own));
    expect(await run("google", [file], feed)).toMatchObject({ rejected: 0 });
    const { total, items: page } = await get(
      `/api/categories/${encodeURIComponent(`${feed}/women/dresses-1`)}/products?sort=price_asc&page_size=2`,
    );
    expect(total).toBe(30);
    expect(page).toMatchObject([{ price: { amount: 5_000 } }, { price: { amount: 5_000 } }]);
    expect(await get(`/api/products/${encodeURIComponent(`${feed} item 3`)}/price`)).toMatchObject({
      price: { amount: 5_000, list_amount: 10_300, sale: { id: `${feed}-sale-${feed} item 3` } },
    });
    expect(await run("google", [file], feed)).toMatchObject({ published: 0 });
  }
  await expectVerified();
});

const shared = resolve(import.meta.dirname, "../../../shared/data");
const present = existsSync(shared);
if (!present) console.warn(`skipped: ${shared} is not there (it is no part of the repository)`);

test.skipIf(!present)(
  "the Shopify samples and the real tree are listed and verified",
  { timeout: 120_000 },
  async () => {
    const samples = ["apparel.csv", "home-and-garden.csv"].map((name) => join(shared, "shopify", name));
    const tree = [join(shared, "bestbuy-categories.json.gz")];
    expect(await run("shopify", samples)).toMatchObject({ rejected: 0, entries: 43 });
    expect(await run("categories", tree)).toMatchObject({ rejected: 2 });
    expect(await get("/api/categories/shopify/products")).toMatchObject({ total: 43 });
    expect(await get("/api/categories/shopify%2Foutdoor/products?sort=price_desc&page_size=1")).toMatchObject(
      {
        items: [{ id: "wooden-fence", price: { amount: 20_000, list_amount: 30_000 }, in_stock: true }],
      },
    );
    expect(await get("/api/products/clay-plant-pot-Large")).toMatchObject({
      description: "Classic blown clay pot for plants",
      variants: [{ id: "clay-plant-pot-Large" }, { id: "clay-plant-pot-Regular" }],
    });
    expect(await get("/api/categories/abcat0020001")).toMatchObject({
      path: [{ name: "Gift Ideas" }, { name: "Kids" }, { name: "Toys" }, { name: "Learning Toys" }],
    });
    expect(await run("shopify", samples)).toMatchObject({ published: 0 });
    expect(await run("categories", tree)).toMatchObject({ published: 0 });
    await expectVerified();
  },
);
