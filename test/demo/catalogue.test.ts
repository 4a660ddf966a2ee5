import { describe, expect, test } from "vitest";
import { imageUrl } from "../../api/image.ts";
import { generateDemoCatalogue } from "../../ops/demo/catalogue.ts";
import { gtinCheckDigit } from "../../ops/gtin.ts";
import { parsePayload } from "../../streams/events.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import type { Payload } from "../../streams/payloads.ts";
import type { CatalogKind } from "../../streams/subjects.ts";

const now = Date.UTC(2026, 10, 26, 12);
const dayMs = 24 * 60 * 60 * 1_000;
const events = generateDemoCatalogue({ seed: 1, now });

interface Parsed<Kind extends CatalogKind> {
  readonly id: Identifier;
  readonly data: Payload<Kind>;
}

/** The events of one kind, as a reader of the log would understand them. */
function allOf<Kind extends CatalogKind>(kind: Kind): Parsed<Kind>[] {
  return events
    .filter((event) => event.kind === kind)
    .map(({ id, payload }) => {
      const parsed = parsePayload(kind, Buffer.from(JSON.stringify(payload)));
      if ("reason" in parsed) throw new Error(`${kind} of ${id}: ${parsed.reason}`);
      return { id, data: parsed.data };
    });
}

function newest<Kind extends CatalogKind>(kind: Kind): Map<Identifier, Payload<Kind>> {
  return new Map(allOf(kind).map(({ id, data }) => [id, data]));
}

const categories = allOf("category.modified");
const products = newest("product.modified");
const prices = newest("price.updated");
const stock = newest("inventory.changed");
const reviews = allOf("review.posted");
const sales = newest("sale.scheduled");
const featured = newest("featured.set");

