import type { Identifier, Token } from "../../../streams/identifier.ts";
import type { StoredMessage } from "../../../streams/log.ts";
import { partitionOf } from "../../../streams/partition.ts";
import { type Categories, type Category, withAncestors } from "./categories.ts";
import { readPayload } from "./payload.ts";
import type { Product, SaleEntry } from "./product.ts";
import { inFirstVersion } from "./schema.ts";
import { type Fact, type Facts, factOf, isInstant } from "./shapes.ts";
import { encode, readSubject } from "./subject.ts";

/**
 * The reference: the log folded a second time, by code that shares nothing with the projections. It is kept
 * plain enough to be held against the contract line by line; where the two disagree, one of them is wrong.
 */
export interface Reference {
  /** The sequence and the time of the last message taken. */
  readonly head: number;
  readonly headTime: number;
  readonly products: ReadonlyMap<Identifier, Product>;
  readonly categories: Categories;
  /** Every category and every group that was ever named, also those that nothing is in any more. */
  readonly everListed: ReadonlySet<Identifier>;
  readonly everGrouped: ReadonlySet<Identifier>;
  /** Bad events by sequence, with the reason in the reference's own words. */
  readonly bad: ReadonlyMap<number, string>;
}

export interface ReferenceFold extends Reference {
  /** The next message of the log. Returns the products that it is about: none where it is bad, or about no product. */
  take(message: StoredMessage): Iterable<Identifier>;
}

const newestReviewsMax = 20;
/** UTF-16 units of all texts of the newest reviews together; the newest one is always there. */
const newestTextMax = 131_072;

/** With a partition, only that partition's products are held: what a large catalogue's memory allows. */
export function createReferenceFold(partition?: number): ReferenceFold {
  const products = new Map<Identifier, Product>();
  const categories = new Map<Identifier, Category>();
  const namedBySale = new Map<Identifier, ReadonlySet<Identifier>>();
  const everListed = new Set<Identifier>();
  const everGrouped = new Set<Identifier>();
  const bad = new Map<number, string>();
  let head = 0;
  let headTime = 0;

  const held = (id: Identifier) => partition === undefined || partitionOf(encode(id) as Token) === partition;

  function productOf(id: Identifier): Product {
    let product = products.get(id);
    if (product === undefined) {
      product = {
        id,
        firstSeen: null,
        details: null,
        price: null,
        inventory: null,
        reviews: null,
        sales: null,
      };
      products.set(id, product);
    }
    return product;
  }

  const noProduct: readonly Identifier[] = [];

  function fold(id: Identifier, fact: Fact, sequence: number, at: number): Iterable<Identifier> {
    switch (fact.kind) {
      case "product.modified":
        if (held(id)) modify(productOf(id), fact.facts, sequence, at);
        for (const category of fact.facts.category_ids ?? []) everListed.add(category);
        if (fact.facts.group_id != null) everGrouped.add(fact.facts.group_id);
        return [id];
      case "price.updated":
        if (held(id)) {
          const { new_price, list_price } = fact.facts;
          const { amount, currency } = new_price;
          const list_amount = list_price?.amount ?? null;
          productOf(id).price = { amount, currency, list_amount, sequence, updated_at: at };
        }
        return [id];
      case "inventory.changed":
        if (held(id)) {
          const { sells_out_at: end } = fact.facts;
          const counted = { quantity: fact.facts.new_quantity, sequence, updated_at: at };
          const isTold = typeof end === "string" && isInstant(end);
          productOf(id).inventory = isTold ? { ...counted, sells_out_at: Date.parse(end) } : counted;
        }
        return [id];
      case "review.posted":
        if (held(id)) review(productOf(id), fact.facts, sequence, at);
        return [id];
      case "category.modified":
        changeCategory(id, fact.facts, sequence);
        return noProduct;
      case "sale.scheduled":
        return changeSale(id, entriesOf(id, fact.facts, sequence), sequence, at);
      case "sale.cancelled":
        return changeSale(id, new Map(), sequence, at);
      case "featured.set":
        return noProduct;
    }
  }

  function changeCategory(id: Identifier, facts: Facts["category.modified"], sequence: number): void {
    const parent = facts.parent_id ?? null;
    if (parent !== null && withAncestors(categories, parent).includes(id)) {
      bad.set(sequence, `"${id}" would be its own ancestor`);
      return;
    }
    everListed.add(id);
    if (parent !== null) everListed.add(parent);
    categories.set(id, { id, name: facts.name, parent_id: parent, position: facts.position ?? 0, sequence });
  }

  /** The sale as it now stands replaces what it was, for the products it names and for those it named. */
  function changeSale(
    sale: Identifier,
    entries: ReadonlyMap<Identifier, SaleEntry>,
    sequence: number,
    at: number,
  ): Iterable<Identifier> {
    const named = new Set([...entries.keys()].filter(held));
    const touched = new Set([...named, ...(namedBySale.get(sale) ?? [])]);
    for (const id of touched) {
      const product = productOf(id);
      product.sales ??= { entries: new Map(), sequence, updated_at: at };
      product.sales.sequence = sequence;
      product.sales.updated_at = at;
      const entry = entries.get(id);
      if (entry === undefined) product.sales.entries.delete(sale);
      else product.sales.entries.set(sale, entry);
    }
    namedBySale.set(sale, named);
    return touched;
  }

  return {
    products,
    categories,
    everListed,
    everGrouped,
    bad,
    get head() {
      return head;
    },
    get headTime() {
      return headTime;
    },
    take(message) {
      head = message.sequence;
      headTime = message.time;
      const judged = eventOf(message);
      if ("bad" in judged) {
        bad.set(message.sequence, judged.bad);
        return noProduct;
      }
      return fold(judged.id, judged.fact, message.sequence, occurredAt(message, judged.fact));
    },
  };
}

