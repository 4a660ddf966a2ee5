import { limits } from "../../api/limits.ts";
import { type Answer, openReader, type Reader } from "../http-load.ts";
import { productId } from "../mix.ts";
import { createRandom } from "../random.ts";
import type { Row } from "../report.ts";
import { quantile } from "../rig.ts";
import { openShop } from "../shop.ts";

/**
 * Batch: 100 products in one call, beside one product, both from Redis, one at a time and each followed by the
 * other. The gateway's cache is as small as it can be.
 */
export async function batch(products: number, samples: number): Promise<readonly Row[]> {
  const shop = await openShop(products);
  try {
    const api = await shop.addApi({ CACHE_BYTES: "1MB" });
    const random = createRandom(1);
    const anyId = () => productId(Math.floor(random() * products));
    const many: number[] = [];
    const single: number[] = [];
    const reader = await openReader(api.port);
    // The first ones are not counted: the code of both ways is not compiled yet.
    for (let sample = -samples / 10; sample < samples; sample++) {
      const one = await fromRedis(reader, () => `/api/products/${anyId()}`);
      const ids = Array.from({ length: limits.batchMax }, anyId);
      const all = await fromRedis(reader, () => `/api/products?ids=${ids.join()}`);
      if (sample < 0) continue;
      single.push(one.ms);
      many.push(all.ms);
    }
    reader.close();
    const ms = (of: readonly number[]) =>
      `p50 ${quantile(of, 0.5).toFixed(2)} ms, p99 ${quantile(of, 0.99).toFixed(2)} ms`;
    const ratio = (share: number) => (quantile(many, share) / quantile(single, share)).toFixed(2);
    const each = (1_000 * quantile(many, 0.5)) / limits.batchMax;
    return [
      {
        name: `batch, ${limits.batchMax} products in one call, ${products.toLocaleString("en")} products`,
        ours: ms(many),
        yardstick: `${ms(single)} (one product from Redis)`,
        ratio: `${ratio(0.5)} and ${ratio(0.99)}`,
        wanted: "p99 at most 2.00",
        note: `${samples} samples, one at a time; ${each.toFixed(0)} µs a product`,
      },
    ];
  } finally {
    await shop.close();
  }
}

/** The first answer that Redis gave: a few are still held by the gateway. */
async function fromRedis({ get }: Reader, path: () => string): Promise<Answer> {
  for (;;) {
    const answer = await get(path());
    if (answer.tier === "redis") return answer;
    if (answer.tier !== "memory") throw new Error(`an answer came from ${answer.tier}`);
  }
}
