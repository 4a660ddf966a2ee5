import type { StockPort } from "../../actors/stock/stock-port.ts";
import { type Checkout, createCheckout } from "../../api/checkout/checkout.ts";
import type { CheckoutTerms } from "../../api/checkout/checkout-limits.ts";
import type { QuoteKeys } from "../../api/checkout/quote-token.ts";
import { Problem } from "../../api/problems.ts";
import { createOrders } from "../../api/checkout/orders.ts";
import { createRecords } from "../../api/checkout/records.ts";
import { sentOf } from "../../api/checkout/request-bodies.ts";
import { createSettling } from "../../api/checkout/settling.ts";
import { createProductFromLog } from "../../api/product-from-log.ts";
import { createStrongReads } from "../../api/strong-reads.ts";
import { versionsOf } from "../../projections/version.ts";
import { decodeReservationEvent, type ReservationEvent } from "../../streams/checkout-events.ts";
import { decodeEvent, type EventOf, isBad } from "../../streams/events.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { type Log, LogUnavailable, type StoredMessage } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { partitionOf } from "../../streams/partition.ts";
import type { HowEnded } from "../../streams/stock-commit.ts";
import { createSlots } from "../../streams/slots.ts";
import { id } from "../streams/id.ts";
import { createMemoryStock, type MemoryStock } from "./stock.ts";

/** A shop with a checkout, over logs and stock in memory. */

export const noon = Date.parse("2026-11-23T12:00:00Z");
export const epoch = 7;
export const ann = id("ann");
export const bob = id("bob");
export const keys: QuoteKeys = [{ kid: "k1", secret: Buffer.alloc(32, 1) }];

export const terms: CheckoutTerms = {
  holdMs: 600_000,
  openMax: 5,
  openInSaleMax: 3,
  perMinuteMax: 20,
};

/** Two products of one partition, and one of another, whose smallest product comes first. */
export const lamp = id("lamp");
export const lamps = sibling("lamp");
export const chair = stranger("chair");

export interface Shop {
  readonly clock: { now: number };
  readonly catalog: Log;
  readonly derived: Log;
  readonly checkout: Log;
  readonly activity: Log;
  readonly stock: MemoryStock;
  product(product: Identifier, about?: object): Promise<void>;
  price(product: Identifier, amount: number, currency?: string): Promise<void>;
  count(product: Identifier, quantity: number): Promise<void>;
  sale(sale: string, product: Identifier, amount: number, terms?: SaleTerms): Promise<void>;
  /** A server of its own, which may see the logs and the keepers its own way. */
  server(through?: Partial<Tiers>): Checkout;
  /** The same, for requests that have a quote in them and nothing else. */
  open(through?: Partial<Tiers>): OpenCheckout;
  settle(user: Identifier, reservation: string, taking?: number): Promise<HowEnded>;
  /** Ends the holds whose time is up, as the keepers do. */
  sweep(): Promise<void>;
  /** Also those that do not count. */
  events(user: Identifier, reservation: string): Promise<readonly StoredEvent[]>;
  orders(user: Identifier): Promise<readonly EventOf<"order.placed">["data"][]>;
}

export type OpenCheckout = Omit<Checkout, "reserve"> & {
  reserve(user: Identifier, key: string, quote: string): ReturnType<Checkout["reserve"]>;
};

export type StoredEvent = ReservationEvent & { readonly sequence: number };

export interface Tiers {
  readonly catalog: Log;
  readonly checkout: Log;
  readonly activity: Log;
  readonly stock: StockPort;
  readonly keys: QuoteKeys;
  readonly epoch: number;
}

export interface SaleTerms {
  readonly from?: number;
  readonly to?: number;
  readonly limit?: number;
  readonly currency?: string;
}

