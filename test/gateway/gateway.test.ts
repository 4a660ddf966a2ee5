import { beforeEach, describe, expect, test, vi } from "vitest";
import { createFloors, type Floors } from "../../api/gateway/floors.ts";
import type { StoredAnswers } from "../../api/gateway/stored-answers.ts";
import { createGateway, type Gateway, type Page } from "../../api/gateway/gateway.ts";
import type { MadeAnswer } from "../../api/gateway/made-answer.ts";
import { prepare } from "../../api/answer.ts";
import { cachePolicies } from "../../api/cache-policy.ts";
import { Problem } from "../../api/problems.ts";
import type { ReadOptions } from "../../api/read-options.ts";
import type { View } from "../../api/views.ts";
import { allAspects, type Aspects, aspects } from "../../projections/aspects.ts";
import { encodeChange, groupName, membersName, pricesName } from "../../projections/changes.ts";
import { type Version, versionsOf } from "../../projections/version.ts";
import type { Broadcast, Listener } from "../../streams/broadcast.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { allPartitions } from "../../streams/partition.ts";
import { partitionOfId, v } from "../projections/read-model-adapters.ts";
import { silent } from "../projections/projecting.ts";
import { id } from "../streams/id.ts";

/** What the gateway trusts, what it checks, and what it does when it cannot. Time is the test's own. */

const lamp = id("lamp");
const vase = id("vase");
const start = Date.parse("2026-11-27T00:00:00Z");

const policies = { assembled: cachePolicies.productAssembled, details: cachePolicies.productDetails };

let now: number;
let listener: Listener;
let floors: Floors;
let gateway: Gateway;
/** What the tiers behind the gateway would say, and how often each was asked. */
let behind: Map<Identifier, Partial<MadeAnswer>>;
let asked: Identifier[];
let options: ReadOptions[];
let held: PromiseWithResolvers<void> | undefined;
let failure: Error | undefined;
/** How many words the owner has said. */
let said: number;
/** 1: nothing is refreshed early. */
let luck: number;
/** The end of every partition's chain, as sequence. */
let end: number;

beforeEach(() => {
  now = start;
  behind = new Map([[lamp, {}]]);
  asked = [];
  options = [];
  held = undefined;
  failure = undefined;
  end = 10;
  luck = 1;
  said = 0;
  floors = createFloors();
  const changes: Broadcast = {
    publish: () => {},
    listen(one) {
      listener = one;
      return { close: () => {} };
    },
  };
  gateway = createGateway({
    answers: { make },
    stored: noneStored,
    changes,
    floors,
    versions: v,
    bytesMax: 1_000_000,
    now: () => now,
    random: () => luck,
    journal: silent,
  });
  say({ from: undefined });
});

/** Nothing is ready in Redis. */
const noneStored: StoredAnswers = { ask: (_id, _wanted, done) => done(undefined), store: () => {} };

async function make(ids: readonly Identifier[], view: View, wanted: ReadOptions) {
  asked.push(...ids);
  options.push(wanted);
  // Read before the wait: what comes meanwhile is not in it.
  const read = ids.map((each) => behind.get(each));
  await held?.promise;
  if (failure !== undefined) throw failure;
  return ids.map((each, at): MadeAnswer | undefined => {
    const found = read[at];
    if (found === undefined) return undefined;
    const sequence = found.sequence ?? end;
    return {
      prepared: prepare({ id: each, view, sequence }),
      source: "redis",
      sequence,
      knownAt: now,
      validUntil: undefined,
      degraded: false,
      products: new Map([[each, sequence]]),
      subject: each,
      shows: policies[view].shows,
      names: [],
      partitions: [partitionOfId(each)],
      positionOf: [partitionOfId(each)],
      ...found,
    };
  });
}

interface Said {
  readonly products?: readonly Identifier[] | undefined;
  /** What of the products changed; everything if not said. */
  readonly touched?: Aspects;
  readonly names?: readonly string[];
  readonly from?: Version | undefined;
  readonly headAt?: number;
  readonly by?: string;
  readonly count?: number;
}

