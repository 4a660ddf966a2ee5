import { createSlots, type Slots } from "../../streams/slots.ts";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { type CatalogReader, createCatalogReader } from "../../api/reader.ts";
import { type LoadClaims, unclaimed } from "../../projections/load-claims.ts";
import { createReviewFence } from "../../projections/review-fence.ts";
import { putDerived, putDerivedPosition } from "../../projections/derived.ts";
import { createMemoryReadModel, type MemoryReadModel } from "../../projections/memory/read-model.ts";
import { type Log, LogUnavailable } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { projectAll, silent } from "../projections/projecting.ts";
import { partitionOfId, v } from "../projections/read-model-adapters.ts";
import { id } from "../streams/id.ts";
import { append } from "../streams/reading.ts";

/** What a read may say when Redis lacks something, the projector is behind, or a replica of the log is. */

const lamp = id("lamp");
const partition = partitionOfId(lamp);
const epoch = Date.parse("2026-11-27T00:00:00Z");
const product = '{"title":"Lamp"}';
const price = (amount: number) => `{"new_price":{"amount":${amount},"currency":"GBP"}}`;

let now: number;
let catalog: Log;
let derived: Log;
let model: MemoryReadModel;

beforeEach(() => {
  now = epoch + 60_000;
  catalog = createMemoryLog({ stream: "CATALOG", now: () => now, epoch });
  derived = createMemoryLog({ stream: "DERIVED", now: () => now, perSubject: 1 });
  model = createMemoryReadModel();
});

const readerOf = (
  over: {
    readonly log?: Log;
    readonly derived?: Log;
    readonly claims?: LoadClaims;
    readonly slots?: Slots;
  } = {},
): CatalogReader =>
  createCatalogReader({
    catalog: over.log ?? catalog,
    derived: over.derived ?? derived,
    slots: over.slots ?? createSlots(32),
    readModel: model,
    claims: over.claims ?? unclaimed,
    versions: v,
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    journal: silent,
  });

const publish = (subject: string, payload: string) => append(catalog, `catalog.${subject}.lamp`, payload);

async function project(): Promise<void> {
  const quarantine = createMemoryLog({ stream: "QUARANTINE", now: () => now, perSubject: 1 });
  await projectAll({ catalog, derived, quarantine, readModel: model, epoch, now: () => now });
}

/** Any replica is behind by everything. */
const lagging = (log: Log): Log => ({
  ...log,
  last: async (subject, from) => (from === "any" ? undefined : log.last(subject)),
});

/** Its leader is away; replicas answer single gets. */
const leaderless = (log: Log): Log => {
  const away = async () => {
    throw new LogUnavailable("no leader");
  };
  return {
    ...log,
    last: (subject, from) => (from === "any" ? log.last(subject) : away()),
    next: away,
    bounds: away,
  };
};

const wanted = { freshnessMs: 5_000 };

test("a value that was evicted is read from the leader, not from a replica that is behind", async () => {
  await publish("product.modified", product);
  await publish("price.updated", price(5));
  await project();
  model.evict((what) => what === "price");
  const [found] = await readerOf({ log: lagging(catalog) }).read([lamp], wanted);
  expect(found?.state.price?.amount).toBe(5);
});

test("what was read is not put back once the partition has moved on", async () => {
  await publish("product.modified", product);
  await publish("price.updated", price(5));
  await project();
  model.evict(() => true);
  const moving: Log = {
    ...catalog,
    async last(subject, from) {
      const found = await catalog.last(subject, from);
      if (subject.includes(".price.") && found?.sequence === 2) {
        await publish("price.updated", price(7));
        await project();
        model.evict(() => true);
      }
      return found;
    },
  };
  await readerOf({ log: moving }).read([lamp], wanted);
  expect((await model.readProducts([lamp]))[0]?.price).toBeUndefined();
});

const inSale =
  '{"starts_at":"2026-11-26T00:00:00Z","ends_at":"2026-11-28T00:00:00Z","items":[{"product_id":"lamp","sale_price":{"amount":3,"currency":"GBP"}}]}';

/** Between a look at the price and whatever is read next, a price and a sale come, in this order, `times` times. */
function moving(times: number): Log {
  let left = times;
  return {
    ...catalog,
    async last(subject, from) {
      const found = await catalog.last(subject, from);
      if (subject.includes(".price.") && left-- > 0) {
        await publish("price.updated", price(10 + left));
        await append(catalog, "catalog.sale.scheduled.friday", inSale);
      }
      return found;
    },
  };
}

