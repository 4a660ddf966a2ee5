import { imageUrl } from "../../api/image.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { type ShelfCategory, shelfCategories } from "./departments.ts";
import { dayMs, hourMs, minuteMs } from "./event.ts";
import { demoGtin } from "./gtin.ts";
import { oddities } from "./oddities.ts";
import { regularPrice } from "./prices.ts";
import type { Random } from "./random.ts";
import { slug } from "./slug.ts";
import { drawVariants, type Variant } from "./variations.ts";

/** The assortment: what the demo shop sells, before anything happened to it. */
export interface DemoProduct {
  readonly id: Identifier;
  readonly noun: string;
  /** When its first product.modified happened. */
  readonly bornAt: number;
  /** Its first regular price. */
  readonly pence: number;
  /** The facts of product.modified. */
  readonly document: {
    readonly title: string;
    readonly description: string;
    readonly [fact: string]: unknown;
  };
}

const variantShare = 0.15;

const lines =
  "Alder Anwick Arden Aster Avon Bay Beacon Birch Bramble Briar Calder Cedar Clover Coast Cove Dale Dapple Dawn Eddy Elm Ember Fable Fell Fennel Finch Fjord Flint Gale Glen Grove Harbour Hazel Heath Heron Isla Ivy Juniper Kelso Kite Lark Linden Linnet Loch Lowen Lumen Maple Marlow Meadow Mere Mira Moor Moss Nova Oriel Orla Otter Pebble Penrose Petrel Plover Quill Quince Reed Rill Robin Rowan Rye Saffron Sedge Skye Sorrel Starling Swift Tansy Tarn Teasel Thistle Tide Vale Wren Yarrow".split(
    " ",
  );

/**
 * `count` products, variants included. Every shelf gets one before any gets a second. Variant groups are
 * steered towards their share rather than drawn, so that a small assortment has some as well.
 */
export function drawAssortment(random: Random, count: number, start: number, now: number): DemoProduct[] {
  const products = oddities
    .slice(0, count)
    .map((oddity) => oddProduct(oddity, bornBetween(random, start, now), random));
  let variants = 0;
  for (let family = 0; products.length < count; family++) {
    const shelf = shelfCategories[family] ?? random.pick(shelfCategories);
    const article = drawArticle(random, shelf, 1_000 + family);
    const bornAt = bornBetween(random, start, now);
    const { variesBy } = shelf.group;
    const group =
      variesBy !== undefined && variants < variantShare * products.length
        ? drawVariants(variesBy, random)
        : [];
    if (group.length === 0 || products.length + group.length > count) {
      products.push(single(article, shelf, bornAt, random));
      continue;
    }
    variants += group.length;
    // They come in minutes after each other, as a person would enter them.
    for (const [at, variant] of group.entries()) {
      products.push(variantOf(article, variant, shelf, bornAt + at * 3 * minuteMs, random));
    }
  }
  return products;
}

interface Article {
  readonly id: Identifier;
  readonly title: string;
  readonly brand: string;
  readonly description: string;
  readonly specs: Readonly<Record<string, string | number | boolean>>;
  readonly pounds: number;
  readonly categoryIds: readonly Identifier[];
}

function drawArticle(random: Random, shelf: ShelfCategory, number: number): Article {
  const { department, group, noun, fromPounds, toPounds } = shelf;
  const line = random.pick(lines);
  const make = random.pick(group.makes);
  const brand = random.pick(department.brands);
  const neighbour = random.chance(0.05)
    ? shelfCategories.find((other) => other.group === group && other !== shelf)
    : undefined;
  return {
    id: slug(line, noun, String(number)),
    title: `${brand} ${line} ${make} ${noun}`,
    brand,
    description: [
      `${make} ${noun.toLowerCase()} from ${brand}'s ${line} range.`,
      ...random.sample(group.features, 2),
    ].join(" "),
    specs: Object.fromEntries(
      Object.entries(group.specs).map(([name, values]) => [name, random.pick(values)]),
    ),
    // Most of a shelf is near its lower end.
    pounds: fromPounds + (toPounds - fromPounds) * random.next() ** 2,
    categoryIds: neighbour === undefined ? [shelf.id] : [shelf.id, neighbour.id],
  };
}

function single(article: Article, shelf: ShelfCategory, bornAt: number, random: Random): DemoProduct {
  const { id, title } = article;
  return {
    id,
    noun: shelf.noun,
    bornAt,
    pence: regularPrice(article.pounds * 100),
    document: { ...sharedFacts(article, random), title, images: [{ url: imageUrl(id), alt: title }] },
  };
}

function variantOf(
  article: Article,
  { options, priceFactor }: Variant,
  shelf: ShelfCategory,
  bornAt: number,
  random: Random,
): DemoProduct {
  const id = slug(article.id, ...Object.values(options));
  const title = `${article.title}, ${Object.values(options).join(", ")}`;
  return {
    id,
    noun: shelf.noun,
    bornAt,
    pence: regularPrice(article.pounds * priceFactor * 100),
    document: {
      ...sharedFacts(article, random),
      title,
      images: [{ url: imageUrl(id), alt: title }],
      group_id: article.id,
      options,
    },
  };
}

function sharedFacts({ title, brand, description, specs, categoryIds }: Article, random: Random) {
  return {
    title,
    description,
    brand,
    gtin: demoGtin(random),
    status: "active",
    category_ids: categoryIds,
    specs,
  };
}

function oddProduct(oddity: (typeof oddities)[number], bornAt: number, random: Random): DemoProduct {
  const { id, noun, title, description, shelf, pounds } = oddity;
  return {
    id,
    noun,
    bornAt,
    pence: regularPrice(pounds * 100),
    document: {
      title,
      description,
      gtin: demoGtin(random),
      status: "active",
      category_ids: shelf === undefined ? [] : [shelf],
      images: [{ url: imageUrl(id), alt: title }],
    },
  };
}

/** More came lately than long ago; the newest two days ago. */
function bornBetween(random: Random, start: number, now: number): number {
  const from = start + hourMs;
  return from + Math.floor((now - 2 * dayMs - from) * random.next() ** 0.8);
}
