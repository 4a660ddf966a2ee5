import { setTimeout as delay } from "node:timers/promises";
import { verifyCatalogue } from "../../ops/verify/verify.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { partitionOf } from "../../streams/partition.ts";
import { storedSubject } from "../../streams/subjects.ts";
import { readFrom } from "../chaos/account.ts";
import { nothingSeen, note, type Seen } from "../outages/seen.ts";
import type { Hold, Prefixes } from "../stock/prefixes.ts";
import { patiently } from "../streams/patiently.ts";
import { type CatalogStock, readCatalogStock } from "./catalog-stock.ts";
import type { Asked } from "./ledger.ts";
import type { Part } from "./part.ts";
import type { Rig } from "./rig.ts";
import type { CartLine } from "./shop.ts";
import type { StockReading } from "./stock-reading.ts";

/** Holds what buyers were told against the logs, when everything has ended. */
export interface Check {
  readonly name: string;
  /** How many were looked at; a check that has looked at nothing has failed. */
  looked: number;
  readonly wrong: Seen;
}

/** What CATALOG shows follows within a second; more where the machine is busy. */
const shownMsMax = 15_000;
const pollMs = 100;
/** Products whose answers `verify` looks at. */
const sample = 40;

export async function judge(
  rig: Rig,
  parts: readonly Part[],
  stock: StockReading,
): Promise<readonly Check[]> {
  const orders = await patiently(() => readOrders(rig));
  const catalog = await patiently(() => readCatalogStock(rig.catalogue.catalog, stock));
  return [
    everyPrefix(stock),
    everyCount(stock, catalog),
    ...everyAttempt(parts, stock, orders),
    lastUnits(parts, stock, catalog),
    await shown(rig, parts, stock),
    await patiently(() => verified(rig)),
  ];
}

const check = (name: string): Check => ({ name, looked: 0, wrong: nothingSeen() });

/** The subject of a product's partition in STOCK. */
const subjectOf = ({ product }: Pick<CartLine, "product">) => `stock.${partitionOf(tokenOf(product))}`;

function everyPrefix({ partitions, messages }: StockReading): Check {
  const found = check("held and sold are never more than there is, at any prefix of the log");
  found.looked = messages();
  for (const [subject, { wrong }] of partitions)
    for (const each of wrong) note(found.wrong, subject, `${subject} ${each}`);
  return found;
}

/** A keeper's word counts nothing, but for a product that was forgotten: of that it says how much there was. */
function everyCount({ partitions }: StockReading, { events }: CatalogStock): Check {
  const found = check("what is counted is what a system of record has said, never a keeper's own word");
  for (const [subject, { counts }] of partitions) {
    for (const one of counts) {
      found.looked++;
      const said = events.get(one.event);
      const isSaid = said?.token === tokenOf(one.product as Identifier) && said.quantity === one.quantity;
      const isRight = isSaid && (!said.isWord || one.forgotten === one.quantity);
      if (!isRight)
        note(found.wrong, subject, `${subject} has ${JSON.stringify(one)}, said was ${JSON.stringify(said)}`);
    }
  }
  return found;
}

/** By the number of events of each. */
async function readOrders({ catalogue }: Rig): Promise<Map<string, number>> {
  const orders = new Map<string, number>();
  await readFrom(catalogue.activity, 1, ({ subject, payload }) => {
    if (!subject.includes(".order.placed.")) return;
    const { order_id } = JSON.parse(Buffer.from(payload).toString()) as { readonly order_id: string };
    orders.set(order_id, (orders.get(order_id) ?? 0) + 1);
  });
  return orders;
}

function everyAttempt(
  parts: readonly Part[],
  { partitions }: StockReading,
  orders: Map<string, number>,
): readonly Check[] {
  const known = check("every attempt came to an answer");
  const promised = check(
    "each reservation that was promised stands in one event of each of its partitions, with all its lines",
  );
  const refused = check(
    "none that was refused has taken anything that it did not give back, and not all of it",
  );
  const sold = check("each that was confirmed is sold");
  const given = check("each that was cancelled or left is given back");
  const ordered = check("each that was confirmed is one order, and no other is one");
  const asked = check("all that stands in the log was asked for");
  const takings = new Map([...partitions].map(([subject, prefixes]) => [subject, takingsOf(prefixes)]));
  const unasked = new Map([...takings].map(([subject, of]) => [subject, new Set(of.keys())]));

  function look(one: Asked, { placesOrders }: Part): void {
    const { reservation, outcome, lines } = one;
    const found = [...Map.groupBy(lines, subjectOf)].map(([subject, own]) => {
      unasked.get(subject)?.delete(reservation);
      return { own, taken: takings.get(subject)?.get(reservation) ?? [] };
    });
    const story = () => `${JSON.stringify(one)} is ${JSON.stringify(found)}`;
    const hold = (what: Check, isRight: boolean) => {
      what.looked++;
      if (!isRight) note(what.wrong, outcome, story());
    };
    const all = (how: string) => found.every(({ taken }) => taken.at(-1)?.how === how);
    const isGivenBack = found.every(({ taken }) => taken.every(isBack));
    hold(known, outcome !== "unknown");
    switch (outcome) {
      case "sold":
      case "cancelled":
      case "left":
        hold(
          promised,
          found.every(({ own, taken }) => isTakenOnce(taken, own)),
        );
        if (outcome === "sold") hold(sold, all("sold"));
        else hold(given, all(outcome === "left" ? "expired" : "cancelled"));
        break;
      case "refused": {
        const isAnew = found.some(({ taken }) => taken.length > 1);
        hold(refused, isGivenBack && (isAnew || found.some(({ taken }) => taken.length === 0)));
        break;
      }
      case "lapsed":
        hold(given, isGivenBack);
        break;
      default:
        break;
    }
    if (outcome === "sold" && placesOrders) hold(ordered, orders.get(reservation) === 1);
    if (outcome === "sold") orders.delete(reservation);
  }

  for (const part of parts) for (const one of part.asked()) look(one, part);
  for (const [order, times] of orders) note(ordered.wrong, "unasked", `${order} is an order, ${times} times`);
  for (const [subject, left] of unasked) {
    asked.looked += takings.get(subject)?.size ?? 0;
    for (const reservation of left) note(asked.wrong, subject, `${subject} has ${reservation}`);
  }
  const withOrders = parts.some(({ placesOrders }) => placesOrders);
  return [known, promised, refused, sold, given, asked, ...(withOrders ? [ordered] : [])];
}

