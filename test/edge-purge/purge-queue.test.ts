import fc from "fast-check";
import { expect, test } from "vitest";
import { createPurgeQueue } from "../../actors/edge-purge/purge-queue.ts";

const times = { windowMs: 30, lifetimeMs: 90_000, againAfterMs: 0 };
const limits = { tagsPerCall: 4, tagBytesPerCall: 40 };

test("a burst of one tag is one purge when its first wish has waited for the window, and one for what came since", () => {
  const queue = createPurgeQueue(times);
  for (const [at, sequence] of [
    [1_000, 1],
    [1_010, 2],
    [1_020, 3],
  ] as const)
    queue.want(["a"], at, sequence);
  expect(queue.dueAt()).toBe(1_030);
  expect(queue.take(1_029, limits)).toEqual([]);
  expect(queue.take(1_030, limits)).toEqual(["a"]);
  queue.settle("purged", 0);
  expect([queue.size, queue.firstWanted(), queue.dueAt()]).toEqual([1, 3, 1_060]);
  expect(queue.take(1_060, limits)).toEqual(["a"]);
  queue.settle("purged", 0);
  expect([queue.size, queue.firstWanted(), queue.dueAt()]).toEqual([0, undefined, undefined]);
});

test("what comes behind a call gathers for a window, and what finds no room in one follows at once", () => {
  const queue = createPurgeQueue(times);
  queue.want(["a"], 0, 1);
  queue.want(["b"], 5, 2);
  queue.take(30, limits);
  queue.settle("purged", 0);
  expect(queue.dueAt()).toBe(60);
  queue.want(["c", "d", "e", "f", "g"], 6, 3);
  queue.take(60, limits);
  queue.settle("purged", 0);
  expect(queue.dueAt()).toBe(60);
});

test("a tag that is wanted while it is being purged is purged again", () => {
  const queue = createPurgeQueue(times);
  queue.want(["a"], 0, 1);
  queue.take(30, limits);
  queue.want(["a"], 40, 2);
  expect(queue.dueAt()).toBeUndefined();
  queue.settle("purged", 0);
  expect(queue.firstWanted()).toBe(2);
  expect(queue.take(70, limits)).toEqual(["a"]);
});

test("a tag that is wanted again and again expires behind its last wish, and holds no older word back", () => {
  const queue = createPurgeQueue(times);
  queue.want(["hot", "cold"], 0, 1);
  queue.want(["hot"], 50_000, 2);
  expect(queue.expire(90_000)).toBe(1);
  expect([queue.firstWanted(), queue.oldestAt()]).toEqual([2, 50_000]);
  expect(queue.expire(140_000)).toBe(1);
});

test("what failed waits again in its old place, and a newer wish for it is the same one", () => {
  const queue = createPurgeQueue(times);
  queue.want(["a", "b"], 0, 1);
  queue.take(30, { ...limits, tagsPerCall: 1 });
  queue.want(["a", "c"], 40, 2);
  queue.settle("failed", 0);
  expect(queue.oldestAt()).toBe(0);
  expect(queue.firstWanted()).toBe(1);
  expect(queue.take(70, limits)).toEqual(["a", "b", "c"]);
});

test("a call has no more tags and no more bytes than the provider takes, and one tag in any case", () => {
  const queue = createPurgeQueue(times);
  queue.want(["x".repeat(60), "a".repeat(19), "b".repeat(19), "c", "d", "e", "f", "g"], 0, 1);
  const calls: (readonly string[])[] = [];
  while (queue.size > 0) {
    calls.push(queue.take(30, limits));
    queue.settle("purged", 0);
  }
  expect(calls.map((tags) => tags.length)).toEqual([1, 2, 4, 1]);
});