/** All partitions move on, as one owner of all moves them. */
function say(what: Said = {}) {
  const from = "from" in what ? what.from : v(end);
  if ("products" in what || "names" in what) end++;
  const moves = allPartitions.map((partition) => ({
    partition,
    from,
    to: v(end),
    headAt: what.headAt ?? now,
  }));
  const { products = [], touched = allAspects, names = [] } = what;
  const counted = new Map(products.map((product) => [product, touched]));
  const tooMany = "products" in what && what.products === undefined;
  const word = { by: what.by ?? "an owner", count: what.count ?? ++said };
  listener.hear(encodeChange({ ...word, moves, products: tooMany ? undefined : counted, names }));
}

async function read(view: View = "assembled", minSequence?: number, product = lamp) {
  const [served] = await gateway.products([product], view, minSequence);
  return served;
}
const source = async (view: View = "assembled", minSequence?: number) =>
  (await read(view, minSequence))?.source;

describe("trust", () => {
  test("what was loaded once is served from memory while the owner says it is at the head", async () => {
    expect(await source()).toBe("redis");
    for (let second = 0; second < 60; second++) {
      now += 1_000;
      say();
      expect(await source()).toBe("memory");
    }
    expect((await read())?.knownAt).toBe(now);
    // Once in 30 s it is looked at behind a request all the same: whatever was lost unnoticed is healed.
    expect([asked, gateway.counters.hits, gateway.counters.misses]).toEqual([[lamp, lamp], 61, 1]);
  });

  test("with the channel silent for 2 s a price is trusted for 3 s more, then it is checked first", async () => {
    await read();
    now += 2_000;
    expect(await source()).toBe("memory");
    now += 3_000;
    expect(await source()).toBe("memory");
    now += 1;
    expect(await source()).toBe("redis");
    expect(gateway.counters.revalidated).toBe(1);
  });

  test("an owner that lives and is behind the head makes nothing younger", async () => {
    await read();
    for (let second = 0; second < 5; second++) {
      now += 1_000;
      say({ headAt: start });
    }
    expect(await source()).toBe("memory");
    now += 1;
    expect(await source()).toBe("redis");
  });

  test("details are trusted for 30 s, and for an hour served and checked behind the request", async () => {
    await read("details");
    now += 30_000;
    expect(await source("details")).toBe("memory");
    expect(asked.length).toBe(1);
    now += 1;
    expect(await source("details")).toBe("memory");
    expect([asked.length, gateway.counters.servedWhileChecking]).toEqual([2, 1]);
    now += 30_000;
    expect(await source("details")).toBe("memory");
    expect(asked.length).toBe(2);
    now += 3_600_001;
    expect(await source("details")).toBe("redis");
  });

  test("shortly before its trust ends somebody refreshes it, served from memory meanwhile", async () => {
    await read("details");
    luck = Number.MIN_VALUE;
    now += 14_999;
    expect([await source("details"), asked.length]).toEqual(["memory", 1]);
    now += 15_000;
    expect([await source("details"), asked.length]).toEqual(["memory", 2]);
    expect([gateway.counters.refreshedEarly, gateway.counters.servedWhileChecking]).toEqual([1, 1]);
  });

  test("a check behind the request does not believe Redis for longer than 5 minutes", async () => {
    await read("details");
    expect(options.at(-1)?.freshnessMs).toBe(3_600_000);
    now += 60_000;
    await read("details");
    expect(options.at(-1)?.freshnessMs).toBe(300_000);
  });

  test("no answer outlives the moment at which the clock changes it", async () => {
    behind.set(lamp, { validUntil: start + 1_500 });
    await read();
    now += 1_499;
    expect(await source()).toBe("memory");
    now += 1;
    expect(await source()).toBe("redis");
  });
});

