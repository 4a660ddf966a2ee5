import { productId } from "../mix.ts";
import type { Row } from "../report.ts";
import { startBare } from "../services.ts";
import { openShop } from "../shop.ts";
import { busyText, figures, inTurns, ratioOf } from "../turns.ts";

/**
 * Hot: one product from the gateway's cache, beside bare `node:http` that sends the same bytes and headers, in
 * turn, each alone on the second core; load, nats-server, redis-server and the projector are on the first.
 */
const connections = 32;
const turnMs = 3_000;

export async function hot(turns: number): Promise<readonly Row[]> {
  const shop = await openShop(1_000);
  try {
    const api = await shop.addApi({ CACHE_BYTES: "128MB" });
    const path = `/api/products/${productId(7)}`;
    const bare = shop.add(await startBare(api, path));
    const measured = await inTurns({ bare, ours: api }, turns, { path: () => path, connections, ms: turnMs });
    return [
      {
        name: `hot, one product from the gateway's cache, ${connections} connections`,
        ours: figures(measured.ours),
        yardstick: `${figures(measured.bare)} (bare node:http, same bytes and headers)`,
        ratio: ratioOf(measured.ours.perSecond, measured.bare.perSecond).toFixed(2),
        wanted: "at least 0.90",
        note: busyText(measured.ours, measured.bare),
      },
    ];
  } finally {
    await shop.close();
  }
}