test("behind caches of caches each tag is purged once more after a while, for which no word waits", () => {
  const queue = createPurgeQueue({ ...times, againAfterMs: 2_000 });
  queue.want(["a", "b"], 0, 1);
  queue.take(30, limits);
  queue.settle("purged", 50);
  expect([queue.firstWanted(), queue.size, queue.dueAt()]).toEqual([undefined, 0, 2_050]);
  // A purge on account of a later change is that of the earlier one as well.
  queue.want(["b"], 1_000, 2);
  expect(queue.take(1_030, limits)).toEqual(["b"]);
  queue.settle("purged", 1_040);
  expect(queue.take(2_049, limits)).toEqual([]);
  queue.want(["c"], 2_000, 3);
  expect(queue.take(2_050, limits)).toEqual(["c", "a"]);
  queue.settle("failed", 2_060);
  expect(queue.take(2_100, limits)).toEqual(["c"]);
  queue.settle("purged", 2_110);
  expect(queue.take(4_200, limits)).toEqual(["b", "a", "c"]);
  queue.settle("purged", 4_210);
  expect(queue.dueAt()).toBeUndefined();
});

test("a second purge that a provider does not take for a lifetime is given up", () => {
  const queue = createPurgeQueue({ ...times, againAfterMs: 2_000 });
  queue.want(["a"], 0, 1);
  queue.take(30, limits);
  queue.settle("purged", 30);
  expect(queue.expire(92_029)).toBe(0);
  expect(queue.dueAt()).toBe(2_030);
  queue.expire(92_030);
  expect(queue.dueAt()).toBeUndefined();
});

test("what nobody can hold any more is dropped and counted", () => {
  const queue = createPurgeQueue(times);
  queue.want(["old"], 0, 1);
  queue.want(["new"], 1, 2);
  expect(queue.expire(89_999)).toBe(0);
  expect(queue.expire(90_000)).toBe(1);
  expect(queue.firstWanted()).toBe(2);
});

type Step =
  | { readonly kind: "want"; readonly tags: readonly number[] }
  | { readonly kind: "call"; readonly works: boolean }
  | { readonly kind: "wait"; readonly ms: number };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("want"), tags: fc.array(fc.nat(20), { maxLength: 6 }) }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("call"), works: fc.boolean() }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("wait"), ms: fc.oneof(fc.nat(60), fc.nat(100_000)) }),
    },
  ) as fc.Arbitrary<Step>,
  { maxLength: 80 },
);

test("no wish is lost: each one is purged behind its window, expires, or is wanted by a word that does not count as acted on", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const queue = createPurgeQueue(times);
      let now = 0;
      let sequence = 0;
      /** Of each word, the tags that were not purged behind it. */
      const open = new Map<number, { readonly at: number; readonly tags: Set<string> }>();
      const run = (step: Step) => {
        if (step.kind === "wait") now += step.ms;
        else if (step.kind === "want") {
          const tags = step.tags.map((each) => `tag-${each}`);
          queue.want(tags, now, ++sequence);
          open.set(sequence, { at: now, tags: new Set(tags) });
        } else {
          const ripe = [...open].filter(([, { at }]) => at + times.windowMs <= now);
          const begun = new Set(ripe.map(([word]) => word));
          const tags = queue.take(now, limits);
          queue.settle(step.works ? "purged" : "failed", now);
          expect(new Set(tags).size).toBe(tags.length);
          if (step.works) for (const word of begun) for (const tag of tags) open.get(word)?.tags.delete(tag);
        }
        queue.expire(now);
        for (const [word, { at, tags }] of open)
          if (tags.size === 0 || at + times.lifetimeMs <= now) open.delete(word);
        // Who begins behind what counts as acted on finds every open tag in a later word.
        const floor = queue.firstWanted() ?? Number.POSITIVE_INFINITY;
        const later = new Set([...open].flatMap(([word, { tags }]) => (word >= floor ? [...tags] : [])));
        for (const { tags } of open.values()) expect([...tags.difference(later)]).toEqual([]);
        expect(queue.size).toBeLessThanOrEqual(21);
      };
      for (const step of all) run(step);
      now += times.windowMs;
      while (queue.size > 0) run({ kind: "call", works: true });
      for (const { tags } of open.values()) expect(tags.size).toBe(0);
      run({ kind: "wait", ms: 0 });
      expect(open.size).toBe(0);
    }),
    { numRuns: 2_000 },
  );
});