export function openShop(): Shop {
  const clock = { now: noon };
  const now = () => clock.now;
  const log = (stream: string, more = {}) => createMemoryLog({ stream, now, epoch, ...more });
  const catalog = log("CATALOG");
  const derived = log("DERIVED", { perSubject: 1 });
  const checkout = log("CHECKOUT");
  const activity = log("ACTIVITY");
  const stock = createMemoryStock();
  let ids = 0;
  const newId = () => `event-${++ids}`;
  const say = async (kind: string, about: Identifier, payload: object) =>
    void (await catalog.append(`catalog.${kind}.${tokenOf(about)}`, Buffer.from(JSON.stringify(payload))));

  const settle = (buyer: Identifier, reservation: string, taking = 0) =>
    createSettling({ records: createRecords(checkout), orders: createOrders(activity), newId })({
      buyer,
      reservation,
      taking,
    });

  function server(through: Partial<Tiers> = {}): Checkout {
    const tiers = { catalog, checkout, activity, stock, keys, epoch, ...through };
    const slots = createSlots(32);
    const fromLog = createProductFromLog(tiers.catalog, derived, versionsOf(tiers.epoch), slots);
    const reads = createStrongReads(tiers.catalog, derived, fromLog, slots);
    return createCheckout({ ...tiers, reads, terms, now, newId });
  }

  return {
    clock,
    catalog,
    derived,
    checkout,
    activity,
    stock,
    product: (product, about = {}) => say("product.modified", product, { title: product, ...about }),
    price: (product, amount, currency = "GBP") =>
      say("price.updated", product, { new_price: { amount, currency } }),
    async count(product, quantity) {
      stock.put(product, quantity);
      await say("inventory.changed", product, { new_quantity: quantity });
    },
    sale: (
      sale,
      product,
      amount,
      { from = noon - 1_000, to = noon + 86_400_000, limit, currency = "GBP" } = {},
    ) =>
      say("sale.scheduled", id(sale), {
        starts_at: new Date(from).toISOString(),
        ends_at: new Date(to).toISOString(),
        items: [{ product_id: product, sale_price: { amount, currency }, purchase_limit: limit ?? null }],
      }),
    server,
    open(through) {
      const whole = server(through);
      const reserve = (user: Identifier, key: string, quote: string) =>
        whole.reserve(user, key, sentOf({ quote }));
      return { ...whole, reserve };
    },
    settle,
    async sweep() {
      for (const { partition, reservation, taking, buyer, until } of stock.open()) {
        if (until > now()) continue;
        const how = await settle(buyer, reservation, taking);
        await stock.end(partition, { reservation, taking, how });
      }
    },
    async events(user, reservation) {
      const all = await messages(checkout, `checkout.${tokenOf(user)}.${reservation}`);
      return all.flatMap(({ payload, sequence }) => {
        const event = decodeReservationEvent(payload);
        return event === undefined ? [] : [{ ...event, sequence }];
      });
    },
    async orders(user) {
      const token = tokenOf(user);
      const all = await messages(activity, `log.activity.${partitionOf(token)}.order.placed.${token}`);
      return all.map((message) => {
        const event = decodeEvent(message);
        if (isBad(event) || event.kind !== "order.placed") throw new Error("that is no order");
        return event.data;
      });
    },
  };
}

async function messages(log: Log, subject: string): Promise<readonly StoredMessage[]> {
  const all: StoredMessage[] = [];
  for (let at = 1; ; ) {
    const message = await log.next(subject, at);
    if (message === undefined) return all;
    all.push(message);
    at = message.sequence + 1;
  }
}

const away = async (): Promise<never> => {
  throw new LogUnavailable("no leader");
};

/** A log without a leader. */
export const unavailable: Log = {
  stream: "AWAY",
  append: away,
  last: away,
  next: away,
  bounds: away,
  tail: () => ({ take: away, close: async () => {} }),
};

/** Lamps and chairs, five of each. */
export async function openFurnished(): Promise<Shop> {
  const shop = openShop();
  for (const [product, amount] of [
    [lamp, 1_999],
    [lamps, 2_500],
    [chair, 5_000],
  ] as const) {
    await shop.product(product);
    await shop.price(product, amount);
    await shop.count(product, 5);
  }
  return shop;
}

export type Items = readonly (readonly [product: Identifier, quantity: number])[];

/** The body of a quote's answer, as the tests look at it. */
export interface QuoteBody {
  readonly quote: string;
  readonly expires_at: string;
  readonly currency: string | null;
  readonly total: { readonly amount: number; readonly currency: string; readonly display: string } | null;
  readonly lines: readonly {
    readonly product_id: string;
    readonly quantity: number;
    readonly price: { readonly amount: number; readonly sale: unknown } | null;
    readonly line_total: { readonly amount: number } | null;
    readonly available: number;
    readonly status: string;
  }[];
}

export async function quoteFor(
  checkout: Pick<Checkout, "quote">,
  user: Identifier,
  items: Items,
): Promise<QuoteBody> {
  const wanted = items.map(([product, quantity]) => ({ product, quantity }));
  return (await checkout.quote(user, wanted)) as QuoteBody;
}

/** The problem that it ends in, as `<status> <code>`. */
export async function problemOf(work: Promise<unknown>): Promise<string> {
  const problem = await problemIn(work);
  return `${problem.status} ${problem.code}`;
}

export async function problemIn(work: Promise<unknown>): Promise<Problem> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("it went well");
}

/** The code of a problem document. */
export const codeOf = (body: object): string =>
  String((body as { readonly type?: string }).type).replace("urn:shelfwire:problem:", "");

function sibling(name: string): Identifier {
  return found((each) => partitionOf(tokenOf(each)) === partitionOf(tokenOf(id(name))), name);
}

function stranger(name: string): Identifier {
  return found((each) => partitionOf(tokenOf(each)) !== partitionOf(tokenOf(lamp)), name);
}

function found(isWanted: (product: Identifier) => boolean, name: string): Identifier {
  for (let at = 1; ; at++) {
    const product = id(`${name}-${at}`);
    if (isWanted(product)) return product;
  }
}