describe("changes", () => {
  test("one drops what it touches, in both views, and nothing else", async () => {
    behind.set(vase, {});
    await Promise.all([read(), read("details"), read("assembled", undefined, vase)]);
    say({ products: [lamp] });
    expect([await source(), await source("details")]).toEqual(["redis", "redis"]);
    expect((await read("assembled", undefined, vase))?.source).toBe("memory");
    expect(gateway.counters.invalidated).toBe(2);
  });

  test("one touches an answer only where they meet", async () => {
    behind.set(lamp, {
      products: new Map([
        [lamp, 10],
        [vase, 10],
      ]),
    });
    const both = async () => [await source(), await source("details")];
    await both();
    const meets = async (product: Identifier, touched: Aspects) => {
      say({ products: [product], touched });
      return (await both()).map((tier) => tier !== "memory");
    };
    expect(await meets(lamp, aspects.price)).toEqual([true, false]);
    expect(await meets(lamp, aspects.quantity)).toEqual([true, false]);
    expect(await meets(lamp, aspects.rating)).toEqual([true, true]);
    expect(await meets(lamp, aspects.reviews)).toEqual([false, false]);
    expect(await meets(vase, aspects.quantity)).toEqual([false, false]);
    expect(await meets(vase, aspects.stock)).toEqual([true, false]);
    expect(await meets(vase, aspects.details)).toEqual([true, true]);
  });

  test("a product in the group touches the answer around it, and so does one that joins", async () => {
    behind.set(lamp, {
      products: new Map([
        [lamp, 10],
        [vase, 10],
      ]),
      names: [groupName(id("pair"))],
      partitions: allPartitions,
    });
    await read();
    say({ products: [vase] });
    expect(await source()).toBe("redis");
    expect(await source()).toBe("memory");
    say({ products: [id("third")], names: [groupName(id("pair"))] });
    expect(await source()).toBe("redis");
  });

  test("one that comes while an answer is loaded keeps it from being held", async () => {
    held = Promise.withResolvers();
    const reading = read();
    await Promise.resolve();
    say({ products: [lamp] });
    held.resolve();
    held = undefined;
    await reading;
    expect(await source()).toBe("redis");
    expect(gateway.counters.raced).toBe(1);
    expect(await source()).toBe("memory");
  });

  test("also when it is not the first that comes meanwhile", async () => {
    held = Promise.withResolvers();
    const reading = read();
    await Promise.resolve();
    for (const product of [vase, lamp, vase]) say({ products: [product] });
    held.resolve();
    held = undefined;
    await reading;
    expect(await source()).toBe("redis");
  });

  test("a word that was lost is noticed at the next one of the same announcer", async () => {
    await read();
    said++;
    say();
    expect([await source(), await source()]).toEqual(["redis", "memory"]);
  });

  test("one about another product does not", async () => {
    held = Promise.withResolvers();
    const reading = read();
    await Promise.resolve();
    say({ products: [vase] });
    held.resolve();
    await reading;
    expect(await source()).toBe("memory");
  });

  test.each([
    ["a move that does not begin where the last one ended", () => say({ from: v(7) })],
    ["more products than are named", () => say({ products: undefined })],
    ["a lost link", () => listener.missed()],
    ["words that it does not understand", () => listener.hear(Buffer.from('{"v":999}'))],
    [
      "words about another log",
      () =>
        listener.hear(
          encodeChange({
            moves: [{ partition: 0, from: undefined, to: versionsOf(7)(99_999), headAt: now }],
            by: "another",
            count: 1,
            products: new Map(),
            names: [],
          }),
        ),
    ],
  ])("after %s everything is checked once before it is trusted", async (_, miss) => {
    await read();
    miss();
    expect(await source()).toBe("redis");
    if (_ === "a lost link" || _.startsWith("words")) say({ from: v(end) });
    await read();
    expect(await source()).toBe("memory");
  });

  test("what was dropped and comes back with the same bytes was dropped in vain", async () => {
    behind.set(lamp, { prepared: prepare({ same: true }) });
    await read();
    say({ products: [lamp] });
    await read();
    expect(gateway.counters.invalidatedInVain).toBe(1);
  });
});

