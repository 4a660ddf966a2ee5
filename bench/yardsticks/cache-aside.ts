import type { Redis } from "ioredis";

/**
 * Cache-aside: three keys a product, written by whoever missed one, with what the service behind answered. The text
 * of each is JSON: the product's own fields, its price, its stock.
 */
export interface Parts {
  readonly product: string;
  readonly price: string;
  readonly inventory: string;
}

export const keysOf = (id: string) =>
  [`aside:product:${id}`, `aside:price:${id}`, `aside:inventory:${id}`] as const;

export const cacheControl = "public, max-age=5";

const secondsToLive = 3_600;

/** `product` as our API answers it. */
export function partsOf({ price, inventory, ...product }: Record<string, unknown>): Parts {
  return {
    product: JSON.stringify(product),
    price: JSON.stringify(price),
    inventory: JSON.stringify(inventory),
  };
}

export async function storeParts(
  redis: Redis,
  products: readonly (readonly [string, Parts])[],
): Promise<void> {
  const pipeline = redis.pipeline();
  for (const [id, { product, price, inventory }] of products) {
    const [ofProduct, ofPrice, ofInventory] = keysOf(id);
    pipeline.set(ofProduct, product, "EX", secondsToLive);
    pipeline.set(ofPrice, price, "EX", secondsToLive);
    pipeline.set(ofInventory, inventory, "EX", secondsToLive);
  }
  await pipeline.exec();
}

/** After a miss: what the service behind has, stored for the next reader; undefined where it has none. */
export async function loadParts(redis: Redis, origin: string, id: string): Promise<Parts | undefined> {
  const answer = await fetch(`${origin}/api/products/${encodeURIComponent(id)}`);
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`the service behind answered ${answer.status}`);
  const parts = partsOf((await answer.json()) as Record<string, unknown>);
  await storeParts(redis, [[id, parts]]);
  return parts;
}