test.each([1, 2, 5])(
  "a strong price and its sales are of one moment, also while %i of both come",
  async (times) => {
    await publish("product.modified", product);
    await publish("price.updated", price(5));
    await project();
    const { price: found, sales } = await readerOf({ log: moving(times) }).strongPrice(lamp);
    const { last } = await catalog.bounds();
    expect([found?.amount, found?.sequence, sales?.sequence]).toEqual([10, last - 1, last]);
  },
);

test("a strong price that changes with every look is none", async () => {
  await publish("product.modified", product);
  await publish("price.updated", price(5));
  await project();
  await expect(readerOf({ log: moving(1_000) }).strongPrice(lamp)).rejects.toMatchObject({ status: 503 });
});

test("a price that was evicted does not come without the sale that was before it", async () => {
  await publish("product.modified", product);
  await publish("price.updated", price(5));
  await project();
  model.evict((what) => what === "price");
  let isFirst = true;
  const log: Log = {
    ...catalog,
    async last(subject, from) {
      if (subject.includes(".price.") && isFirst) {
        isFirst = false;
        await append(catalog, "catalog.sale.scheduled.friday", inSale);
        await publish("price.updated", price(7));
      }
      return catalog.last(subject, from);
    },
  };
  const [found] = await readerOf({ log }).read([lamp], wanted);
  expect(found?.state).toMatchObject({ price: { amount: 7, sequence: 4 }, sales: { sequence: 3 } });
});

test("what is ahead of where Redis stands is not put beside what Redis does not have yet", async () => {
  await publish("product.modified", product);
  await project();
  await append(catalog, "catalog.sale.scheduled.friday", inSale);
  await publish("price.updated", price(7));
  const [found] = await readerOf().read([lamp], { ...wanted, minSequence: 3 });
  expect(found?.state).toMatchObject({ price: { amount: 7 }, sales: { sequence: 2 } });
  const [later] = await readerOf().read([lamp], wanted);
  expect(later?.state).toMatchObject({ price: { amount: 7 }, sales: { sequence: 2 } });
  expect((await model.readProducts([lamp]))[0]?.price).toBeUndefined();
});

test("an answer from the log says no more than that it is whole, ratings and sales included", async () => {
  await publish("product.modified", product);
  await project();
  await publish("review.posted", '{"review_id":"r1","rating":4}');
  await append(catalog, "catalog.sale.scheduled.friday", inSale);
  await publish("price.updated", price(5));
  now += 60_000;
  const [found] = await readerOf().read([lamp], wanted);
  expect(found).toMatchObject({ source: "log", sequence: 4 });
  expect(found?.state).toMatchObject({
    rating: { count: 1, sum: 4 },
    sales: { sequence: 3 },
    price: { amount: 5 },
  });
});

test.each([5, 20, 100])(
  "a price from before an event is not shown with a sale from behind it, with %i in between",
  async (count) => {
    await publish("product.modified", product);
    await publish("price.updated", price(5));
    let left = count;
    let priceRead = Promise.withResolvers<void>();
    const busy: Log = {
      ...catalog,
      /** The look for sales begins with it: here always behind the price, and behind what happened meanwhile. */
      async bounds() {
        await priceRead.promise;
        priceRead = Promise.withResolvers();
        return catalog.bounds();
      },
      async last(subject, from) {
        const found = await catalog.last(subject, from);
        if (subject.includes(".price.") && left > 0) {
          await publish("price.updated", price(10 + left));
          await append(
            catalog,
            "catalog.sale.scheduled.friday",
            `{"starts_at":"2026-11-28T00:00:00Z","ends_at":"2026-11-29T00:00:00Z","items":[{"product_id":"lamp","sale_price":{"amount":${left},"currency":"GBP"}}]}`,
          );
          left--;
        }
        if (subject.includes(".price.")) priceRead.resolve();
        return found;
      },
    };
    const reading = readerOf({ log: busy }).read([lamp], wanted);
    if (count > 24) {
      await expect(reading).rejects.toThrow("can be reached");
      return;
    }
    const [found] = await reading;
    const { last } = await catalog.bounds();
    expect(found).toMatchObject({
      sequence: last,
      state: { price: { amount: 11, sequence: last - 1 }, sales: { sequence: last } },
    });
  },
);

