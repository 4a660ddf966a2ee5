import { setTimeout as delay } from "node:timers/promises";
import { type AskedNode, type Body, lanes, type Reply } from "./asking.ts";
import type { Publishing } from "./publishing.ts";
import type { Shop } from "./shop.ts";

/**
 * When everybody has stopped and all is level: every product's price and stock, by each route that shows them and on
 * each node, must be what the last acknowledged event about it said. Returns what is not, in words.
 */
export async function differing(
  nodes: readonly AskedNode[],
  shop: Shop,
  publishing: Publishing,
): Promise<readonly string[]> {
  let asks = nodes.flatMap((node) =>
    shop.products.flatMap((name, at) =>
      ["", "/price", "/inventory"].map((rest) => ({ node, name, path: `/api/products/${name}${rest}`, at })),
    ),
  );
  // A word of the last change may still be on its way.
  for (const deadline = performance.now() + settleMsMax; ; await delay(pauseMs)) {
    const wrong = new Map<(typeof asks)[number], string>();
    const next = asks.values();
    const work = async () => {
      for (const ask of next) {
        const what = differenceOf(await ask.node.ask(ask.path, ask.at % lanes), ask.name, publishing);
        if (what !== undefined) wrong.set(ask, `${ask.path} on ${ask.node.name}: ${what}`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    asks = [...wrong.keys()];
    if (asks.length === 0 || performance.now() > deadline) return [...wrong.values()];
  }
}

const settleMsMax = 10_000;
const pauseMs = 200;
const atOnce = 24;

function differenceOf(reply: Reply, name: string, { newest }: Publishing): string | undefined {
  const { status, body, path, text, tier } = reply;
  if (body === undefined) return `${status} ${text}`;
  const price = newest("price", name);
  const stock = newest("stock", name);
  const told = `${JSON.stringify({ price: body.price, inventory: body.inventory })} from ${tier}`;
  if (!path.endsWith("/inventory") && !isPrice(body, price))
    return `${told}, and ${JSON.stringify(price)} is the price`;
  if (path.endsWith("/price")) return undefined;
  const isStock = body.inventory?.quantity === stock?.number && body.inventory?.version === stock?.sequence;
  return isStock ? undefined : `${told}, and ${JSON.stringify(stock)} is the stock`;
}

/** During a sale the regular price is the other one, and a sale may be newer than the price. */
function isPrice({ price }: Body, due: ReturnType<Publishing["newest"]>): boolean {
  if (price == null || due === undefined) return false;
  const regular = price.sale === null ? price.amount : price.list_amount;
  return regular === due.number && price.version >= due.sequence;
}
