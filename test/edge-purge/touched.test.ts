import { expect, test } from "vitest";
import { readUnnamed, spanOf } from "../../actors/edge-purge/unnamed-events.ts";
import { askedTags } from "../../actors/edge-purge/tags-of.ts";
import { touchedByWord, untouched } from "../../actors/edge-purge/touched.ts";
import { purgedAspects } from "../../api/cache-policy.ts";
import { categoryTag, productTag } from "../../api/cache-tags.ts";
import { aspects } from "../../projections/aspects.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { CategoryEvent } from "../../projections/categories.ts";
import { categoryName, groupName, membersName, readName } from "../../projections/changes.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { allPartitions } from "../../streams/partition.ts";
import { type CatalogKind, publicSubject } from "../../streams/subjects.ts";
import { id } from "../streams/id.ts";

/** From what changed to the tags of everything that shows it. */

const names = { product: productTag, category: categoryTag };

test("names say of whom they are; a text that is none says nothing", () => {
  const odd = id("a group\nof 3".replace("\n", " "));
  expect([groupName(odd), membersName(odd), categoryName(odd)].map(readName)).toEqual([
    { kind: "group", id: odd },
    { kind: "members", id: odd },
    { kind: "category", id: odd },
  ]);
  for (const text of ["tree", "", "group ", "group ..", "nothing x", "category \u0000"])
    expect(readName(text)).toBeUndefined();
});

test("of the products in a word those are touched that an edge shows, and whose names can be names", () => {
  const products = new Map([
    [id("lamp"), aspects.price],
    [id("chair"), aspects.quantity],
    ["x".repeat(5_000) as Identifier, aspects.price],
    ["\u0000" as Identifier, aspects.price],
  ]);
  const word = {
    by: "owner",
    count: 1,
    moves: [],
    products,
    names: [membersName("x".repeat(200) as Identifier)],
  };
  const touched = touchedByWord(word, purgedAspects);
  expect([[...touched.products], [...touched.lists]]).toEqual([["lamp"], []]);
});

let sequence = 0;
const category = (about: string, parent: string | null) =>
  ({
    kind: "category.modified",
    id: id(about),
    sequence: ++sequence,
    data: { name: about, parent_id: parent === null ? null : id(parent) },
  }) as CategoryEvent;

test("a category is purged with all above it, as the tree is and where it once stood; a root with the other roots", async () => {
  const store = createMemoryReadModel();
  const events = [
    category("home", null),
    category("garden", null),
    category("rooms", "home"),
    category("lamps", "rooms"),
    category("plants", "garden"),
    category("lamps", "garden"),
  ];
  await store.putCategoryEvents({ partition: 0, position: undefined }, events);
  const tagsFor = async (...branches: readonly string[]) =>
    [...(await askedTags({ ...untouched(), branches: new Set(branches.map(id)) }, names, store))].sort();
  expect(await tagsFor("lamps")).toEqual([
    "category-garden",
    "category-home",
    "category-lamps",
    "category-rooms",
  ]);
  expect(await tagsFor("plants")).toEqual(["category-garden", "category-plants"]);
  expect(await tagsFor("home")).toEqual(["category-garden", "category-home"]);
  expect(await tagsFor("unheard-of")).toEqual(["category-unheard-of"]);
  const word = { by: "owner", count: 1, moves: [], products: new Map(), names: [categoryName(id("plants"))] };
  expect([...touchedByWord(word, purgedAspects).branches]).toEqual(["plants"]);
});

test("events that nobody named touch what they are about, and sales what is sold in them, in any partition", async () => {
  const log = createMemoryLog({ stream: "CATALOG", now: () => 1_000 });
  const publish = async (kind: CatalogKind, about: string, payload: object) => {
    const appended = await log.append(publicSubject(kind, id(about)), Buffer.from(JSON.stringify(payload)));
    return appended.outcome === "stored" ? appended.sequence : 0;
  };
  const money = { amount: 1, currency: "EUR" };
  const sale = { starts_at: "2026-01-01T00:00:00Z", ends_at: "2026-01-02T00:00:00Z" };
  await publish("price.updated", "before", { new_price: money });
  await publish("product.modified", "lamp", { title: "Lamp", category_ids: ["home"], group_id: "lamps" });
  await publish("inventory.changed", "chair", { new_quantity: 1 });
  await publish("review.posted", "table", { review_id: "r", rating: 3 });
  await publish("category.modified", "garden", { name: "Garden" });
  await publish("sale.scheduled", "s1", { ...sale, items: [{ product_id: "vase", sale_price: money }] });
  await publish("sale.cancelled", "s1", {});
  await publish("featured.set", "shelf", { product_ids: ["not-this"] });
  const to = await publish("price.updated", "nobody", { new_price: "bad" });
  await publish("price.updated", "behind", { new_price: money });
  const all = allPartitions.map((partition) => ({ partition, from: 1, to }));
  const touched = await readUnnamed(log, all);
  expect({
    products: [...touched.products].sort(),
    groups: [...touched.groups],
    branches: [...touched.branches].sort(),
  }).toEqual({
    products: ["chair", "lamp", "table", "vase"],
    groups: ["lamps"],
    branches: ["garden", "home"],
  });
  // Of one partition only its own products, and what is not any partition's.
  const one = await readUnnamed(log, [{ partition: 3, from: 1, to }]);
  expect([...one.products].filter((each) => each !== "vase").length).toBeLessThan(3);
  expect([...one.products]).toContain("vase");
  expect(spanOf(all)).toBe(to - 1);
});
