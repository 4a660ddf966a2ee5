import { expect, test } from "vitest";
import { createRandom } from "../../ops/demo/random.ts";
import { id } from "../streams/id.ts";
import { partitionOfId, v } from "../projections/read-model-adapters.ts";
import { createClock } from "./clock.ts";
import { createNetwork, type Life } from "./network.ts";
import type { Effect } from "./plan.ts";
import { planOf } from "./planned.ts";
import { createRedisServer } from "./redis-server.ts";
import { run } from "./run.ts";

/** The simulated world itself: what it is wrong about, no run would tell. */

test("moments come in order, those of one moment in the order they were asked for, promises in between", async () => {
  const clock = createClock(1_000);
  const seen: string[] = [];
  clock.at(1_020, () => void Promise.resolve().then(() => seen.push(`c ${clock.now()}`)));
  clock.at(1_010, () => seen.push("a"));
  clock.at(1_020, () => seen.push("d"));
  clock.at(1_010, () => clock.at(5, () => seen.push(`b ${clock.now()}`)));
  await clock.run(1_500);
  expect(seen).toEqual(["a", "b 1010", "c 1020", "d"]);
  expect(clock.now()).toBe(1_500);
});

test("a seed is the same every time, step by step", async () => {
  for (const seed of [3, 14, 159]) {
    const [once, again] = [
      await run(planOf(seed), { story: true }),
      await run(planOf(seed), { story: true }),
    ];
    expect(once.steps.length).toBeGreaterThan(10);
    expect(again).toEqual(once);
  }
});

/** One call with an effect: what its caller hears and when, and when it is carried out. */
async function callWith(effect: Effect | undefined) {
  const clock = createClock(0);
  const life: Life = {
    process: "p",
    number: 1,
    alive: true,
    frozen: false,
    held: [],
    linksLost: 0,
    busyUntil: 0,
    answeredUntil: 0,
    endings: [],
  };
  const network = createNetwork({
    clock,
    noise: createRandom(1, 1),
    latencyMsMax: 1,
    startedAt: 0,
    faults:
      effect === undefined ? [] : [{ kind: "call", at: 0, process: "p", server: "redis", skip: 0, effect }],
    healAt: 1_000,
    die: (dying) => {
      dying.alive = false;
    },
    tell: undefined,
  });
  const redis = createRedisServer(clock, () => {});
  const carriedOut: number[] = [];
  const commands = [1, 2].map((number) => () => carriedOut.push(number));
  let heard = "nothing";
  network.ask(life, redis, "call", commands).then(
    () => {
      heard = "an answer";
    },
    () => {
      heard = "an error";
    },
  );
  await clock.run(50);
  const early = { heard, carriedOut: carriedOut.length };
  await clock.run(1_000);
  return { early, late: { heard, carriedOut: carriedOut.length }, linksLost: life.linksLost };
}

const all = (heard: string, carriedOut: number) => ({ heard, carriedOut });

test.each<[string, Effect | undefined, object, object, number]>([
  ["nothing wrong", undefined, all("an answer", 2), all("an answer", 2), 0],
  ["slow", { what: "slow", ms: 200 }, all("nothing", 0), all("an answer", 2), 0],
  ["lose request", { what: "lose request", timeoutMs: 20 }, all("an error", 0), all("an error", 0), 1],
  ["lose answer", { what: "lose answer", timeoutMs: 20 }, all("an error", 2), all("an error", 2), 1],
  ["late", { what: "land late", timeoutMs: 20, afterMs: 300 }, all("an error", 0), all("an error", 2), 1],
  ["twice", { what: "carry out twice" }, all("an answer", 4), all("an answer", 4), 0],
  ["die before", { what: "die before", downMs: 1 }, all("nothing", 0), all("nothing", 0), 0],
  ["die after", { what: "die after", downMs: 1 }, all("nothing", 2), all("nothing", 2), 0],
  ["die between", { what: "die between", downMs: 1, commands: 1 }, all("nothing", 1), all("nothing", 1), 0],
])("a call with %s", async (_, effect, early, late, linksLost) => {
  expect(await callWith(effect)).toEqual({ early, late, linksLost });
});

test("an older Redis holds what was written by then, and an evicted value is gone", async () => {
  const clock = createClock(0);
  const redis = createRedisServer(clock, () => {});
  const lamp = id("lamp");
  const stock = (sequence: number) =>
    redis.model.putRegisters(
      [],
      [
        {
          id: lamp,
          register: "inventory",
          version: v(sequence),
          value: { quantity: sequence, sequence, updated_at: 0 },
        },
      ],
    );
  const quantity = async () => (await redis.model.readProducts([lamp]))[0]?.inventory?.value?.quantity;
  const partition = partitionOfId(lamp);
  await stock(1);
  await clock.run(100);
  await redis.model.advance("catalog", [{ partition, from: undefined, to: v(2), headAt: 0 }]);
  await stock(2);
  redis.older(50);
  expect(await quantity()).toBe(1);
  expect(await redis.model.positions("catalog", [partition])).toEqual(new Map());
  expect(redis.evict(() => true)).toBe(1);
  expect(await quantity()).toBeUndefined();
  await stock(1);
  expect(await quantity()).toBe(1);
});