/** The event that a message is, or why it is none. */
export function eventOf(
  message: StoredMessage,
): { readonly id: Identifier; readonly fact: Fact } | { readonly bad: string } {
  const named = readSubject(message.subject);
  if ("bad" in named) return named;
  const payload = readPayload(message);
  if ("bad" in payload) return payload;
  const stated = inFirstVersion(named.kind, message.headers, payload.value);
  if ("bad" in stated) return stated;
  const fact = factOf(named.kind, stated.value);
  return "bad" in fact ? fact : { id: named.id, fact };
}

/** By the publisher's clock where it says so, but never later than the log took it. */
function occurredAt({ time, headers }: StoredMessage, { facts }: Fact): number {
  const cloudEventTime = headers?.get("ce-time") ?? "";
  const stated = facts.occurred_at ?? (isInstant(cloudEventTime) ? cloudEventTime : undefined);
  return stated === undefined ? time : Math.min(Date.parse(stated), time);
}

function modify(product: Product, facts: Facts["product.modified"], sequence: number, at: number): void {
  product.firstSeen ??= sequence;
  product.details = {
    title: facts.title,
    description: facts.description ?? null,
    brand: facts.brand ?? null,
    gtin: facts.gtin ?? null,
    status: facts.status ?? "active",
    category_ids: [...new Set(facts.category_ids ?? [])],
    images: (facts.images ?? []).map(({ url, alt }) => ({ url, alt: alt ?? null })),
    specs: facts.specs ?? {},
    group_id: facts.group_id ?? null,
    options: facts.options ?? {},
    sequence,
    updated_at: at,
  };
}

function textOf({
  title,
  body,
  author,
}: {
  title: string | null;
  body: string | null;
  author: string | null;
}): number {
  return `${title ?? ""}${body ?? ""}${author ?? ""}`.length;
}

function review(product: Product, facts: Facts["review.posted"], sequence: number, at: number): void {
  const { review_id, rating, title = null, body = null, author = null } = facts;
  product.reviews ??= { given: new Map(), newest: [], sequence };
  const { reviews } = product;
  reviews.given.set(review_id, { rating, sequence });
  const others = reviews.newest.filter((other) => other.review_id !== review_id);
  const posted = { review_id, rating, title, body, author, posted_at: at, sequence };
  let room = newestTextMax - textOf(posted);
  const kept = others.filter((other) => {
    room -= textOf(other);
    return room >= 0;
  });
  reviews.newest = [posted, ...kept].slice(0, newestReviewsMax);
  reviews.sequence = sequence;
}

/** What a sale says for each product; one that it names twice is in it at the lower price. */
function entriesOf(
  sale_id: Identifier,
  facts: Facts["sale.scheduled"],
  sequence: number,
): ReadonlyMap<Identifier, SaleEntry> {
  const times = { starts_at: Date.parse(facts.starts_at), ends_at: Date.parse(facts.ends_at) };
  const entries = new Map<Identifier, SaleEntry>();
  for (const { product_id, sale_price, purchase_limit = null } of facts.items) {
    const { amount, currency } = sale_price;
    if ((entries.get(product_id)?.amount ?? Number.POSITIVE_INFINITY) <= amount) continue;
    entries.set(product_id, { sale_id, ...times, amount, currency, purchase_limit, sequence });
  }
  return entries;
}
