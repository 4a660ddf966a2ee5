import { createSieve, type Sieve } from "../../api/gateway/sieve.ts";
import { createZipf } from "../../ops/rehearse/zipf.ts";
import { heldBytes } from "../held-bytes.ts";
import { load } from "../http-load.ts";
import { createLru } from "../lru.ts";
import { productId } from "../mix.ts";
import { createRandom } from "../random.ts";
import type { Row } from "../report.ts";
import { median } from "../rig.ts";
import { startBare } from "../services.ts";
import { openShop } from "../shop.ts";
import { busyText, figures, inTurns, ratioOf, sharesOf } from "../turns.ts";

/**
 * Zipf: reads by Zipf's law with exponent 1.0, a gateway's cache that cannot hold all. How many it answers, beside
 * plain LRU under the same keys, budget and counting of bytes, both in this process; and the same over HTTP, where
 * bare `node:http` that sends one product is the yardstick.
 */
const connections = 32;
const turnMs = 3_000;
/** Reads before anything is counted, for each answer that fits: until then the cache fills up. */
const warmReads = 10;
/** Reads that are counted in this process, for each product. */
const countedReads = 3;

export async function zipf(products: number, cacheMiB: number, turns: number): Promise<readonly Row[]> {
  const shop = await openShop(products);
  try {
    const bytesMax = cacheMiB * 2 ** 20;
    const api = await shop.addApi({ CACHE_BYTES: String(bytesMax) });
    const one = `/api/products/${productId(7)}`;
    const response = await fetch(`http://127.0.0.1:${api.port}${one}`);
    const bytes = heldBytes((await response.arrayBuffer()).byteLength);
    const warm = warmReads * Math.min(products, Math.floor(bytesMax / bytes));
    const bare = shop.add(await startBare(api, one));
    const numbers = numbersOf(products, 1);
    const path = () => `/api/products/${productId(numbers())}`;
    for (let reads = 0; reads < warm; )
      reads += (await load({ port: api.port, path, connections, ms: turnMs })).requests;
    const measured = await inTurns({ bare, ours: api }, turns, { path, connections, ms: turnMs });
    const { sieve, lru } = compare(products, bytesMax, bytes, warm);
    const size = `zipf 1.0, ${products.toLocaleString("en")} products, ${cacheMiB} MiB`;
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    return [
      {
        name: `${size}: answered by the gateway's cache`,
        ours: percent(sieve.hits),
        yardstick: `${percent(lru.hits)} (plain LRU)`,
        ratio: (sieve.hits / lru.hits).toFixed(3),
        wanted: "reported",
        note: `same keys in one process, ${bytes} B an answer; ${median(sieve.nanos).toFixed(0)} and ${median(lru.nanos).toFixed(0)} ns a read`,
      },
      {
        name: `${size}: over HTTP, ${connections} connections`,
        ours: figures(measured.ours),
        yardstick: `${figures(measured.bare)} (bare node:http, one product)`,
        ratio: ratioOf(measured.ours.perSecond, measured.bare.perSecond).toFixed(2),
        wanted: "reported",
        note: `${sharesOf(measured.ours.tiers)}; ${busyText(measured.ours, measured.bare)}`,
      },
    ];
  } finally {
    await shop.close();
  }
}

/** Products by Zipf's law; neighbouring ranks are spread over the catalogue. */
function numbersOf(products: number, seed: number): () => number {
  const rank = createZipf(products, 1, createRandom(seed));
  return () => ((rank() - 1) * 7_919) % products;
}

const replays = 3;

/** The same keys through both, in turn, each time from empty: the share of hits, and nanoseconds a read in each turn. */
function compare(products: number, bytesMax: number, bytes: number, warm: number) {
  const keys = Array.from({ length: products }, (_, number) => `assembled ${productId(number)}`);
  const number = numbersOf(products, 2);
  const numbers = Uint32Array.from({ length: warm + countedReads * products }, number);
  const none = () => ({ hits: 0, nanos: [] as number[] });
  const results = { sieve: none(), lru: none() };

  function through(cache: Pick<Sieve<true>, "get" | "set">, into: ReturnType<typeof none>): void {
    let hits = 0;
    let from = 0;
    for (const [at, one] of numbers.entries()) {
      if (at === warm) from = performance.now();
      const key = keys[one] as string;
      if (cache.get(key) === undefined) cache.set(key, true, bytes);
      else if (at >= warm) hits++;
    }
    const counted = numbers.length - warm;
    into.hits = hits / counted;
    into.nanos.push(((performance.now() - from) * 1e6) / counted);
  }

  for (let turn = 0; turn < replays; turn++) {
    through(createSieve<true>(bytesMax), results.sieve);
    through(createLru<true>(bytesMax), results.lru);
  }
  return results;
}
