import { createRandom, type Random } from "../../ops/demo/random.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { type CatalogKind, publicSubject } from "../../streams/subjects.ts";
import { id } from "../streams/id.ts";

/**
 * The catalogue under load and what changes in it, the same for every run of one size: products in the leaves of a
 * three-level tree, some of them variants of one another, and an endless row of changes. Amounts and quantities carry
 * the number of their change, so that no two are equal and a wrong one names where it comes from.
 *
 * No category ever becomes empty: a product stays in its own leaf, and of the leaves only the first of each parent
 * moves. So a page without products is a wrong one.
 */
export interface Shop {
  readonly products: readonly Identifier[];
  readonly categories: readonly Identifier[];
  /** Those of them with products for more than one page. */
  readonly roots: readonly Identifier[];
  opening(): readonly ShopEvent[];
  /** `now`: milliseconds since 1970, for sales that begin or end soon. */
  change(index: number, now: number): ShopEvent;
  /** By Zipf's law with exponent 1; neighbouring ranks are spread over the catalogue. */
  popular(random: Random): Identifier;
}

export interface ShopEvent {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** What a reader must see once it is acknowledged; absent for what sets neither price nor stock. */
  readonly sets?: { readonly id: Identifier; readonly value: "price" | "stock"; readonly number: number };
}

const seed = 7;
const leavesPerParent = 3;
const saleIds = Array.from({ length: 10 }, (_, at) => id(`sale-${at}`));

const rootId = (root: number) => id(`r${root}`);
const parentId = (root: number, parent: number) => id(`r${root}-${parent}`);
const leafId = (root: number, parent: number, leaf: number) => id(`r${root}-${parent}-${leaf}`);

export function createShop(productCount: number): Shop {
  /** So many roots, and so many parents below each: no leaf is to be empty in a small shop. */
  const roots = productCount < 1_000 ? [0, 1] : [0, 1, 2, 3];
  const parents = roots.flatMap((root) => roots.map((parent) => ({ root, parent })));
  const leaves = parents.flatMap(({ root, parent }) =>
    Array.from({ length: leavesPerParent }, (_, leaf) => leafId(root, parent, leaf)),
  );
  const products = Array.from({ length: productCount }, (_, at) => id(`P-${at}`));
  const productAt = (at: number) => products[at % productCount] as Identifier;

  function details(at: number, version: number, random: Random): ShopEvent {
    const own = leaves[at % leaves.length] as Identifier;
    const other = random.chance(0.3) ? [random.pick(leaves)] : [];
    return event("product.modified", productAt(at), {
      title: `Tealight holder ${at} as of ${version}`,
      description: "A small holder of wrought iron for one tealight, to hang in a window. ".repeat(4),
      brand: ["Ashcombe", "Halden & Rowe", "Studio Ellery"][at % 3],
      status: "active",
      category_ids: [...new Set([own, ...other])],
      images: [{ url: `/images/${at}/0123456789ab.svg`, alt: "Tealight holder" }],
      specs: { colour: "white", height_mm: 120 + (at % 40) },
      // Four of a hundred products are one group.
      ...(at % 100 < 4 && { group_id: `G-${Math.floor(at / 100)}`, options: { size: at % 100 } }),
    });
  }

  const price = (at: number, number: number): ShopEvent => ({
    ...event("price.updated", productAt(at), { new_price: { amount: number, currency: "GBP" } }),
    sets: { id: productAt(at), value: "price", number },
  });

  const stock = (at: number, number: number): ShopEvent => ({
    // Now and then it is sold out.
    ...event("inventory.changed", productAt(at), { new_quantity: number % 7 === 0 ? 0 : number }),
    sets: { id: productAt(at), value: "stock", number: number % 7 === 0 ? 0 : number },
  });

  const review = (at: number, number: number, random: Random) =>
    event("review.posted", productAt(at), {
      review_id: `by-${random.between(1, 8)}`,
      rating: random.between(1, 5),
      title: `Review ${number}`,
    });

  /** Mostly days away; some begin and end while people watch. */
  function sale(random: Random, now: number): ShopEvent {
    const far = random.chance(0.7);
    const startsAt = now + (far ? 86_400_000 : random.between(500, 4_000));
    const lasts = far ? 86_400_000 : random.between(1_000, 5_000);
    const items = random.sample(products.slice(0, 200), 5).map((product_id) => ({
      product_id,
      sale_price: { amount: random.between(1, 50), currency: "GBP" },
    }));
    return event("sale.scheduled", random.pick(saleIds), {
      starts_at: new Date(startsAt).toISOString(),
      ends_at: new Date(startsAt + lasts).toISOString(),
      items,
    });
  }

  function moved(random: Random): ShopEvent {
    const { root, parent } = random.pick(parents);
    const leaf = leafId(root, parent, 0);
    return event("category.modified", leaf, { name: leaf, parent_id: parentId(root, random.pick(roots)) });
  }

  const popularAt = (random: Random) => {
    const rank = Math.floor(productCount ** random.next()) - 1;
    return (rank * 7_919) % productCount;
  };

  return {
    products,
    categories: [
      ...roots.map(rootId),
      ...parents.map(({ root, parent }) => parentId(root, parent)),
      ...leaves,
    ],
    roots: roots.map(rootId),
    popular: (random) => productAt(popularAt(random)),

    opening() {
      const random = createRandom(seed, -1);
      const category = (name: Identifier, parent: Identifier | null) =>
        event("category.modified", name, { name, parent_id: parent });
      return [
        ...roots.map((root) => category(rootId(root), null)),
        ...parents.map(({ root, parent }) => category(parentId(root, parent), rootId(root))),
        ...leaves.map((leaf) => category(leaf, id(leaf.slice(0, leaf.lastIndexOf("-"))))),
        ...products.flatMap((_, at) => [
          details(at, 0, random),
          price(at, 500 + at),
          stock(at, 1 + at),
          ...(at % 5 === 0 ? [review(at, 0, random)] : []),
        ]),
      ];
    },

    change(index, now) {
      const random = createRandom(seed, index);
      const at = popularAt(random);
      const number = 100_000 + index;
      const kind = random.next();
      if (kind < 0.42) return price(at, number);
      if (kind < 0.82) return stock(at, number);
      if (kind < 0.9) return details(at, index, random);
      if (kind < 0.98) return review(at, index, random);
      return kind < 0.997 ? sale(random, now) : moved(random);
    },
  };
}

function event(kind: CatalogKind, name: Identifier, payload: object): ShopEvent {
  return { subject: publicSubject(kind, name), payload: Buffer.from(JSON.stringify(payload)) };
}