describe("readers who know more", () => {
  test("a position that the owner has told of is met from memory, a later one is asked for behind", async () => {
    await read();
    say({ products: [vase] });
    expect([await source("assembled", end), (await read())?.sequence]).toEqual(["memory", end]);
    expect(await source("assembled", end + 1)).toBe("redis");
    expect(options.at(-1)?.minSequence).toBe(end + 1);
  });

  test("what this node has shown elsewhere is not followed by something older", async () => {
    await read();
    floors.raise(lamp, 11);
    expect(await read()).toMatchObject({ source: "stale", degraded: true });
    behind.set(lamp, { sequence: 11 });
    expect([await source(), await source()]).toEqual(["redis", "memory"]);
  });

  test("who names a position gets a load that has it, also where this node has shown more, and holds less", async () => {
    await read();
    say({ products: [lamp] });
    for (let word = 0; word < 4; word++) say({ products: [vase] });
    floors.raise(lamp, 14);
    behind.set(lamp, { sequence: 13 });
    expect((await read("assembled", 12))?.sequence).toBe(13);
  });

  test("who waits for a look that found nothing, begun before it was shown elsewhere, looks again", async () => {
    const ghost = id("ghost");
    held = Promise.withResolvers();
    const looking = held;
    const first = read("assembled", undefined, ghost);
    await Promise.resolve();
    held = undefined;
    behind.set(ghost, { sequence: 12 });
    floors.raise(ghost, 12);
    const second = read("assembled", undefined, ghost);
    looking.resolve();
    expect([(await first)?.sequence, (await second)?.sequence]).toEqual([12, 12]);
  });

  test("a look that found nothing, begun before it was shown elsewhere, is not remembered", async () => {
    const ghost = id("ghost");
    const looks = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    held = looks[0];
    const first = read("assembled", undefined, ghost);
    await Promise.resolve();
    held = looks[1];
    behind.set(ghost, { sequence: 12 });
    floors.raise(ghost, 12);
    looks[0].resolve();
    await expect.poll(() => asked.length).toBe(2);
    const second = read("assembled", undefined, ghost);
    looks[1].resolve();
    expect([(await first)?.sequence, (await second)?.sequence]).toEqual([12, 12]);
  });

  test("who waits for somebody else's load gets one with each variant as it was shown meanwhile", async () => {
    const withVase = (sequence: number) => ({
      prepared: prepare({ vase: sequence }),
      products: new Map([
        [lamp, 10],
        [vase, sequence],
      ]),
    });
    behind.set(lamp, withVase(10));
    held = Promise.withResolvers();
    const first = read();
    await Promise.resolve();
    behind.set(lamp, withVase(11));
    floors.raise(vase, 11);
    const second = read();
    held.resolve();
    await first;
    expect((await second)?.prepared).toEqual(prepare({ vase: 11 }));
  });

  test("a store behind what was heard of it is not believed: the load asks for that much", async () => {
    await read();
    expect(options.at(-1)?.knownSequence?.(lamp)).toBe(end);
  });

  test("1,000 readers who name the same position load it once, and who names none does not wait with them", async () => {
    const named = Array.from({ length: 1_000 }, () => read("assembled", 12));
    expect((await read())?.source).toBe("redis");
    await Promise.all(named);
    expect(options.map(({ minSequence }) => minSequence)).toEqual([12, 0]);
  });

  test("positions that the store is known to have reached are met by one load, whichever they are", async () => {
    const named = Array.from({ length: 1_000 }, (_, at) => read("assembled", 1 + (at % 10)));
    await Promise.all(named);
    expect(asked).toEqual([lamp]);
  });

  test("a position that was reached while a load was under way is not met by that one", async () => {
    behind.set(lamp, { sequence: 10 });
    held = Promise.withResolvers();
    const looking = held;
    const first = read();
    await Promise.resolve();
    say({ products: [lamp] });
    const named = read("assembled", end);
    behind.set(lamp, { sequence: end });
    held = undefined;
    looking.resolve();
    expect([(await first)?.sequence, (await named)?.sequence]).toEqual([10, 11]);
  });

  test("a look that found nothing, and began before a position was reached, does not meet it either", async () => {
    const ghost = id("ghost");
    held = Promise.withResolvers();
    const looking = held;
    const first = read("assembled", undefined, ghost);
    await Promise.resolve();
    say({ products: [ghost] });
    behind.set(ghost, { sequence: end });
    const named = read("assembled", end, ghost);
    held = undefined;
    looking.resolve();
    expect([await first, (await named)?.sequence]).toEqual([undefined, 11]);
  });

  test("that a position cannot be reached is no news for who asked for less", async () => {
    const away = new Problem("unavailable", "away");
    held = Promise.withResolvers();
    failure = away;
    const first = expect(read("assembled", 30)).rejects.toBe(away);
    const second = read("assembled", 20);
    held.resolve();
    held = undefined;
    await first;
    await expect(second).rejects.toBe(away);
    expect(options.map(({ minSequence }) => minSequence)).toEqual([30, 20]);
  });

  test("a load that began earlier does not replace what is newer", async () => {
    held = Promise.withResolvers();
    const first = held;
    const early = read();
    await Promise.resolve();
    held = undefined;
    behind.set(lamp, { sequence: 12 });
    expect((await read("assembled", 12))?.sequence).toBe(12);
    first.resolve();
    await early;
    expect((await read())?.sequence).toBe(12);
  });

  test("who waits for somebody else's load gets one that includes what was shown meanwhile", async () => {
    held = Promise.withResolvers();
    const first = read();
    await Promise.resolve();
    behind.set(lamp, { sequence: 12 });
    floors.raise(lamp, 12);
    const second = read();
    held.resolve();
    expect([(await first)?.sequence, (await second)?.sequence]).toEqual([10, 12]);
  });
});

