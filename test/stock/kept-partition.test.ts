import { randomUUID } from "node:crypto";
import { afterEach, expect, test, vi } from "vitest";
import { countedIn, createQuantityReader, inventorySubject } from "../../actors/stock/catalog-counts.ts";
import {
  createKeptPartition,
  type KeptPartition,
  type KeptPartitionOptions,
} from "../../actors/stock/kept-partition.ts";
import { askStock } from "../../actors/stock/stock-asking.ts";
import { encodeQuestion } from "../../actors/stock/stock-words.ts";
import { tokenOf } from "../../streams/identifier.ts";
import { LogUnavailable } from "../../streams/log.ts";
import { createMemoryAsking } from "../../streams/memory-asking.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { type Commit, encodeCommit, stockSubject } from "../../streams/stock-commit.ts";
import { partitionOf } from "../../streams/partition.ts";
import { storedSubject } from "../../streams/subjects.ts";
import { id } from "../streams/id.ts";
import { memoryStock, quiet, wanting } from "./world.ts";

/** Keepers that both believe to own a partition, with what each of them says in CATALOG and hears of it. */

const mug = id("mug");
const subject = storedSubject("inventory.changed", tokenOf(mug));
const partition = partitionOf(tokenOf(mug));
const epoch = 7;
let ending = new AbortController();
const running: Promise<void>[] = [];
afterEach(async () => {
  ending.abort();
  await Promise.all(running.splice(0));
  ending = new AbortController();
});

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, Math.min(ms, 5));
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });

function openShop(log = memoryStock()) {
  const catalog = createMemoryLog({ stream: "CATALOG", now: Date.now });
  const derived = createMemoryLog({ stream: "DERIVED", now: Date.now });
  return {
    log,
    catalog,
    async start(more: Partial<KeptPartitionOptions> = {}): Promise<KeptPartition> {
      const kept = createKeptPartition({
        partition,
        log,
        epoch,
        catalog,
        derived,
        pause,
        quantityOf: createQuantityReader(catalog, derived, epoch),
        asking: createMemoryAsking(),
        isOurs: () => true,
        decide: async () => "expired",
        newId: randomUUID,
        now: () => 0,
        clock: () => performance.now(),
        journal: quiet,
        ...more,
      });
      running.push(kept.run(ending.signal));
      await vi.waitFor(() => expect(kept.keeper.isReady).toBe(true));
      return kept;
    },
  };
}

test("a keeper that lags says nothing of what there was, and two come to rest", async () => {
  const { catalog, start } = openShop();
  /** The newest word, with all before it told to everybody. */
  let told = 0;
  const [ann, bob] = [await start(), await start()];
  async function quantity(): Promise<number | undefined> {
    for (;;) {
      const message = await catalog.next(subject, told + 1);
      if (message === undefined) break;
      told = message.sequence;
      const counted = countedIn(message, epoch);
      if (counted !== undefined) for (const kept of [ann, bob]) kept.hear(mug, counted);
    }
    const newest = await catalog.last(subject);
    return newest && countedIn(newest, epoch)?.quantity;
  }
  const shows = (units: number) =>
    vi.waitFor(async () => expect(await quantity()).toBe(units), { timeout: 10_000, interval: 1 });

  await catalog.append(inventorySubject(mug), Buffer.from('{"new_quantity":9}'));
  await ann.keeper.hold(wanting("a", mug));
  await bob.keeper.hold(wanting("b", mug));
  await shows(7);
  const { last } = await catalog.bounds();
  // Nobody asks the other one, who does not read the log then.
  await ann.keeper.hold(wanting("c", mug, 5));
  await shows(2);
  await vi.waitFor(() => expect(bob.keeper.stock).toEqual(ann.keeper.stock));
  for (let looks = 0; looks < 30; looks++) {
    expect(await quantity()).toBe(2);
    await pause(5, ending.signal);
  }
  expect((await catalog.bounds()).last).toBe(last + 1);
});

test("who does not own the partition at that moment takes nothing for anybody, and gives back what is given back", async () => {
  const { log, catalog, start } = openShop();
  await catalog.append(inventorySubject(mug), Buffer.from('{"new_quantity":9}'));
  const asking = createMemoryAsking();
  let isOurs = true;
  const { keeper } = await start({ asking, isOurs: () => isOurs });
  const stock = askStock(asking);
  expect(await stock.hold(partition, wanting("a", mug))).toEqual({ outcome: "held" });
  isOurs = false;
  const { last } = await log.bounds();
  const holdQuestion = encodeQuestion({ hold: wanting("b", mug) });
  await expect(asking.ask(`stock-keeper.${partition}`, holdQuestion, 50)).rejects.toThrow(LogUnavailable);
  expect((await log.bounds()).last).toBe(last);
  await stock.end(partition, { reservation: "a", taking: 0, how: "cancelled" });
  expect(keeper.stock.open.size).toBe(0);
});

test("what the keeper before left unsaid is said when somebody wants more than there is", async () => {
  let now = 0;
  const { log, catalog, start } = openShop(createMemoryLog({ stream: "STOCK", now: () => now }));
  await catalog.append(inventorySubject(mug), Buffer.from('{"new_quantity":1}'));
  const said = (commit: Partial<Commit> & Pick<Commit, "after">) =>
    log.append(
      stockSubject(partition),
      encodeCommit({ id: `c${commit.after}`, counts: [], forgets: [], ends: [], holds: [], ...commit }),
    );
  const items = [{ product: mug, quantity: 1, sale: null }];
  await said({
    after: 0,
    counts: [{ product: mug, quantity: 1, sequence: 1 }],
    holds: [{ reservation: "a", taking: 0, buyer: id("ann"), until: 10, items }],
  });
  await said({ after: 1, ends: [{ reservation: "a", taking: 0, how: "sold" }] });
  // Others are bought since.
  now += 120_000;
  await said({ after: 2, counts: [{ product: id("jug"), quantity: 1, sequence: 2 }] });
  const asking = createMemoryAsking();
  await start({ asking });
  const shown = async () => {
    const newest = await catalog.last(subject);
    return newest && countedIn(newest, epoch)?.quantity;
  };
  expect(await shown()).toBe(1);
  expect(await askStock(asking).hold(partition, wanting("b", mug))).toMatchObject({ outcome: "short" });
  await vi.waitFor(async () => expect(await shown()).toBe(0));
});
