import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { countedIn, inventorySubject } from "../../actors/stock/catalog-counts.ts";
import { askStock } from "../../actors/stock/stock-asking.ts";
import { readStockStatus } from "../../actors/stock/stock-status.ts";
import {
  createStockKeepers,
  type StockKeepers,
  type StockKeepersOptions,
} from "../../actors/stock/stock-keepers.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { decodeEvent, isBad } from "../../streams/events.ts";
import { limits } from "../../streams/limits.ts";
import { type Log, LogUnavailable } from "../../streams/log.ts";
import { createMemoryAsking } from "../../streams/memory-asking.ts";
import { createMemoryLeases } from "../../streams/memory-leases.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { allPartitions, partitionOf } from "../../streams/partition.ts";
import type { HowEnded } from "../../streams/stock-commit.ts";
import { storedSubject } from "../../streams/subjects.ts";
import { id } from "../streams/id.ts";
import { memoryStock, quiet, wanting } from "./world.ts";

/** Keepers as the cluster has them: by leases, asked through it, with what CATALOG says and what they say there. */

const mug = id("BANK CHARGES");
const partition = partitionOf(tokenOf(mug));
const epoch = 7;
const patience = { timeout: 20_000, interval: 5 };
const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, Math.min(ms, 20));
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });

let world: ReturnType<typeof createWorld>;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.stop());

interface Life {
  readonly through: Log;
  readonly decide: StockKeepersOptions["decide"];
  /** STOCK, as it has it. */
  readonly kept: Log;
}

const expire = async () => "expired" as const;

function createWorld() {
  const log = memoryStock();
  const catalog = createMemoryLog({ stream: "CATALOG", now: Date.now });
  const derived = createMemoryLog({ stream: "DERIVED", now: Date.now });
  const leases = createMemoryLeases(limits.leaseTtlMs, () => performance.now());
  const asking = createMemoryAsking();
  const stock = askStock(asking);
  const running = new Map<StockKeepers, { readonly ending: AbortController; readonly over: Promise<void> }>();
  const subject = storedSubject("inventory.changed", tokenOf(mug));
  let now = 0;
  return {
    catalog,
    log,
    subject,
    after: (ms: number) => void (now += ms),
    start({ through = catalog, decide = expire, kept = log }: Partial<Life> = {}): StockKeepers {
      const keepers = createStockKeepers({
        log: kept,
        epoch,
        catalog: through,
        derived,
        leases,
        asking,
        decide,
        pause,
        member: randomUUID(),
        about: (keeping) => JSON.stringify({ host: "shop-1", pid: 7, ...keeping }),
        newId: randomUUID,
        now: () => now,
        clock: () => performance.now(),
        journal: quiet,
      });
      const ending = new AbortController();
      running.set(keepers, { ending, over: keepers.run(ending.signal) });
      return keepers;
    },
    async end(keepers: StockKeepers) {
      const life = running.get(keepers);
      life?.ending.abort();
      await life?.over;
      running.delete(keepers);
    },
    async stop() {
      for (const keepers of running.keys()) await this.end(keepers);
    },
    count: (quantity: number) =>
      catalog.append(inventorySubject(mug), Buffer.from(JSON.stringify({ new_quantity: quantity }))),
    status: () => readStockStatus(leases),
    /** As a client asks: until somebody answers. */
    hold: (reservation: string, quantity = 1, product: Identifier = mug) =>
      vi.waitFor(
        () => stock.hold(partition, { ...wanting(reservation, product, quantity), until: 1_000 }),
        patience,
      ),
    finish: (reservation: string, how: HowEnded) =>
      vi.waitFor(() => stock.end(partition, { reservation, taking: 0, how }), patience),
    /** `end`: when what is left is told to be gone. */
    async said() {
      const message = await catalog.last(subject);
      if (message === undefined) return undefined;
      const event = decodeEvent(message);
      const end = isBad(event) || event.kind !== "inventory.changed" ? undefined : event.data.sells_out_at;
      return { ...countedIn(message, epoch), end };
    },
    shows: (quantity: number, own = true) =>
      vi.waitFor(async () => expect(await world.said()).toMatchObject({ quantity, own }), patience),
  };
}

test("what can be bought is shown, when it is taken, given back and sold", async () => {
  await world.count(5);
  world.start();
  expect(await world.hold("a", 2)).toEqual({ outcome: "held" });
  await world.shows(3);
  await world.hold("b", 3);
  await world.shows(0);
  await world.finish("a", "cancelled");
  await world.shows(2);
  await world.finish("b", "sold");
  expect(await world.hold("c", 3)).toEqual({ outcome: "short", lines: [{ product: mug, available: 2 }] });
  await world.shows(2);
});

test("a count from outside holds with the units on hold, and what is left of it is shown", async () => {
  await world.count(5);
  world.start();
  await world.hold("a", 2);
  await world.shows(3);
  await world.count(10);
  await world.shows(8);
  // Of what is on hold nobody loses anything.
  await world.count(1);
  await world.shows(0);
  await world.finish("a", "cancelled");
  await world.shows(1);
});

test("a count that leaves as much to buy as before is answered as well, since it says more than there is", async () => {
  await world.count(10);
  world.start();
  await world.hold("a");
  await world.shows(9);
  const { last } = await world.catalog.bounds();
  await world.count(10);
  await world.shows(9);
  expect((await world.said())?.sequence).toBe(last + 2);
});