interface Taken extends Hold {
  readonly times: number;
}

/** By reservation: a hold has its name, or that and a number where it was taken anew. The last one is last. */
function takingsOf({ holds, accepted }: Prefixes): ReadonlyMap<string, readonly Taken[]> {
  const takings = new Map<string, Taken[]>();
  for (const [name, hold] of holds) {
    const [reservation = name] = name.split(".");
    const taken = takings.get(reservation) ?? [];
    takings.set(reservation, taken);
    taken.push({ ...hold, times: accepted.get(name) ?? 0 });
  }
  return takings;
}

const isBack = ({ how }: Hold) => how === "cancelled" || how === "expired";

/** In one event, exactly these lines; what was taken before that was given back. */
function isTakenOnce(taken: readonly Taken[], lines: readonly CartLine[]): boolean {
  const last = taken.at(-1);
  const items = new Map(last?.items.map(([product, quantity]) => [product, quantity]));
  return (
    taken.every(({ times }) => times === 1) &&
    taken.slice(0, -1).every(isBack) &&
    items.size === lines.length &&
    lines.every(({ product, quantity }) => items.get(product) === quantity)
  );
}

function lastUnits(parts: readonly Part[], { partitions }: StockReading, { counted }: CatalogStock): Check {
  const found = check("the last unit of every product is sold, of those that were counted last");
  for (const product of parts.flatMap(({ shop }) => shop.products)) {
    found.looked++;
    const { products, counts } = partitions.get(subjectOf({ product })) ?? {};
    const { stock, sold, held } = products?.get(product) ?? {};
    const last = counts?.findLast((one) => one.product === product)?.event;
    const wanted = counted.get(tokenOf(product));
    if (stock === undefined || stock !== sold || held !== 0 || last !== wanted)
      note(
        found.wrong,
        "left",
        `of ${stock} ${product}, counted by ${last} and not ${wanted}, sold ${sold}, held ${held}`,
      );
  }
  return found;
}

async function shown(rig: Rig, parts: readonly Part[], { partitions }: StockReading): Promise<Check> {
  const { catalog } = rig.catalogue;
  const products = parts.flatMap(({ shop }) => shop.products);
  for (const deadline = performance.now() + shownMsMax; ; await delay(pollMs)) {
    const found = check("what CATALOG shows of every product is what STOCK says is there");
    for (const product of products) {
      found.looked++;
      const subject = storedSubject("inventory.changed", tokenOf(product));
      const message = await patiently(() => catalog.last(subject, "leader"));
      const said = JSON.parse(Buffer.from(message?.payload ?? "{}").toString()) as { new_quantity?: number };
      const {
        stock = 0,
        sold = 0,
        held = 0,
      } = partitions.get(subjectOf({ product }))?.products.get(product) ?? {};
      if (said.new_quantity !== Math.max(0, stock - sold - held))
        note(
          found.wrong,
          "other",
          `${product}: ${JSON.stringify(said)} of ${stock}, sold ${sold}, held ${held}`,
        );
    }
    if (found.wrong.count === 0 || performance.now() > deadline) return found;
  }
}

async function verified({ catalogue, nodes }: Rig): Promise<Check> {
  const {
    products,
    differences,
    shown: told,
  } = await verifyCatalogue({
    ...catalogue,
    versions: catalogue.versions.catalog,
    ...(nodes[0] !== undefined && { api: nodes[0].url }),
    sample,
    now: () => Date.now(),
  });
  const found = check("`shelfwire verify` finds no difference");
  found.looked = products;
  for (const each of told) note(found.wrong, "differs", JSON.stringify(each));
  found.wrong.count = differences;
  return found;
}