describe("what Redis has lost", () => {
  /** Counts what is asked of the log, and holds it. */
  function counting() {
    const gate = Promise.withResolvers<void>();
    const asked: string[] = [];
    const log: Log = {
      ...catalog,
      async last(subject, from) {
        asked.push(subject);
        await gate.promise;
        return catalog.last(subject, from);
      },
    };
    return { log, asked, open: gate.resolve };
  }

  beforeEach(async () => {
    await publish("product.modified", product);
    await publish("price.updated", price(5));
    await publish("inventory.changed", '{"new_quantity":3}');
    await project();
    model.evict((what) => what === "price");
  });

  test("is loaded once in this process, however many ask", async () => {
    const { log, asked, open } = counting();
    const reader = readerOf({ log });
    const reads = Array.from({ length: 1_000 }, () => reader.read([lamp], wanted));
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(0));
    open();
    const found = (await Promise.all(reads)).map(([one]) => [one?.source, one?.state.price?.amount]);
    expect(found).toEqual(Array(1_000).fill(["log", 5]));
    expect(asked.length).toBe(1);
    expect((await reader.read([lamp], wanted))[0]?.source).toBe("redis");
    expect(reader.counters).toMatchObject({ logParts: 1, shared: 999, redis: 1 });
  });

  test("is loaded again by who needs more than the load under way brings", async () => {
    const { log, asked, open } = counting();
    const reader = readerOf({ log });
    const first = reader.read([lamp], wanted);
    await vi.waitFor(() => expect(asked.length).toBe(1));
    const sequence = await publish("price.updated", price(6));
    const second = reader.read([lamp], { ...wanted, minSequence: sequence });
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(1));
    open();
    expect((await first)[0]?.state.price?.amount).toBe(6);
    expect((await second)[0]?.sequence).toBe(sequence);
  });

  test("is waited for while another process loads it, and taken from what that one tells", async () => {
    const told = { current: undefined as string | undefined };
    let asks = 0;
    const theirs: LoadClaims = {
      async claim() {
        if (++asks > 3) await readerOf({ claims: telling }).read([lamp], wanted);
        return told.current === undefined ? "theirs" : { told: told.current };
      },
      tell: async () => {},
      release: async () => {},
    };
    const telling: LoadClaims = { ...unclaimed, tell: async (_, text) => void (told.current = text) };
    const { log, asked, open } = counting();
    open();
    const reader = readerOf({ log, claims: theirs });
    const [found] = await reader.read([lamp], wanted);
    expect([found?.state.price?.amount, asked.length, now - epoch]).toEqual([5, 0, 60_030]);
    expect(reader.counters).toMatchObject({ sharedInCluster: 1, logParts: 0 });
  });

  test("what another process told is not taken by who needs more, or fresher", async () => {
    const told = JSON.stringify({ found: null, sequence: 1, knownAt: now - 6_000 });
    const claims: LoadClaims = { ...unclaimed, claim: async () => ({ told }) };
    const sequence = (await catalog.bounds()).last;
    const reads = [wanted, { freshnessMs: 60_000, minSequence: sequence }];
    for (const each of reads) {
      model.evict((what) => what === "price");
      expect((await readerOf({ claims }).read([lamp], each))[0]?.state.price?.amount).toBe(5);
    }
  });

  test("is loaded here when the other process gives up, or after half a second whoever is at it", async () => {
    let others = 3;
    const givingUp: LoadClaims = { ...unclaimed, claim: async () => (others-- > 0 ? "theirs" : "ours") };
    expect((await readerOf({ claims: givingUp }).read([lamp], wanted))[0]?.source).toBe("log");
    expect(now - epoch).toBe(60_030);
    model.evict((what) => what === "price");
    const stuck: LoadClaims = { ...unclaimed, claim: async () => "theirs" };
    expect((await readerOf({ claims: stuck }).read([lamp], wanted))[0]?.source).toBe("log");
    expect(now - epoch).toBe(60_530);
  });

  test("is given as Redis has it where too many reads of the log wait, but not to who names a position", async () => {
    await publish("price.updated", price(6));
    const busy = createSlots(1);
    const gate = Promise.withResolvers<void>();
    const others = Array.from({ length: 600 }, () => busy.run(() => gate.promise));
    model = createMemoryReadModel();
    await project();
    now += 60_000;
    const reader = readerOf({ slots: busy });
    expect((await reader.read([lamp], wanted))[0]?.source).toBe("stale");
    const named = reader.read([lamp], { ...wanted, minSequence: await publish("price.updated", price(7)) });
    gate.resolve();
    await Promise.all(others);
    expect((await named)[0]?.source).toBe("log");
    expect((await reader.read([lamp], wanted))[0]?.source).toBe("log");
  });

  test("is free for the next one where the load fails", async () => {
    const released: string[] = [];
    const claims: LoadClaims = { ...unclaimed, release: async (one) => void released.push(one) };
    await readerOf({ log: leaderless(catalog), claims }).read([lamp], wanted);
    expect(released).toEqual([lamp]);
  });

  test("is not shared with who may be given nothing so old", async () => {
    const { log, asked, open } = counting();
    const reader = readerOf({ log });
    const patient = reader.read([lamp], { freshnessMs: 3_600_000 });
    await vi.waitFor(() => expect(asked.length).toBe(1));
    const strict = reader.read([lamp], wanted);
    await vi.waitFor(() => expect(asked.length).toBe(2));
    open();
    await Promise.all([patient, strict]);
    expect(reader.counters.shared).toBe(0);
  });
});