describe("the demo catalogue", () => {
  test("is the same for the same seed and now, byte for byte", () => {
    const bytes = JSON.stringify(events);
    expect(JSON.stringify(generateDemoCatalogue({ seed: 1, now }))).toBe(bytes);
    expect(JSON.stringify(generateDemoCatalogue({ seed: 2, now }))).not.toBe(bytes);
  });

  test("consists of catalogue events alone, all of which were parsed above", () => {
    const parsed =
      categories.length +
      reviews.length +
      allOf("product.modified").length +
      allOf("price.updated").length +
      allOf("inventory.changed").length +
      sales.size +
      featured.size;
    expect(parsed).toBe(events.length);
  });

  test("can be made smaller", () => {
    const small = generateDemoCatalogue({ seed: 1, now, products: 40 });
    const ids = new Set(small.filter(({ kind }) => kind === "product.modified").map(({ id }) => id));
    expect(ids.size).toBe(40);
  });

  test("has a tree of three levels, parents first", () => {
    const depth = new Map<string, number>();
    for (const { id, data } of categories) {
      const above = data.parent_id === null || data.parent_id === undefined ? 0 : depth.get(data.parent_id);
      if (above === undefined) throw new Error(`${id} comes before its parent`);
      depth.set(id, above + 1);
    }
    const levels = [1, 2, 3].map((level) => [...depth.values()].filter((of) => of === level).length);
    expect(levels).toEqual([8, 48, 240]);
    expect(events.slice(0, categories.length).every(({ kind }) => kind === "category.modified")).toBe(true);
    const shelves = new Set([...products.values()].flatMap((product) => product.category_ids ?? []));
    expect(new Set([...shelves].map((id) => depth.get(id)))).toEqual(new Set([3]));
    expect(shelves.size).toBe(240);
  });

  test("has 5,200 products, and some of everything a shop has", () => {
    const documents = [...products.values()];
    expect(products.size).toBe(5_200);
    expect(documents.filter(({ status }) => status === "discontinued").length).toBeGreaterThan(5);
    expect([...products.keys()].filter((id) => tokenOf(id) !== (id as string)).length).toBeGreaterThanOrEqual(
      5,
    );
    expect(products.size - prices.size).toBeGreaterThan(0);
    expect(products.size - prices.size).toBeLessThan(10);
    expect(products.size - stock.size).toBeGreaterThan(0);
    expect(products.size - stock.size).toBeLessThan(10);
    expect([...prices.values()].filter(({ list_price }) => list_price).length).toBeGreaterThan(500);
    const left = [...stock.values()].map(({ new_quantity }) => new_quantity);
    expect(left.filter((quantity) => quantity === 0).length).toBeGreaterThan(100);
    expect(left.filter((quantity) => quantity > 0 && quantity < 5).length).toBeGreaterThan(200);
  });

  test("asks for its prices in pounds, and strikes out only higher ones", () => {
    for (const { new_price, list_price } of prices.values()) {
      expect(new_price.currency).toBe("GBP");
      expect(new_price.amount).toBeGreaterThan(0);
      if (list_price) expect(list_price.amount).toBeGreaterThan(new_price.amount);
    }
  });

  test("groups 15 % of the products into 3 to 8 variants with different options", () => {
    const groups = new Map<string, string[]>();
    for (const { group_id, options } of products.values()) {
      if (group_id) groups.set(group_id, [...(groups.get(group_id) ?? []), JSON.stringify(options)]);
    }
    const members = [...groups.values()].flat().length;
    expect(members / products.size).toBeCloseTo(0.15, 2);
    for (const options of groups.values()) {
      expect(options.length).toBeGreaterThanOrEqual(3);
      expect(options.length).toBeLessThanOrEqual(8);
      expect(new Set(options).size).toBe(options.length);
    }
  });

  test("has some 12,000 reviews with a long tail, at most 20 a product", () => {
    const count = new Map<string, number>();
    for (const { id } of reviews) count.set(id, (count.get(id) ?? 0) + 1);
    expect(reviews.length).toBeGreaterThan(11_000);
    expect(reviews.length).toBeLessThan(13_000);
    expect(Math.max(...count.values())).toBe(20);
    expect(count.size).toBeLessThan(0.7 * products.size);
    expect(new Set(reviews.map(({ data }) => data.rating))).toEqual(new Set([1, 2, 3, 4, 5]));
  });

  test("gives each product a GTIN with a right check digit and the address of its image", () => {
    expect(gtinCheckDigit("629104150021")).toBe("3");
    const gtins = new Set<string>();
    for (const [id, { gtin, images }] of products) {
      if (!gtin) throw new Error(`${id} has no GTIN`);
      expect(gtinCheckDigit(gtin.slice(0, -1))).toBe(gtin.at(-1));
      expect(images?.[0]?.url).toBe(imageUrl(id));
      gtins.add(gtin);
    }
    expect(gtins.size).toBe(products.size);
  });

  test("tells each subject's events in rising time, within the 400 days, a product before its facts", () => {
    const latest = new Map<string, number>();
    const born = new Set<Identifier>();
    const wrong: string[] = [];
    for (const { kind, id, payload } of events) {
      const at = Date.parse(String(Object(payload).occurred_at));
      const subject = `${kind} ${id}`;
      const rises = at > (latest.get(subject) ?? now - 400 * dayMs - 1);
      if (!rises || at >= now) wrong.push(`${subject} at ${new Date(at).toISOString()}`);
      latest.set(subject, at);
      if (kind === "product.modified") born.add(id);
      if (/^(?:price|inventory|review)/.test(kind) && !born.has(id))
        wrong.push(`${subject} before its product`);
    }
    expect(wrong).toEqual([]);
  });

  test("has a sale that runs for seven days from now, one to come, and two shelves of what can be bought", () => {
    const [running, coming] = [...sales.values()];
    if (running === undefined || coming === undefined) throw new Error("two sales were expected");
    expect([running.starts_at, running.ends_at]).toEqual([now, now + 7 * dayMs]);
    expect(running.items).toHaveLength(40);
    expect(coming.starts_at).toBeGreaterThan(running.ends_at);
    for (const { product_id, sale_price } of [...running.items, ...coming.items]) {
      expect(sale_price.amount).toBeLessThan(prices.get(product_id)?.new_price.amount ?? 0);
    }
    expect(featured.size).toBe(2);
    for (const { product_ids } of featured.values()) {
      expect(product_ids.length).toBeGreaterThanOrEqual(8);
      for (const id of product_ids) expect(products.get(id)?.status).toBe("active");
    }
  });
});
