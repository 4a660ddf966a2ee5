import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { decodeHeatWord, type HeatWord } from "../../actors/hot/heat-word.ts";
import { addressCaller, userCaller } from "../../api/heat/caller.ts";
import { countedBy } from "../../api/heat/heat-counter.ts";
import { createReadHeat, type ReadHeat } from "../../api/heat/heat.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { createMemoryBroadcast } from "../../streams/memory-broadcast.ts";

/** What a worker says, by a simulated clock. */

const product = (id: string) => id as Identifier;
const lamp = product("lamp");
const endpoint = countedBy("GET /api/products/:id");
const readers = Array.from({ length: 10 }, (_, at) => addressCaller(`192.0.2.${at}`));

let heard: { readonly at: number; readonly word: HeatWord }[];
let heat: ReadHeat;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  heard = [];
  const words = createMemoryBroadcast();
  words.listen({
    hear(bytes) {
      const word = decodeHeatWord(bytes);
      if (word !== undefined) heard.push({ at: performance.now(), word });
    },
    missed() {},
  });
  heat = createReadHeat({ by: "me", holds: true, words, clock: () => performance.now() });
});
afterEach(() => {
  heat.close();
  vi.useRealTimers();
});

/** One read each so many milliseconds, by readers in turn. */
function read(id: Identifier, forMs: number, everyMs: number, by = readers): void {
  for (let ms = 0; ms < forMs; ms += everyMs) {
    heat.asked(by[(ms / everyMs) % by.length] ?? addressCaller("none"), endpoint, id);
    vi.advanceTimersByTime(everyMs);
  }
}

const productsOf = ({ word }: { readonly word: HeatWord }) => word.products.map(({ key }) => key);

test("nobody reads: an empty word twice a second, numbered, with the worker's name", () => {
  vi.advanceTimersByTime(3_000);
  expect(heard.map(({ at }) => at)).toEqual([50, 550, 1_050, 1_550, 2_050, 2_550]);
  expect(heard.map(({ word }) => word.count)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(heard[0]?.word).toEqual({
    by: "me",
    count: 1,
    holds: true,
    products: [],
    callers: [],
    endpoints: [],
  });
});

test("a few reads are nothing to tell of", () => {
  vi.advanceTimersByTime(60);
  heard = [];
  for (const reader of readers.slice(0, 2)) heat.asked(reader, endpoint, lamp);
  vi.advanceTimersByTime(400);
  expect(heard).toEqual([]);
});

test("a burst is told of within 10 ms of its fourth read, often while it rises, every 50 ms, and when it is over", () => {
  vi.advanceTimersByTime(60);
  heard = [];
  read(lamp, 500, 1);
  expect(heard[0]?.at).toBeLessThanOrEqual(60 + 4 + 10);
  expect(heard.map(productsOf)).toEqual(heard.map(() => ["lamp"]));
  const [early, late] = [(ms: number) => ms < 160, (ms: number) => ms >= 360].map(
    (isIn) => heard.filter(({ at }) => isIn(at)).length,
  );
  expect(early).toBeGreaterThanOrEqual(8);
  expect(late).toBeLessThanOrEqual(5);
  const last = heard.at(-1)?.word;
  expect(last?.products[0]?.perSecond).toBeGreaterThan(500);
  expect(last?.endpoints[0]?.key).toBe(endpoint.key);
  expect(last?.callers).toHaveLength(10);
  heard = [];
  vi.advanceTimersByTime(5_000);
  const cool = heard.findIndex((one) => productsOf(one).length === 0);
  // From 1,000 to 4 reads a second it is eight half-lives of 400 ms.
  expect(heard[cool]?.at).toBeLessThan(560 + 3_400);
  expect((heard[cool]?.at ?? 0) - (heard[cool - 1]?.at ?? 0)).toBe(50);
  expect(heard.slice(cool).some(({ word }) => word.products.length > 0)).toBe(false);
});

test("many products that pass at once are told of in words that are 10 ms apart at least", () => {
  const ids = Array.from({ length: 60 }, (_, at) => product(`deal-${at}`));
  for (const id of ids) {
    for (let time = 0; time < 20; time++) heat.asked(readers[time % 2] ?? userCaller(id), endpoint, id);
    vi.advanceTimersByTime(2);
  }
  vi.advanceTimersByTime(20);
  const times = heard.map(({ at }) => at);
  expect(times.length).toBeGreaterThan(5);
  for (const [at, time] of times.slice(1).entries())
    expect(time - (times[at] ?? 0)).toBeGreaterThanOrEqual(10);
  expect(heard.at(-1)?.word.products).toHaveLength(60);
});

test("a product that is read as much as before is told of at regular times only", () => {
  read(lamp, 4_000, 38);
  heard = [];
  read(lamp, 4_000, 38);
  expect(heard.filter(({ at }) => at % 50 !== 0)).toEqual([]);
  expect(heard.at(-1)?.word.products[0]?.perSecond).toBeGreaterThan(20);
  heard = [];
  read(lamp, 100, 1);
  expect(heard.filter(({ at }) => at % 50 !== 0).length).toBeGreaterThan(3);
});

test("from one address alone a product is not hot, the address is", () => {
  read(lamp, 1_000, 1, readers.slice(0, 1));
  expect(heard.flatMap(productsOf)).toEqual([]);
  const last = heard.at(-1)?.word.callers;
  expect(last?.map(({ key }) => key)).toEqual(["address:192.0.2.0"]);
  expect(last?.[0]?.perSecond).toBeGreaterThan(700);
});

test("signed-in users count by themselves, each product of a batch too, and what was refused counts for the caller", () => {
  const users = [userCaller(product("ann")), userCaller(product("bob"))];
  for (let time = 0; time < 40; time++) {
    for (const user of users) {
      heat.asked(user, countedBy("GET /api/products"));
      for (const id of ["a", "b"]) heat.given(user, product(id));
    }
    heat.asked(addressCaller("192.0.2.1"));
  }
  vi.advanceTimersByTime(50);
  const { word } = heard.at(-1) ?? {};
  expect(word?.callers.map(({ key }) => key)).toEqual(["address:192.0.2.1", "user:ann", "user:bob"]);
  expect(word?.products.map(({ key }) => key)).toEqual(["a", "b"]);
  expect(word?.endpoints.map(({ key }) => key)).toEqual(["GET /api/products"]);
  const [caller = 0, endpointRate = 0] = [word?.callers[0]?.perSecond, word?.endpoints[0]?.perSecond];
  expect(endpointRate / caller).toBeCloseTo(2, 1);
});

test("a word names 128 products, 32 callers and 32 endpoints at most", () => {
  for (let each = 0; each < 200; each++)
    for (let time = 0; time < 10; time++)
      for (const side of ["a", "b"])
        heat.asked(addressCaller(`${side}${each}`), countedBy(`GET /${each}`), product(`p${each}`));
  vi.advanceTimersByTime(60);
  const { products, callers, endpoints } = heard.at(-1)?.word ?? {};
  expect([products?.length, callers?.length, endpoints?.length]).toEqual([128, 32, 32]);
});

test("closed, it says nothing more", () => {
  read(lamp, 100, 1);
  heat.close();
  heard = [];
  vi.advanceTimersByTime(2_000);
  expect(heard).toEqual([]);
});
