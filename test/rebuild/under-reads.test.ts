import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { connectRedis, type RedisConnection } from "../../projections/redis/connection.ts";
import { createRedisReadModel } from "../../projections/redis/read-model.ts";
import { revisionOf } from "../../projections/version.ts";
import { allPartitions } from "../../streams/partition.ts";
import { openStreams, startServers, type TestServers, type TestStreams } from "../servers.ts";
import { command, startUp } from "./process.ts";
import { type Answer, createShop, isReviewed, isRepriced, productName, type Shop } from "./shop.ts";

/**
 * A fold is changed and its revision raised; the new version is rolled out and rebuilds under 200 reads a second,
 * while prices and reviews go on. The rebuild is killed twice in the middle. No answer is wrong or missing.
 */
const readsPerSecond = 200;
const eventsPerSecond = 60;
/** What a price may take to be seen, with three processes on two cores. */
const visibleMs = 2_000;

let servers: TestServers;
let streams: TestStreams;
let redis: RedisConnection;
let shop: Shop;

beforeAll(async () => {
  servers = await startServers("nats", "redis");
  streams = await openStreams(servers.natsUrl);
  redis = await connectRedis({ url: servers.redisUrl, commandTimeoutMs: 5_000 });
  shop = createShop(streams.catalog, 3_000);
});

afterAll(async () => {
  redis?.disconnect();
  await streams?.connection.close();
  await servers?.stop();
});

/** How many partitions the new version has made its own. */
async function raised(): Promise<number> {
  const positions = await createRedisReadModel(redis).positions("catalog", allPartitions);
  return [...positions.values()].filter(({ version }) => revisionOf(version) === 3).length;
}

interface Traffic {
  readonly problems: readonly string[];
  readonly reads: () => number;
  readonly seen: () => readonly number[];
  stop(): Promise<void>;
}

/** Reads and events, evenly until it is stopped; what is wrong about an answer is a problem. */
function startTraffic(http: string): Traffic {
  const problems: string[] = [];
  const underWay = new Set<number>();
  const visible: number[] = [];
  const work = new Set<Promise<void>>();
  let reads = 0;
  let turn = 0;

  const note = (problem: string | undefined) => {
    if (problem !== undefined) problems.push(problem);
  };
  const run = (each: () => Promise<void>) => {
    const running = each()
      .catch((error: unknown) => note(String(error)))
      .finally(() => work.delete(running));
    work.add(running);
  };
  /** A server that got no turn for a quarter of a second makes one answer degraded, and says so: ask again. */
  const get = async <T>(path: string): Promise<T> => {
    for (let left = 3; ; left--) {
      const response = await fetch(http + path);
      if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
      const answer = (await response.json()) as T & { readonly degraded?: boolean };
      if (answer.degraded !== true || left === 0) return answer;
    }
  };

  async function readProduct(number: number): Promise<void> {
    if (underWay.has(number)) return;
    underWay.add(number);
    try {
      note(shop.problemOf(number, await get<Answer>(`/api/products/${productName(number)}`)));
      reads++;
    } finally {
      underWay.delete(number);
    }
  }

  async function readList(): Promise<void> {
    const list = await get<{
      readonly total: number;
      readonly items: readonly object[];
      readonly degraded?: boolean;
    }>("/api/categories/all/products?page_size=50&sort=price_asc");
    reads++;
    if (list.total !== shop.count || list.items.length !== 50 || list.degraded === true) {
      note(`the list has ${list.items.length} of ${list.total}, degraded: ${list.degraded}`);
    }
  }

  /** Publishes a price and reads until it is there. */
  async function priceSeen(number: number): Promise<void> {
    if (underWay.has(number)) return;
    underWay.add(number);
    try {
      const amount = await shop.reprice(number);
      const from = performance.now();
      for (;;) {
        const answer = await get<Answer>(`/api/products/${productName(number)}`);
        note(shop.problemOf(number, answer));
        if (answer.price.amount === amount) break;
        if (performance.now() - from > visibleMs)
          throw new Error(`${productName(number)}: a price is not seen`);
      }
      visible.push(performance.now() - from);
    } finally {
      underWay.delete(number);
    }
  }

  const timers = [
    setInterval(() => {
      turn++;
      if (turn % 10 === 0) run(readList);
      else run(() => readProduct((turn * 7_919) % shop.count));
    }, 1_000 / readsPerSecond),
    setInterval(() => {
      const number = (turn * 31) % shop.count;
      if (isRepriced(number)) run(() => priceSeen(number));
      else if (isReviewed(number)) run(() => shop.review(number));
    }, 1_000 / eventsPerSecond),
  ];
  return {
    problems,
    reads: () => reads,
    seen: () => visible,
    async stop() {
      for (const timer of timers) clearInterval(timer);
      while (work.size > 0) await Promise.all(work);
    },
  };
}

test("a rebuild under reads, killed twice and run again, shows no wrong answer and ends as the log says", async () => {
  await shop.publishAll();
  const before = await startUp("this", servers);
  await before.stop();
  const after = await startUp("next", servers);
  try {
    const dry = await command("next", servers, "rebuild", "--dry-run", "--json").ended;
    expect(dry.errors).toBe("");
    expect(dry.lines.at(-1)).toMatchObject({ products: shop.count, changed: shop.count });
    expect(await raised()).toBe(0);

    const traffic = startTraffic(after.http);
    await vi.waitFor(() => expect(traffic.reads()).toBeGreaterThan(readsPerSecond), { timeout: 20_000 });
    expect(traffic.problems).toEqual([]);

    // Without memory each partition is a pass of its own, so there is a middle to be killed in.
    for (const partitions of [2, 8]) {
      const killed = command("next", servers, "rebuild", "--memory", "0", "--json");
      await vi.waitFor(async () => expect(await raised()).toBeGreaterThanOrEqual(partitions), {
        timeout: 30_000,
        interval: 5,
      });
      killed.kill();
      expect((await killed.ended).code).toBeNull();
      expect(await raised()).toBeLessThan(16);
    }
    const left = 16 - (await raised());
    // Two at once do no harm.
    const both = ["rebuild", "rebuild"].map((name) =>
      command("next", servers, name, "--memory", "0", "--json"),
    );
    for (const { ended } of both) {
      const { code, lines } = await ended;
      expect(code).toBe(0);
      expect(lines.at(-1)).toMatchObject({ revision: 3, left: 0 });
      expect(lines.at(-1)?.partitions).toBeLessThanOrEqual(left);
    }
    expect(await raised()).toBe(16);

    await delay(1_000);
    await traffic.stop();
    expect(traffic.problems).toEqual([]);
    expect(traffic.reads()).toBeGreaterThan(1_000);
    expect(traffic.seen().length).toBeGreaterThan(20);

    const again = await command("next", servers, "rebuild", "--dry-run", "--json").ended;
    expect(again.lines).toMatchObject([{ changed: 0 }]);
    const verified = await command("next", servers, "verify", "--json").ended;
    expect(verified.lines).toHaveLength(1);
    expect(verified).toMatchObject({ code: 0 });
  } finally {
    await after.stop();
  }
}, 180_000);
