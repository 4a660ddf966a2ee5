import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { partitionOf } from "../../streams/partition.ts";
import { nothingSeen, note, type Seen } from "../outages/seen.ts";
import type { Hold, Prefixes } from "../stock/prefixes.ts";
import type { CatalogStock } from "./catalog-stock.ts";
import type { Asked } from "./ledger.ts";
import type { Part } from "./part.ts";
import type { Returns } from "./returns.ts";
import type { CartLine } from "./shop.ts";
import type { StockReading } from "./stock-reading.ts";

/** What buyers were told, held against what stands in the logs. */
export interface Check {
  readonly name: string;
  /** How many were looked at; a check that has looked at nothing has failed. */
  looked: number;
  readonly wrong: Seen;
}

type Partitions = Pick<StockReading, "partitions">;
type AskedPart = Pick<Part, "asked" | "placesOrders">;

export const check = (name: string): Check => ({ name, looked: 0, wrong: nothingSeen() });

/** The subject of a product's partition in STOCK. */
export const subjectOf = ({ product }: Pick<CartLine, "product">) => `stock.${partitionOf(tokenOf(product))}`;

export function everyPrefix({ partitions, messages }: Pick<StockReading, "partitions" | "messages">): Check {
  const found = check("held and sold are never more than there is, at any prefix of the log");
  found.looked = messages();
  for (const [subject, { wrong }] of partitions)
    for (const each of wrong) note(found.wrong, subject, `${subject} ${each}`);
  return found;
}

/** A keeper's word counts nothing, but for a product that was forgotten: of that it says how much there was. */
export function everyCount({ partitions }: Partitions, { events }: Pick<CatalogStock, "events">): Check {
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

export function everyAttempt(
  parts: readonly AskedPart[],
  { partitions }: Partitions,
  orders: Map<string, number>,
  returns: Returns,
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

  function look(one: Asked, { placesOrders }: AskedPart): void {
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
          found.every(({ own, taken }) => isTakenOnce(taken, own)) &&
            new Set(found.map(({ taken }) => taken.at(-1)?.taking)).size === 1,
        );
        if (outcome === "sold") hold(sold, all("sold"));
        else hold(given, all(outcome === "left" ? "expired" : "cancelled"));
        break;
      case "refused":
        hold(refused, isGivenBack && !isTakenWhole(found, returns.get(reservation) ?? 0));
        break;
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
  readonly taking: number;
  readonly times: number;
}

/** By reservation: a hold has its name, or that and a number where it was taken anew. The last one is last. */
function takingsOf({ holds, accepted }: Prefixes): ReadonlyMap<string, readonly Taken[]> {
  const takings = new Map<string, Taken[]>();
  for (const [name, hold] of holds) {
    const [reservation = name, taking = "0"] = name.split(".");
    const taken = takings.get(reservation) ?? [];
    takings.set(reservation, taken);
    taken.push({ ...hold, taking: Number(taking), times: accepted.get(name) ?? 0 });
  }
  return takings;
}

const isBack = ({ how }: Hold) => how === "cancelled" || how === "expired";

/** Whether each partition has had its units in that taking. */
const isTakenWhole = (partitions: readonly { readonly taken: readonly Taken[] }[], which: number): boolean =>
  partitions.every(({ taken }) => taken.some(({ taking }) => taking === which));

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

export function lastUnits(
  products: readonly Identifier[],
  { partitions }: Partitions,
  { counted }: Pick<CatalogStock, "counted">,
): Check {
  const found = check("the last unit of every product is sold, of those that were counted last");
  for (const product of products) {
    found.looked++;
    const partition = partitions.get(subjectOf({ product }));
    const { stock, sold, held } = partition?.products.get(product) ?? {};
    const last = partition?.counts.findLast((one) => one.product === product)?.event;
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