test("no word stands over a count that is not in the stock", async () => {
  await world.count(100);
  let isAway = false;
  const kept: Log = {
    ...world.log,
    append: async (...args) => {
      if (isAway) throw new LogUnavailable("no leader");
      return world.log.append(...args);
    },
  };
  world.start({ kept });
  await world.hold("a", 2);
  await world.hold("b");
  await world.shows(97);
  isAway = true;
  const ending = world.finish("a", "cancelled");
  const { last } = await world.catalog.bounds();
  await world.count(50);
  await vi.waitFor(
    async () => expect(await world.said()).toMatchObject({ quantity: 50, own: false }),
    patience,
  );
  // The next word about it is due by then.
  for (const from = performance.now(); performance.now() < from + 150; ) await new Promise(setImmediate);
  isAway = false;
  await ending;
  await world.shows(49);
  const word = await world.catalog.next(world.subject, last + 2);
  expect(word && countedIn(word, epoch)).toMatchObject({ own: true, quantity: 49 });
});

test("a bad event about stock changes nothing, and hinders no word", async () => {
  await world.count(5);
  await world.catalog.append(inventorySubject(mug), Buffer.from('{"new_quantity":-1}'));
  world.start();
  expect(await world.hold("a", 2)).toEqual({ outcome: "held" });
  await world.shows(3);
  await world.catalog.append(inventorySubject(mug), Buffer.from("{"));
  await world.hold("b");
  await world.shows(2);
});

test("of many holds in a moment few words are said, and the last one is right", async () => {
  await world.count(1_000);
  world.start();
  await world.hold("first");
  await world.shows(999);
  const { last: before } = await world.catalog.bounds();
  const from = performance.now();
  for (let at = 0; at < 200; at++) await world.hold(`r${at}`);
  await world.shows(799);
  const turns = (performance.now() - from) / 100;
  const { last } = await world.catalog.bounds();
  expect(last - before).toBeLessThanOrEqual(turns + 2);
});

test("a hold that is past its time becomes what its reservation has become", async () => {
  await world.count(5);
  const decided: string[] = [];
  world.start({
    async decide({ reservation }) {
      decided.push(reservation);
      if (decided.length === 1) throw new LogUnavailable("no leader");
      return reservation === "b" ? "sold" : "expired";
    },
  });
  await world.hold("a");
  await world.hold("b");
  await world.shows(3);
  world.after(1_999);
  await world.hold("c");
  await world.shows(2);
  expect(decided).toEqual([]);
  world.after(1);
  await world.shows(4);
  expect(await world.hold("a")).toEqual({ outcome: "ended", how: "expired" });
  expect(await world.hold("b")).toEqual({ outcome: "ended", how: "sold" });
});

test("the next keeper goes on where this one ended, also with what it left unsaid", async () => {
  await world.count(5);
  let isAway = false;
  const through: Log = {
    ...world.catalog,
    append: async (...args) => {
      if (isAway) throw new LogUnavailable("no leader");
      return world.catalog.append(...args);
    },
  };
  const first = world.start({ through });
  await world.hold("a");
  await world.shows(4);
  isAway = true;
  await world.hold("b");
  await world.end(first);
  // Counted while nobody kept it.
  await world.count(9);
  const second = world.start();
  await world.shows(7);
  expect(await world.hold("c", 7)).toEqual({ outcome: "held" });
  await world.shows(0);
  await vi.waitFor(() => expect([...second.kept().values()]).toEqual(Array(16).fill(true)), patience);
});

test("two of them share the partitions, and what is asked meanwhile is answered", async () => {
  await world.count(100_000);
  const first = world.start();
  await world.hold("a");
  const second = world.start();
  let held = 1;
  let isShared = false;
  while (!isShared) {
    held += (await world.hold(`r${held}`)).outcome === "held" ? 1 : 0;
    await new Promise(setImmediate);
    isShared = first.kept().size === 8 && second.kept().size === 8;
  }
  await world.end(first.kept().has(partition) ? first : second);
  expect(await world.hold("z")).toEqual({ outcome: "held" });
  await world.shows(100_000 - held - 1);
});

test("anybody sees who keeps stock and how it is there, and what nobody keeps", async () => {
  const nobody = { keeper: null, partitions: allPartitions, ready: [], holds: null, host: null };
  expect(await world.status()).toMatchObject([nobody]);
  let isAway = true;
  const kept: Log = {
    ...world.log,
    async last(...args) {
      if (isAway) throw new LogUnavailable("no leader");
      return world.log.last(...args);
    },
  };
  await world.count(5);
  const keepers = world.start({ kept });
  const sees = (status: object) =>
    vi.waitFor(async () => expect(await world.status()).toMatchObject([status]), patience);
  await sees({ host: "shop-1", pid: 7, partitions: allPartitions, ready: [], holds: 0, commits: 0 });
  isAway = false;
  await sees({ ready: allPartitions, waiting: 0 });
  await world.hold("a");
  await world.hold("b");
  await world.finish("a", "sold");
  await sees({ holds: 1, commits: 3, restarts: 0 });
  await world.end(keepers);
  await sees(nobody);
});

test("the last units are told with their end, which is none where they are given back", async () => {
  await world.count(40);
  world.start();
  await world.hold("a", 20);
  await world.shows(20);
  // Two units a second, a moment ago, and 20 of them; the wall clock stands at 0.
  const end = (await world.said())?.end ?? 0;
  expect(end).toBeGreaterThanOrEqual(10_000);
  expect(end).toBeLessThanOrEqual(30_000);
  await world.count(20_000);
  await world.shows(19_980);
  expect((await world.said())?.end).toBeUndefined();
});
