import { createReadHeat } from "../../api/heat/heat.ts";
import { createHeatCounter } from "../../api/heat/heat-counter.ts";
import { productEndpoint } from "../../api/heat/observing.ts";
import { createAddressOf } from "../../api/heat/reader-address.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { createMemoryBroadcast } from "../../streams/memory-broadcast.ts";
import { productId } from "../mix.ts";
import { createZipf } from "../../ops/rehearse/zipf.ts";
import { createRandom } from "../random.ts";
import type { Row } from "../report.ts";
import { median } from "../rig.ts";
import { openShop } from "../shop.ts";
import { inTurns } from "../turns.ts";

/**
 * Counting: observations by Zipf's law over 100,000 products, beside a plain `Map` that counts and forgets nothing; then all
 * that a request for one product adds (three counters, the address, the clock) beside what such a request takes from the
 * gateway's cache. All of it is processor time, in turns.
 */
const products = 100_000;
const observations = 500_000;
const readers = 1_000;
const connections = 32;
const turnMs = 2_000;
/** Turns that do not count: the code is compiled by then. */
const warmUp = 2;

export async function counting(turns: number): Promise<readonly Row[]> {
  const counted: number[] = [];
  const mapped: number[] = [];
  const requests: number[] = [];
  for (let turn = -warmUp; turn < turns; turn++) {
    const ours = ofCounter(turn);
    const map = ofMap(turn);
    const request = ofRequest();
    if (turn < 0) continue;
    counted.push(ours);
    mapped.push(map);
    requests.push(request);
  }
  const hot = await hotMicros();
  const perSecond = (nanos: readonly number[]) => Math.round(1e9 / median(nanos)).toLocaleString("en");
  return [
    {
      name: `counting, reads of ${products.toLocaleString("en")} products by Zipf 1.0, of ${readers.toLocaleString("en")} readers`,
      ours: `${perSecond(counted)} observations/s of a core (${median(counted).toFixed(0)} ns)`,
      yardstick: `${perSecond(mapped)} (a Map that counts, ${median(mapped).toFixed(0)} ns)`,
      ratio: (median(mapped) / median(counted)).toFixed(2),
      wanted: "at least 1,000,000/s",
      note: "1,024 slots; a Map has one entry for each product",
    },
    {
      name: "counting, its share of a request that the gateway's cache answers",
      ours: `${median(requests).toFixed(0)} ns: product, caller and route`,
      yardstick: `${hot.toFixed(1)} µs of processor a request`,
      ratio: (median(requests) / 1_000 / hot).toFixed(4),
      wanted: "at most 0.03",
      note: `one product, ${connections} connections`,
    },
  ];
}

/** Each a text of its own, as from the parser: what is known of a text that was seen before does not help. */
function drawn(seed: number): readonly Identifier[] {
  const rank = createZipf(products, 1, createRandom(seed));
  return Array.from(
    { length: observations },
    () => Buffer.from(productId(rank())).toString("latin1") as Identifier,
  );
}

/** Nanoseconds of processor time for each. */
function timed(each: (id: Identifier, at: number) => void, ids: readonly Identifier[]): number {
  const before = process.cpuUsage();
  for (const [at, id] of ids.entries()) each(id, at);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / ids.length;
}

const halfLifeMs = 400;

function ofCounter(turn: number): number {
  const counter = createHeatCounter({ capacity: 1_024, halfLifeMs, countsAlone: false });
  return timed((id, at) => counter.add(id, at % readers, performance.now()), drawn(turn + 10));
}

function ofMap(turn: number): number {
  const counts = new Map<string, number>();
  return timed((id) => counts.set(id, (counts.get(id) ?? 0) + 1), drawn(turn + 10));
}

/** All of one product, as what it is held beside. */
function ofRequest(): number {
  const heat = createReadHeat({
    by: "bench",
    holds: true,
    words: createMemoryBroadcast(),
    clock: () => performance.now(),
  });
  const addressOf = createAddressOf([]);
  const requests = Array.from({ length: connections }, (_, at) => ({
    socket: { remoteAddress: `10.0.0.${at}` },
    headers: {},
  }));
  const ids = Array.from(
    { length: observations },
    () => Buffer.from(productId(7)).toString("latin1") as Identifier,
  );
  const nanos = timed((id, at) => {
    const request = requests[at % connections];
    if (request !== undefined) heat.asked(addressOf(request), productEndpoint, id);
  }, ids);
  heat.close();
  return nanos;
}

async function hotMicros(): Promise<number> {
  const shop = await openShop(1_000);
  try {
    const api = await shop.addApi({ CACHE_BYTES: "128MB" });
    const path = `/api/products/${productId(7)}`;
    const { ours } = await inTurns({ ours: api }, 3, { path: () => path, connections, ms: turnMs });
    return median(ours.cpuMicros);
  } finally {
    await shop.close();
  }
}
