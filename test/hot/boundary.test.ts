import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { readHotReports } from "../../actors/hot/hot-report.ts";
import { coursesOf, lateMs, type Sighting, startPolling, failedAmong, wrongAmong } from "./polling.ts";
import { openSaleShop, pathOf, readersOf, type SaleShop } from "./sale-shop.ts";
import { watchOrigins } from "./seen-behind.ts";

/**
 * The moment of a sale as clients see it, on real servers: two nodes, asked directly and through Varnish. Times are
 * compared here because they are the promise; everybody has the clock of this machine.
 */

const [regular, reduced] = [1_000, 600];
const patience = { timeout: 20_000, interval: 20 };
let shop: SaleShop;
let origins: ReturnType<typeof watchOrigins>;

beforeAll(async () => {
  origins = watchOrigins();
  shop = await openSaleShop();
});
afterAll(async () => {
  await shop.stop();
  origins.close();
});

const until = (moment: number) => delay(Math.max(0, moment - Date.now()));

/** Seconds from the answer on for which its reader, or a CDN, may show it. */
function lifetimeIn(header: string | string[] | undefined): number {
  const seconds = (name: string) => Number(new RegExp(`${name}=(\\d+)`).exec(String(header))?.[1] ?? 0);
  return seconds("max-age") + seconds("stale-while-revalidate");
}

const validUntil = ({ headers }: Sighting) =>
  Number(headers["catalog-valid-until"] ?? Number.POSITIVE_INFINITY);

/** Answers that their readers may show behind the moment at which they are wrong. They were made after they were asked for. */
const outliving = (seen: readonly Sighting[]) =>
  seen.filter((one) =>
    [one.headers["cache-control"], one.headers["cdn-cache-control"]].some(
      (header) => one.askedAt + 1_000 * lifetimeIn(header) > validUntil(one),
    ),
  );

/** Pairs of answers of which one of text and ETag is the same and the other is not. */
function misnamed(seen: readonly Sighting[]) {
  const names = new Set(seen.map(({ etag, text }) => `${etag} ${text}`));
  const [etags, texts] = [new Set(seen.map(({ etag }) => etag)), new Set(seen.map(({ text }) => text))];
  return { etags: names.size - etags.size, texts: names.size - texts.size };
}

test.each([
  ["a product", "plain"],
  ["a hot product", "warm"],
])("%s turns at the start and at the end of its sale, for everybody at once", async (_, id) => {
  const isHot = id === "warm";
  if (isHot) await shop.startHot({ hotProductsMax: 100, saleWarmMs: 2_000 });
  await shop.place(id, regular);
  const readers = readersOf(shop, pathOf(id), ({ price }) => price?.amount);
  const polling = startPolling(readers, [2, 3, 4, 5]);
  const start = Date.now() + 4_000;
  const end = start + 2_000;
  const sale = `sale-of-${id}`;
  await shop.sell(sale, { from: start, to: end, items: { [id]: reduced } });
  /** From then on each reader knew what was to come. */
  const knownAt = await vi.waitFor(() => {
    const known = new Set(
      polling.seen.filter((one) => validUntil(one) === start).map(({ client }) => client),
    );
    expect(known.size).toBe(readers.length);
    return Date.now();
  }, patience);
  expect(knownAt).toBeLessThan(start);
  if (isHot)
    await vi.waitFor(async () => {
      const reports = await readHotReports(shop.catalogue.hot, Date.now());
      const report = reports.find(({ product }) => product === id);
      expect(report).toMatchObject({ reasons: ["sale"], holders: 2, of: 2 });
      expect(report?.state).toMatch(/^hot\b/);
      expect(Date.now()).toBeLessThan(start);
    }, patience);
  await until(end + 700);
  const seen = await polling.done();

  expect(failedAmong(seen)).toEqual([]);
  expect(
    wrongAmong(seen, [
      { shown: regular, from: 0, to: start },
      { shown: reduced, from: start, to: end },
      { shown: regular, from: end, to: Number.POSITIVE_INFINITY },
    ]),
  ).toEqual([]);
  expect(coursesOf(seen)).toEqual(
    Object.fromEntries(readers.map(({ name }) => [name, [regular, reduced, regular]])),
  );

  // What is told beside the price.
  const since = seen.filter(({ askedAt }) => askedAt >= knownAt);
  expect(misnamed(seen)).toEqual({ etags: 0, texts: 0 });
  const spared = new Set(seen.filter(({ status }) => status === 304).map(({ client }) => client));
  expect([...spared].sort()).toEqual(
    readers.flatMap(({ name, conditional }) => (conditional ? name : [])).sort(),
  );
  expect(new Set(seen.map(({ etag }) => etag)).size).toBeGreaterThan(1);
  expect(outliving(since)).toEqual([]);
  for (const { shown, askedAt, headers, body } of since) {
    if (shown === reduced)
      expect([headers["catalog-valid-until"], body.price]).toMatchObject([
        String(end),
        { list_amount: regular, sale: { id: sale, ends_at: new Date(end).toISOString() } },
      ]);
    else {
      expect(body.price).toMatchObject({ list_amount: null, sale: null });
      expect(headers["catalog-valid-until"]).toBe(askedAt < start + lateMs ? String(start) : undefined);
    }
  }

  // What it cost the tiers behind.
  for (const moment of [start, end]) {
    // A node has what comes next, and loads nothing for it.
    for (const node of shop.nodes.keys()) expect(shop.loads.near(moment, 200, id, node)).toEqual([]);
    // The edge asks once, and again where a millisecond was rounded.
    expect(origins.near(moment, 200, pathOf(id)).length).toBeLessThanOrEqual(3);
  }
  expect(origins.all.filter(({ path, at }) => path === pathOf(id) && at >= start).length).toBeGreaterThan(0);
});
