import type { Redis } from "ioredis";
import { productId } from "../mix.ts";
import { createRandom } from "../random.ts";
import type { Row } from "../report.ts";
import { startBare, startYardstick } from "../services.ts";
import { openShop } from "../shop.ts";
import { busyText, figures, inTurns, ratioOf, sharesOf } from "../turns.ts";
import { partsOf, storeParts } from "../yardsticks/cache-aside.ts";

/**
 * Wide: a read may be of any product, so that hardly one comes from the gateway's cache, which is as small as it can
 * be, and Redis answers; beside a textbook's cache-aside service and a tuned one, which have the same JSON in keys
 * of their own on the same redis-server. Each is alone on the second core in its turn, and bare `node:http` that
 * sends one product says where the two stand.
 */
const connections = 32;
const turnMs = 3_000;

export async function wide(products: number, turns: number): Promise<readonly Row[]> {
  const shop = await openShop(products);
  const { redisUrl } = shop.rig.servers;
  try {
    const api = await shop.addApi({ CACHE_BYTES: "1MB" });
    const origin = `http://127.0.0.1:${api.port}`;
    await fillAside(shop.rig.catalogue.redis, origin, products);
    const services = {
      bare: shop.add(await startBare(api, `/api/products/${productId(7)}`)),
      textbook: shop.add(await startYardstick("textbook", redisUrl, origin)),
      tuned: shop.add(await startYardstick("tuned", redisUrl, origin)),
      ours: api,
    };
    const random = createRandom(1);
    const path = () => `/api/products/${productId(Math.floor(random() * products))}`;
    const { bare, ours, ...asides } = await inTurns(services, turns, { path, connections, ms: turnMs });
    const wanted = { textbook: "at least 2.00, p99 below 1.00", tuned: "at least 1.20, p99 below 1.00" };
    return (["textbook", "tuned"] as const).map((name) => {
      const theirs = asides[name];
      const ofBare = ratioOf(theirs.perSecond, bare.perSecond).toFixed(2);
      const ofTheirs = ratioOf(ours.perSecond, theirs.perSecond).toFixed(2);
      return {
        name: `wide, ${products.toLocaleString("en")} products, ${connections} connections, beside ${name} cache-aside`,
        ours: figures(ours),
        yardstick: `${figures(theirs)} (${ofBare} of bare node:http)`,
        ratio: `${ofTheirs}, p99 ${ratioOf(ours.p99, theirs.p99).toFixed(2)}`,
        wanted: wanted[name],
        note: `${sharesOf(ours.tiers)}; ${busyText(ours, theirs)}`,
      };
    });
  } finally {
    await shop.close();
  }
}

/** As many as one call answers. */
const batch = 100;

/** Every product into the keys of the cache-aside services, as the API answers it. */
async function fillAside(redis: Redis, origin: string, products: number): Promise<void> {
  for (let from = 0; from < products; from += batch) {
    const count = Math.min(batch, products - from);
    const ids = Array.from({ length: count }, (_, at) => productId(from + at));
    const answer = await fetch(`${origin}/api/products?ids=${ids.join()}`);
    const { items } = (await answer.json()) as { readonly items: readonly Record<string, unknown>[] };
    if (items.length !== count) throw new Error(`only ${items.length} of ${count} products were found`);
    await storeParts(
      redis,
      items.map((item) => [String(item.id), partsOf(item)]),
    );
  }
}