describe("many at once", () => {
  test("10,000 readers of one product that is not held load it once", async () => {
    const all = await Promise.all(Array.from({ length: 10_000 }, () => read()));
    expect([asked, new Set(all.map((one) => one?.prepared)).size]).toEqual([[lamp], 1]);
    expect(gateway.counters.shared).toBe(9_999);
  });

  test("a batch asks for what is not held, once each, in the order asked", async () => {
    behind.set(vase, {});
    await read();
    const nothing = id("nothing");
    const served = await gateway.products([vase, nothing, lamp, vase], "assembled", undefined);
    expect(served.map((one) => one?.source)).toEqual(["redis", undefined, "memory", "redis"]);
    expect(asked).toEqual([lamp, vase, nothing]);
  });

  test("what is no product is asked for once in 5 s, until it becomes one", async () => {
    const ghost = id("ghost");
    const ask = () => read("assembled", undefined, ghost);
    expect([await ask(), await ask(), asked.length]).toEqual([undefined, undefined, 1]);
    now += 5_000;
    expect([await ask(), asked.length]).toEqual([undefined, 2]);
    behind.set(ghost, {});
    say({ products: [ghost] });
    expect((await ask())?.source).toBe("redis");
  });
});

describe("when no tier answers", () => {
  const away = new Problem("unavailable", "away");

  test("what is held is served as stale, however old, with the position that it had", async () => {
    await read();
    now += 3_600_000;
    failure = away;
    expect(await read()).toMatchObject({ source: "stale", degraded: true, sequence: 10, knownAt: start });
    failure = undefined;
    expect(await source()).toBe("redis");
  });

  test("but not to a reader who names a later position, and nothing is made up", async () => {
    await read();
    failure = away;
    expect((await read("assembled", 10))?.source).toBe("memory");
    await expect(read("assembled", 11)).rejects.toBe(away);
    await expect(read("assembled", 11, vase)).rejects.toBe(away);
  });

  test("a product of which nothing is held is given by default, and held by nobody", async () => {
    failure = away;
    const served = await read("assembled", undefined, vase);
    expect(served).toMatchObject({ source: "default", degraded: true, sequence: undefined });
    expect(JSON.parse(String(served?.prepared.bytes))).toMatchObject({
      id: "vase",
      price: null,
      degraded: true,
    });
    failure = undefined;
    behind.set(vase, {});
    expect((await read("assembled", undefined, vase))?.source).toBe("redis");
  });

  test("what a change touched is served as stale rather than nothing", async () => {
    await read();
    say({ products: [lamp] });
    failure = away;
    expect(await read()).toMatchObject({ source: "stale", degraded: true, sequence: 10 });
    expect(options.at(-1)?.hasOlder).toBe(true);
  });

  test("a position that was given with what is held is met by it", async () => {
    await read();
    for (let at = 0; at < 5; at++) say({ products: [vase] });
    expect((await read())?.sequence).toBe(15);
    listener.missed();
    failure = away;
    expect(await read("assembled", 15)).toMatchObject({ source: "stale", sequence: 15 });
    await expect(read("assembled", 16)).rejects.toBe(away);
  });

  test("an older answer, or none, does not take the place of what is held", async () => {
    await read();
    now += 60_000;
    behind.set(lamp, { degraded: true, source: "stale", sequence: 5 });
    expect(await read()).toMatchObject({ source: "stale", sequence: 10, degraded: true });
    behind.delete(lamp);
    expect(await read()).toMatchObject({ source: "stale", sequence: 10, degraded: true });
  });

  test("of a batch that fails each is tried by itself", async () => {
    behind.set(vase, {});
    const real = make;
    let calls = 0;
    const batch = createGateway({
      answers: {
        async make(ids, view, wanted) {
          if (calls++ === 0 || ids[0] === vase) throw away;
          return real(ids, view, wanted);
        },
      },
      stored: noneStored,
      changes: { publish: () => {}, listen: () => ({ close: () => {} }) },
      floors,
      versions: v,
      bytesMax: 1_000,
      now: () => now,
      journal: silent,
    });
    const both = batch.products([lamp, vase], "assembled", undefined);
    const one = batch.products([lamp], "assembled", undefined);
    expect((await both).map((served) => served?.source)).toEqual(["redis", "default"]);
    expect((await one)[0]?.source).toBe("redis");
  });

  test("a check behind the request that fails leaves what is held, and is tried again after a second", async () => {
    await read("details");
    now += 60_000;
    failure = away;
    const checks = async () => {
      expect(await source("details")).toBe("memory");
      await new Promise((resolve) => setImmediate(resolve));
      return asked.length - 1;
    };
    expect([await checks(), await checks(), await checks()]).toEqual([1, 1, 1]);
    now += 1_000;
    expect([await checks(), gateway.counters.lengthened]).toEqual([2, 2]);
  });

  test("who would wait for a slow tier gets what is held, unless something newer was shown", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      await read();
      say({ products: [lamp] });
      held = Promise.withResolvers();
      const impatient = read();
      await vi.advanceTimersByTimeAsync(300);
      expect(await impatient).toMatchObject({ source: "stale", degraded: true, sequence: 10 });
      expect([gateway.counters.impatient, vi.getTimerCount()]).toEqual([1, 0]);
      floors.raise(lamp, 12);
      end = 12;
      const patient = read();
      await vi.advanceTimersByTimeAsync(1_000);
      held.resolve();
      held = undefined;
      expect(await patient).toMatchObject({ source: "redis", degraded: false, sequence: 12 });
    } finally {
      vi.useRealTimers();
    }
  });

  test("what the clock has changed to something unknown is shown to nobody, however long the tiers take", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      behind.set(lamp, { validUntil: start + 1_000 });
      await read();
      now = start + 1_000;
      behind.set(lamp, {});
      held = Promise.withResolvers();
      const patient = read();
      await vi.advanceTimersByTimeAsync(10_000);
      held.resolve();
      held = undefined;
      expect(await patient).toMatchObject({ source: "redis", degraded: false });
    } finally {
      vi.useRealTimers();
    }
  });

  test("nor while there are none, or only such as know less", async () => {
    behind.set(lamp, { validUntil: start + 1_000 });
    await read();
    failure = away;
    now = start + 999;
    say({ products: [lamp] });
    expect(await source()).toBe("stale");
    now = start + 1_000;
    expect(await source()).toBe("default");
    failure = undefined;
    const less = { prepared: prepare({ known: "less" }), sequence: 5 };
    behind.set(lamp, { ...less, degraded: true, source: "stale" });
    expect((await read())?.prepared).toBe(less.prepared);
  });

  test("an answer that was degraded is served and not held", async () => {
    behind.set(lamp, { degraded: true, source: "stale" });
    expect([await source(), await source(), asked.length]).toEqual(["stale", "stale", 2]);
  });
});

