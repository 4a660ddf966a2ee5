import { expect, vi } from "vitest";
import { money, openShop, type Shop, varnishOf } from "../edge-purge/shop.ts";
import type { Body, Client } from "./polling.ts";
import { createLoadsSeen } from "./seen-behind.ts";

/** A shop of two API nodes behind Varnish, whose purges work, and the readers who look at one of its products. */

const patience = { timeout: 20_000, interval: 20 };

export type SaleShop = Awaited<ReturnType<typeof openSaleShop>>;

export async function openSaleShop() {
  const loads = createLoadsSeen();
  const shop = await openShop({ varnish: true, nodes: 2, seenThrough: loads.through });
  await shop.startPurges([varnishOf(shop)]);
  await vi.waitFor(async () => {
    for (const node of shop.nodes)
      expect((await shop.get("/readyz", node)).body).toMatchObject({ edge: { lifetimes: "long" } });
  }, patience);
  return { ...shop, loads, ...dealingIn(shop) };
}

function dealingIn(shop: Shop) {
  /** Until each node and the edge show what is expected of it. */
  const until = (path: string, looksRight: (body: Body) => void) =>
    vi.waitFor(async () => {
      for (const url of [...shop.nodes, shop.url]) looksRight((await shop.get(path, url)).body);
    }, patience);
  return {
    until,
    /** A product with its price, read by everybody once. */
    async place(id: string, amount: number, document: object = {}): Promise<void> {
      await shop.publish("product.modified", id, { title: id, ...document });
      await shop.publish("price.updated", id, { new_price: money(amount) });
      await until(pathOf(id), ({ price }) => expect(price?.amount).toBe(amount));
    },
    sell: (sale: string, { from, to, items }: Selling) =>
      shop.publish("sale.scheduled", sale, {
        starts_at: new Date(from).toISOString(),
        ends_at: new Date(to).toISOString(),
        items: Object.entries(items).map(([product_id, sale_price]) => ({
          product_id,
          sale_price: typeof sale_price === "number" ? money(sale_price) : sale_price,
        })),
      }),
  };
}

interface Selling {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** By product, what it costs then. */
  readonly items: Readonly<Record<string, number | { readonly amount: number; readonly currency: string }>>;
}

export const pathOf = (id: string) => `/api/products/${id}`;

/** At each node and at the edge, with and without a validator. */
export function readersOf(shop: Shop, path: string, shownIn: Client["shownIn"]): readonly Client[] {
  const nodes = shop.nodes.map((url, at) => ({ door: `node ${at}`, url }));
  return [...nodes, { door: "edge", url: shop.url }].flatMap(({ door, url }) =>
    [false, true].map((conditional): Client => {
      const name = `${door}, ${conditional ? "If-None-Match" : "plain"}, ${path}`;
      return { name, url, path, conditional, shownIn };
    }),
  );
}
