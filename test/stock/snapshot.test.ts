import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { createStockSnapshots, type ReadTo } from "../../actors/stock/snapshot.ts";
import { emptyStock, evolveStock, fillStock, type Stock } from "../../actors/stock/stock.ts";
import { openStockLog } from "../../actors/stock/stock-log.ts";
import { type Log, LogUnavailable } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { type Commit, encodeCommit, stockSubject } from "../../streams/stock-commit.ts";
import { id } from "../streams/id.ts";
import { memoryStock, partition } from "./world.ts";

/** What the next keeper finds, so that it need not read the log from its beginning. */

const epoch = 7;
let derived: Log;
let log: Log;
beforeEach(() => {
  derived = createMemoryLog({ stream: "DERIVED", now: Date.now, perSubject: 1 });
  log = memoryStock();
});

const nothing = { counts: [], forgets: [], ends: [], holds: [] };
const [mug, ann, friday] = [id("mug"), id("ann"), id("friday")];

/** With so many products, holds and ends. */
function stockWith(products: number, holds: number, ends: number): Stock {
  const stock = emptyStock();
  const all = Array.from({ length: products }, (_, at) => id(`p${at}`));
  const counts = all.map((product) => ({ product, quantity: 1_000, sequence: 1 }));
  const names = Array.from({ length: holds + ends }, (_, at) => `r${at}`);
  const held = names.map((reservation, at) => ({
    reservation,
    taking: 1,
    buyer: ann,
    until: at,
    items: [{ product: all[at % products] ?? mug, quantity: 1, sale: at % 2 === 0 ? friday : null }],
  }));
  const over = names.slice(holds).map((reservation) => ({ reservation, taking: 1, how: "sold" as const }));
  evolveStock(stock, { ...nothing, id: "a", after: 0, counts, holds: held }, { sequence: 4, time: 10 });
  evolveStock(stock, { ...nothing, id: "b", after: 4, ends: over }, { sequence: 9, time: 20 });
  return stock;
}

async function readBack(): Promise<{ readonly stock: Stock; readonly read: ReadTo } | undefined> {
  const found = await createStockSnapshots(derived, partition, epoch).read();
  if (found === undefined) return undefined;
  const stock = emptyStock();
  fillStock(stock, found);
  return { stock, read: found.read };
}

test("what is kept is the state, whatever its size", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4_500 }), fc.nat(250), fc.nat(3_000), async (...sizes) => {
      const stock = stockWith(...sizes);
      await createStockSnapshots(derived, partition, epoch).write(stock, { sequence: 11, time: 7 });
      const found = await readBack();
      expect(found?.read).toEqual({ sequence: 11, time: 7 });
      expect(found?.stock).toEqual(stock);
      expect([...(found?.stock.ended ?? [])]).toEqual([...stock.ended]);
    }),
    { numRuns: 15 },
  );
});

test("one that was not finished leaves the one before it", async () => {
  const before = stockWith(5_000, 10, 10);
  const next = stockWith(4_999, 20, 0);
  await createStockSnapshots(derived, partition, epoch).write(before, { sequence: 9, time: 7 });
  for (let writes = 0; ; writes++) {
    let left = writes;
    const torn: Log = {
      ...derived,
      append: async (...args) => {
        if (left-- === 0) throw new LogUnavailable("killed");
        return derived.append(...args);
      },
    };
    const isWhole = await createStockSnapshots(torn, partition, epoch)
      .write(next, { sequence: 10, time: 7 })
      .then(
        () => true,
        () => false,
      );
    expect((await readBack())?.stock).toEqual(isWhole ? next : before);
    if (isWhole) break;
  }
});

test("of another stream's stock it says nothing", async () => {
  await createStockSnapshots(derived, partition, epoch + 1).write(stockWith(1, 1, 1), {
    sequence: 9,
    time: 7,
  });
  expect(await readBack()).toBeUndefined();
});

async function append(commit: Partial<Commit>): Promise<void> {
  const last = (await log.last(stockSubject(partition)))?.sequence ?? 0;
  await log.append(
    stockSubject(partition),
    encodeCommit({ ...nothing, id: `c${last}`, after: last, ...commit }),
  );
}

const hold = (reservation: string) => ({
  reservation,
  taking: 0,
  buyer: ann,
  until: 1,
  items: [{ product: mug, quantity: 1, sale: null }],
});

test("a keeper that begins with it has what one has that reads everything", async () => {
  await append({ counts: [{ product: mug, quantity: 5, sequence: 1 }] });
  const snapshots = createStockSnapshots(derived, partition, epoch);
  const first = openStockLog({ log, partition, snapshots, clock: () => performance.now() });
  await first.catchUp();
  for (let at = 0; at < 13_000; at++) {
    const reservation = `r${at}`;
    await append({ holds: [hold(reservation)] });
    await append({ ends: [{ reservation, taking: 0, how: "cancelled" }] });
  }
  await append({ after: 0, holds: [hold("nobody's")] });
  await first.catchUp();
  await first.keepSnapshot();
  const kept = (await snapshots.read())?.read.sequence;
  expect(kept).toBe((await log.bounds()).last);
  // The next message builds on the newest that counted, which is not the newest one.
  await append({ after: first.stock.sequence, holds: [hold("last")] });

  const read: number[] = [];
  const watched: Log = {
    ...log,
    tail(options) {
      read.push(options.from);
      return log.tail(options);
    },
  };
  const second = openStockLog({ log: watched, partition, snapshots, clock: () => performance.now() });
  await second.catchUp();
  expect(read).toEqual([(kept ?? 0) + 1]);
  await first.catchUp();
  expect(second.stock).toEqual(first.stock);
  expect(second.stock.open.has("last")).toBe(true);
});

test("a log that was restored from an older copy is read from its beginning", async () => {
  await append({ counts: [{ product: mug, quantity: 5, sequence: 1 }] });
  const snapshots = createStockSnapshots(derived, partition, epoch);
  const states = [
    // Of a log that was longer, and of one that has gone on with other commits since.
    { sequence: 9, time: 1 },
    { sequence: 1, time: 1 },
  ];
  for (const state of states) {
    await snapshots.write(stockWith(1, 1, 1), state);
    const standing = openStockLog({ log, partition, snapshots, clock: () => performance.now() });
    await standing.catchUp();
    expect(standing.stock.products.get(mug)?.onHand).toBe(5);
    expect(standing.stock.open.size).toBe(0);
  }
});

test("what could not be kept is tried again", async () => {
  await append({ counts: [{ product: mug, quantity: 5, sequence: 1 }] });
  for (let at = 0; at < 60; at++) await append({ ends: endsOf(at) });
  let isAway = true;
  let now = 0;
  const away: Log = {
    ...derived,
    append: async (...args) => {
      if (isAway) throw new LogUnavailable("no leader");
      return derived.append(...args);
    },
  };
  const snapshots = createStockSnapshots(away, partition, epoch);
  const standing = openStockLog({ log, partition, snapshots, clock: () => now });
  await standing.catchUp();
  await expect(standing.keepSnapshot()).rejects.toThrow(LogUnavailable);
  isAway = false;
  now = 10_000;
  await standing.keepSnapshot();
  expect((await readBack())?.stock).toEqual(standing.stock);
});

const endsOf = (commit: number) =>
  Array.from({ length: 1_000 }, (_, at) => ({
    reservation: `r${commit}-${at}`,
    taking: 0,
    how: "expired" as const,
  }));