test("a position that the log has not reached is no answer, and no answer says so afterwards", async () => {
  await publish("product.modified", product);
  const { last } = await catalog.bounds();
  const reader = readerOf();
  const beyond = reader.read([lamp], { ...wanted, minSequence: 999_999_999_999_999 });
  await expect(beyond).rejects.toThrow("can be reached");
  expect((await reader.read([lamp], wanted))[0]?.sequence).toBe(last);
});

test("without a leader any replica answers, which is marked and promises nothing; a named version is not", async () => {
  await publish("product.modified", product);
  await publish("price.updated", price(5));
  const reader = readerOf({ log: leaderless(catalog), derived: leaderless(derived) });
  const [found] = await reader.read([lamp], wanted);
  expect(found).toMatchObject({ source: "stale", sequence: 0, state: { price: { amount: 5 } } });
  await expect(reader.read([lamp], { ...wanted, minSequence: 2 })).rejects.toMatchObject({
    code: "unavailable",
  });
});

test("with the log away, what Redis has is served, but not for a version when a part of it was evicted", async () => {
  await publish("product.modified", product);
  await publish("price.updated", price(5));
  await project();
  now += 60_000;
  const away = async () => {
    throw new LogUnavailable("away");
  };
  // Stock was never published: the first reader leaves in Redis that there is none.
  await readerOf().read([lamp], { freshnessMs: Number.POSITIVE_INFINITY });
  const reader = readerOf({ log: { ...catalog, last: away, next: away, bounds: away } });
  expect((await reader.read([lamp], { ...wanted, minSequence: 2 }))[0]).toMatchObject({
    source: "stale",
    sequence: 2,
  });
  model.evict((what) => what === "price");
  expect((await reader.read([lamp], wanted))[0]).toMatchObject({ source: "stale", sequence: 0 });
  await expect(reader.read([lamp], { ...wanted, minSequence: 2 })).rejects.toMatchObject({
    code: "unavailable",
  });
});

describe("the rating at the leader", () => {
  const rate = (review: string, rating: number) =>
    publish("review.posted", JSON.stringify({ review_id: review, rating }));
  const rating = (known?: { count: number; sum: number; sequence: number }) =>
    createReviewFence(catalog, derived).ratingOf(lamp, known);
  const keep = (count: number, sum: number, sequence: number) =>
    putDerived(derived, {
      name: "reviews",
      id: lamp,
      value: { rating: { count, sum, sequence }, newest: [], sequence },
    });

  test("of a product without reviews there is none", async () => {
    expect(await rating()).toBeUndefined();
  });

  test("is what is kept, if no review came later", async () => {
    await rate("r1", 4);
    await keep(1, 4, 1);
    expect(await rating()).toEqual({ count: 1, sum: 4, sequence: 1 });
  });

  test("is folded from the first review on, if one came later: it may replace any", async () => {
    await rate("r1", 4);
    await rate("r2", 2);
    await rate("r1", 1);
    await keep(2, 6, 2);
    expect(await rating({ count: 1, sum: 4, sequence: 1 })).toEqual({ count: 2, sum: 3, sequence: 3 });
  });

  test("does not count what the projector passed over as bad", async () => {
    await rate("r1", 4);
    await rate("r2", 9);
    await keep(1, 4, 1);
    await putDerivedPosition(derived, partition, 2);
    expect(await rating()).toEqual({ count: 1, sum: 4, sequence: 1 });
    await rate("r3", 2);
    expect(await rating()).toEqual({ count: 2, sum: 6, sequence: 3 });
  });
});
