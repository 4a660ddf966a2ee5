import { createLogReader } from "../../projections/log-reader.ts";
import { decodeEvent, isBad } from "../../streams/events.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import type { Log, StoredMessage } from "../../streams/log.ts";
import { publicSubject, storedSubject } from "../../streams/subjects.ts";
import type { Counted, QuantityOf } from "./counting.ts";

/**
 * What CATALOG says about stock, and what keepers say there: an `inventory.changed` of a keeper carries, beside the quantity
 * that can still be bought, the place in STOCK that it stands for, with the epoch of that stream. By this field a keeper knows
 * that nothing was counted. In another shop's log, where such an event was imported, it is a count as any other. Of the last
 * units it also says when they are gone at the rate at which they sell.
 */
export interface KeepersWord {
  readonly quantity: number;
  readonly reason: "reservation" | "release";
  /** In STOCK. */
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly sellsOutAt: number | undefined;
}

export const inventorySubject = (product: Identifier): string => publicSubject("inventory.changed", product);

export function encodeKeepersWord(
  { quantity, reason, sequence, sellsOutAt }: KeepersWord,
  epoch: number,
): Buffer {
  const word = { new_quantity: quantity, reason, stock: `${epoch}/${sequence}` };
  return Buffer.from(
    JSON.stringify(sellsOutAt === undefined ? word : { ...word, sells_out_at: wholeSecond(sellsOutAt) }),
  );
}

/** RFC 3339 in its plainest form, which is read fastest; rounded up. */
const wholeSecond = (ms: number) =>
  new Date(Math.ceil(ms / 1_000) * 1_000).toISOString().replace(".000Z", "Z");

/** Undefined for what is no good event about stock. `epoch`: of STOCK. */
export function countedIn(
  message: StoredMessage,
  epoch: number,
): (Counted & { product: Identifier }) | undefined {
  const event = decodeEvent(message);
  if (isBad(event) || event.kind !== "inventory.changed") return undefined;
  const { id: product, sequence, data } = event;
  const place = placeOf(message, epoch);
  const own = place !== undefined;
  return { product, quantity: data.new_quantity, sequence, own, newest: sequence, ...(own && { place }) };
}

const utf8 = new TextDecoder();

/** Which place in STOCK a good event stands for, where it is a keeper's word. */
function placeOf({ payload }: StoredMessage, epoch: number): number | undefined {
  const { stock } = JSON.parse(utf8.decode(payload)) as { readonly stock?: unknown };
  const own = `${epoch}/`;
  if (typeof stock !== "string" || !stock.startsWith(own)) return undefined;
  const place = Number(stock.slice(own.length));
  return Number.isSafeInteger(place) ? place : 0;
}

/** The newest good event, from the leader: one get, more only where the newest one is bad. */
export function createQuantityReader(catalog: Log, derived: Log, epoch: number): QuantityOf {
  const reader = createLogReader(catalog, derived);
  return async (product) => {
    const subject = storedSubject("inventory.changed", tokenOf(product));
    const newest = await catalog.last(subject, "leader");
    if (newest === undefined) return undefined;
    const counted = countedIn(newest, epoch);
    if (counted !== undefined) return counted;
    const good = await reader.read("inventory", product, "leader");
    const message = good && (await catalog.next(subject, good.sequence));
    const behind = message && countedIn(message, epoch);
    return behind && { ...behind, newest: newest.sequence };
  };
}