describe("pages", () => {
  const shelf = id("shelf");
  let made: number;
  let page: Page;
  beforeEach(() => {
    made = 0;
    page = {
      key: "shelf",
      policy: cachePolicies.listing,
      floor: () => 0,
      async make(wanted) {
        options.push(wanted);
        const body = { items: ++made };
        if (failure !== undefined) throw failure;
        return {
          prepared: prepare(body),
          source: "redis",
          sequence: end,
          knownAt: now,
          validUntil: undefined,
          degraded: false,
          products: new Map([[lamp, end]]),
          subject: undefined,
          shows: cachePolicies.listing.shows,
          names: [membersName(shelf), pricesName(shelf)],
          partitions: allPartitions,
          positionOf: allPartitions,
        };
      },
    };
  });
  const tier = async (minSequence?: number) => (await gateway.page(page, minSequence)).source;

  test("one is held until something in it, or its order, changes", async () => {
    expect([await tier(), await tier()]).toEqual(["redis", "memory"]);
    say({ products: [lamp], touched: aspects.quantity });
    say({ products: [vase], names: [membersName(id("floor")), pricesName(id("floor"))] });
    expect(await tier()).toBe("memory");
    for (const touching of [
      { products: [lamp], touched: aspects.stock },
      { names: [membersName(shelf)] },
      { names: [pricesName(shelf)] },
      { products: undefined },
    ]) {
      say(touching);
      expect(await tier()).toBe("redis");
    }
    expect(await tier()).toBe("memory");
  });

  test("a position is met by one once all partitions have told of it", async () => {
    await tier();
    say({ products: [vase] });
    expect([await tier(end), await tier(end + 1)]).toEqual(["memory", "redis"]);
    expect(options.at(-1)?.minSequence).toBe(end + 1);
  });

  test("one that is held is not served as if it were whole where another page has shown something newer", async () => {
    let shown = 0;
    page = { ...page, floor: () => shown };
    expect([await tier(), await tier()]).toEqual(["redis", "memory"]);
    // The event is in the store, and no position has moved past it yet.
    shown = end + 1;
    expect(await gateway.page(page, undefined)).toMatchObject({ source: "stale", degraded: true });
    say({ names: [membersName(shelf)] });
    expect([await tier(), await tier()]).toEqual(["redis", "memory"]);
  });

  test("one that fails is served as stale; what cannot be made at all is said as it is", async () => {
    await tier();
    say({ names: [membersName(shelf)] });
    failure = new Problem("unavailable", "away");
    expect(await gateway.page(page, undefined)).toMatchObject({ source: "stale", degraded: true });
    failure = new Problem("unknown-category", "there is none");
    await expect(gateway.page({ ...page, key: "other" }, undefined)).rejects.toBe(failure);
  });
});
