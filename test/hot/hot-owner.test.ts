import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { aspects } from "../../projections/aspects.ts";
import type { Log } from "../../streams/log.ts";
import { createMemoryLeases } from "../../streams/memory-leases.ts";
import { limits } from "../../streams/limits.ts";
import { createWorld, type World } from "./world.ts";

/** The owner of hot products as a whole, over memory adapters and in simulated time. */

let world: World;
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const readAll = (products: Readonly<Record<string, number>>) => {
  for (const worker of world.workers) worker.read(products);
};
const holding = (product: string) => world.workers.map(({ holds }) => holds.get(product)?.value);

function begin(options: { readonly hotMax?: number } = {}): void {
  world = createWorld(options);
  for (const by of ["a", "b", "c"]) world.addWorker(by);
  for (const product of ["lamp", "chair", "table", "shelf"]) world.products.set(product, 1);
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  begin();
});
afterEach(async () => {
  const stopped = world.stop();
  await pass(3_000);
  await stopped;
  vi.useRealTimers();
});

const one = `{"version":1}`;
const two = `{"version":2}`;

describe("heat", () => {
  test("from a burst to a value that every worker is known to hold takes less than a tenth of a second", async () => {
    world.start();
    await pass(1_000);
    readAll({ lamp: 40 });
    await pass(100);
    expect(holding("lamp")).toEqual([one, one, one]);
    expect(await world.state("lamp")).toMatchObject({ value: "hot.fresh", holders: 3, of: 3, heat: true });
    expect(await world.transitions("lamp")).toEqual([
      "cold > warming.loading",
      "warming.loading > warming.confirming",
      "warming.confirming > hot.fresh",
    ]);
    expect(world.loads).toEqual(["lamp"]);
  });

  test("a worker that does not answer delays it by a second, and is not counted", async () => {
    (world.workers[2] as World["workers"][number]).confirms = false;
    world.start();
    readAll({ lamp: 40 });
    await pass(900);
    expect(await world.state("lamp")).toMatchObject({ value: "warming.confirming" });
    await pass(300);
    expect(await world.state("lamp")).toMatchObject({ value: "hot.fresh", holders: 2, of: 3 });
  });

  test("without any worker that takes values nobody is waited for", async () => {
    world.start();
    await world.command("add", "lamp");
    for (const worker of world.workers) worker.die();
    await pass(2_000);
    await world.command("add", "chair");
    await pass(300);
    expect(await world.state("chair")).toMatchObject({ value: "hot.fresh", holders: 0, of: 0 });
  });

  test("a product that is read no more cools, and is cold half a minute later", async () => {
    world.start();
    readAll({ lamp: 40 });
    await pass(1_000);
    readAll({});
    await pass(9_000);
    expect(holding("lamp")).toEqual([one, one, one]);
    await pass(2_000);
    expect(holding("lamp")).toEqual([undefined, undefined, undefined]);
    expect((await world.state("lamp"))?.value).toBe("cooling");
    const loads = world.loads.length;
    await pass(31_000);
    expect((await world.state("lamp"))?.value).toBe("cold");
    expect(world.loads.length).toBe(loads);
    expect(await world.reports()).toEqual([]);
  });

  test("there is room for so many: the coolest leaves", async () => {
    await world.stop();
    begin({ hotMax: 2 });
    world.start();
    readAll({ lamp: 40, chair: 50 });
    await pass(500);
    readAll({ lamp: 40, chair: 50, table: 60 });
    await pass(500);
    expect(holding("lamp")).toEqual([undefined, undefined, undefined]);
    expect(holding("chair")).toEqual([one, one, one]);
    expect(holding("table")).toEqual([one, one, one]);
    await world.command("add", "shelf");
    await pass(500);
    expect(holding("chair")[0]).toBeUndefined();
    expect(holding("shelf")[0]).toBe(one);
  });
});

test("a sale of more products than there is room for warms the hottest of them, and loads no other", async () => {
  await world.stop();
  begin({ hotMax: 2 });
  world.start();
  readAll({ table: 3, shelf: 2, chair: 1 });
  await pass(500);
  await world.schedule("deal", 1_000, 30_000, ["lamp", "chair", "table", "shelf"]);
  await pass(1_000);
  expect([...new Set(world.loads)].sort()).toEqual(["shelf", "table"]);
  readAll({ table: 3, lamp: 9 });
  await pass(1_000);
  expect([holding("lamp")[0], holding("table")[0], holding("shelf")[0]]).toEqual([one, one, undefined]);
  await world.command("add", "lamp");
  await pass(60_000);
  expect(await world.reports()).toMatchObject([{ product: "lamp", reasons: ["operator"], has_room: true }]);
});

test("a crowd of words is decided in turns with whoever else has to do", async () => {
  // Each look at the clock takes a fifth of a millisecond.
  let looks = 0;
  world.start(undefined, undefined, () => performance.now() + ++looks / 5);
  await world.command("add", "lamp");
  await pass(1_000);
  const { length } = world.loads;
  for (let times = 0; times < 1_000; times++) world.write(times === 999 ? "lamp" : "chair");
  let turns = 0;
  const count = () => {
    if (world.loads.length > length) return;
    turns++;
    setImmediate(count);
  };
  count();
  await pass(200);
  expect(world.loads.length).toBe(length + 1);
  expect(turns).toBeGreaterThan(20);
});

test("who asks most in the cluster is told four times a second", async () => {
  world.start();
  readAll({ lamp: 5, chair: 7 });
  await pass(2_000);
  expect(world.told.at(-1)?.callers).toEqual([
    { key: "chair", perSecond: 21 },
    { key: "lamp", perSecond: 15 },
  ]);
  const { length } = world.told;
  await pass(1_000);
  expect(world.told.length - length).toBeGreaterThanOrEqual(3);
});

describe("while it is hot", () => {
  beforeEach(async () => {
    world.start();
    readAll({ lamp: 40 });
    await pass(1_000);
  });

  test("a change is pushed as a value at once", async () => {
    world.write("lamp");
    await pass(10);
    expect(holding("lamp")).toEqual([two, two, two]);
  });

  test("of many changes at once two loads are made, and the last value is pushed", async () => {
    const loads = world.loads.length;
    for (let times = 0; times < 20; times++) world.write("lamp");
    await pass(150);
    expect(holding("lamp")[0]).toBe(`{"version":21}`);
    expect(world.loads.length - loads).toBeLessThanOrEqual(2);
  });

  test("a load includes all that was heard of the product's partition, and no less", async () => {
    for (let times = 0; times < 40; times++) world.write("lamp");
    await pass(200);
    expect(world.dues.at(-1)).toBe(41);
    expect(world.dues[0]).toBe(0);
  });

  test("a quantity that changes a hundred times a second is pushed twice a second", async () => {
    const loads = world.loads.length;
    for (let times = 0; times < 100; times++) {
      world.write("lamp", { touched: aspects.quantity });
      await pass(10);
    }
    // At its beginning, in its middle and at its end.
    expect(world.loads.length - loads).toBe(3);
    await pass(500);
    expect(holding("lamp")).toEqual([`{"version":101}`, `{"version":101}`, `{"version":101}`]);
  });

  test("a minute of changes and refreshes is not written", async () => {
    const { last } = await world.hot.bounds();
    for (let times = 0; times < 600; times++) {
      world.write("lamp");
      await pass(100);
    }
    expect((await world.hot.bounds()).last).toBe(last);
  });

  test("who holds it is written when that is another number, not with each value", async () => {
    world.addWorker("d");
    await pass(15_000);
    expect(await world.state("lamp")).toMatchObject({ value: "hot.fresh", holders: 4, of: 4 });
    const { last } = await world.hot.bounds();
    for (let times = 0; times < 10; times++) {
      world.write("lamp");
      await pass(1_000);
    }
    expect((await world.hot.bounds()).last).toBe(last);
  });

  test("a value that no message can carry is held by nobody, and said to be so once", async () => {
    world.weight.bytes = 900_000;
    world.write("lamp");
    await pass(500);
    expect(holding("lamp")).toEqual([undefined, undefined, undefined]);
    expect(await world.state("lamp")).toMatchObject({ mode: "invalidate", oversized: true });
    await pass(60_000);
    expect(world.alerts.filter((line) => line.includes("too large"))).toHaveLength(1);
    world.weight.bytes = 0;
    await pass(15_000);
    expect(holding("lamp")).toEqual([two, two, two]);
  });

  test("it is refreshed before its value's life ends, by one load", async () => {
    const loads = world.loads.length;
    const before = world.workers[0]?.holds.get("lamp")?.untilMs ?? 0;
    await pass(15_000);
    expect(world.loads.length - loads).toBe(1);
    expect(world.workers[0]?.holds.get("lamp")?.untilMs).toBeGreaterThan(before);
  });

  test("where no tier answers the last value lives on, an alert is raised once, and then it is refreshed again", async () => {
    world.failing.is = true;
    await pass(120_000);
    expect((await world.state("lamp"))?.value).toMatch(/^hot\.(stale|refreshing)$/);
    expect(world.workers[0]?.holds.get("lamp")?.value).toBe(one);
    expect(world.workers[0]?.holds.get("lamp")?.untilMs).toBeGreaterThan(Date.now());
    const raised = () => world.alerts.filter((line) => line.startsWith("a hot product cannot be refreshed"));
    expect(raised()).toHaveLength(1);
    world.failing.is = false;
    world.write("lamp");
    await pass(10_000);
    expect(await world.state("lamp")).toMatchObject({ value: "hot.fresh", alerted: false });
    expect(holding("lamp")).toEqual([two, two, two]);
    expect(raised()).toHaveLength(1);
  });

  test("when a word about changes may have been missed, it is loaded anew", async () => {
    world.write("chair");
    world.products.set("lamp", 2);
    world.loseWord();
    world.write("chair");
    await pass(20);
    expect(holding("lamp")).toEqual([two, two, two]);
  });

  test("what is written more often than it is read is invalidated, and pushed again when that is over", async () => {
    readAll({ lamp: 10 });
    for (let times = 0; times < 400; times++) {
      world.write("lamp");
      await pass(20);
    }
    expect(await world.state("lamp")).toMatchObject({ mode: "invalidate", reads: 30 });
    const loads = world.loads.length;
    world.write("lamp");
    await pass(20);
    expect(world.loads.length).toBe(loads);
    await pass(20_000);
    expect((await world.state("lamp"))?.mode).toBe("push");
    expect(holding("lamp")[0]).toBe(`{"version":402}`);
  });
});

describe("other reasons", () => {
  test("a sale's products are warm five minutes before it begins, until it ends", async () => {
    world.start();
    await world.schedule("deal", 400_000, 500_000, ["lamp", "chair"]);
    await pass(99_000);
    expect(await world.reports()).toEqual([]);
    await pass(1_500);
    expect(holding("lamp")).toEqual([one, one, one]);
    expect(await world.reports()).toMatchObject([
      { product: "chair", state: "hot.fresh", reasons: ["sale"], holders: 3, of: 3, mode: "push" },
      { product: "lamp", state: "hot.fresh", reasons: ["sale"] },
    ]);
    await pass(400_000);
    expect(holding("lamp")).toEqual([undefined, undefined, undefined]);
    expect((await world.state("lamp"))?.value).toBe("cooling");
  });

  test("a sale that is cancelled, or replaced without a product, lets it cool", async () => {
    world.start();
    await world.schedule("deal", 1_000, 500_000, ["lamp", "chair"]);
    await pass(1_000);
    await world.schedule("deal", 1_000, 500_000, ["lamp"]);
    await pass(1_000);
    expect([holding("lamp")[0], holding("chair")[0]]).toEqual([one, undefined]);
    await world.cancel("deal");
    await pass(1_000);
    expect(holding("lamp")[0]).toBeUndefined();
  });

  test("a price that fell to half warms its product for five minutes", async () => {
    world.start();
    await pass(100);
    world.write("lamp", { isDrop: true });
    await pass(100);
    expect(holding("lamp")).toEqual([two, two, two]);
    await pass(299_000);
    expect(holding("lamp")[0]).toBe(two);
    await pass(2_000);
    expect(holding("lamp")[0]).toBeUndefined();
  });

  test("what an operator adds is hot until it is removed; a product that is not there never is", async () => {
    world.start();
    await world.command("add", "lamp");
    await world.command("add", "unknown");
    await pass(300_000);
    expect((await world.reports()).map(({ product, state }) => [product, state])).toEqual([
      ["lamp", "hot.fresh"],
      ["unknown", "cold"],
    ]);
    expect(world.loads.filter((product) => product === "unknown").length).toBeLessThanOrEqual(6);
    await world.command("remove", "lamp");
    await world.command("remove", "unknown");
    await pass(32_000);
    expect(await world.reports()).toEqual([]);
  });
});

/** A log that throws, or takes what it is given and does not say so, from so many appends on. */
function dying(log: Log, appends: number, kind: "before" | "behind"): Log {
  let left = appends;
  return {
    ...log,
    async append(subject, payload, options) {
      if (left-- > 0) return log.append(subject, payload, options);
      if (kind === "behind") await log.append(subject, payload, options);
      throw new Error("the process ends here");
    },
  };
}

describe("take-over", () => {
  async function story(): Promise<void> {
    readAll({ lamp: 40, chair: 20 });
    await world.command("add", "table");
    await world.schedule("deal", 1_000, 8_000, ["shelf"]);
    await pass(3_000);
    world.write("lamp");
    await world.command("remove", "table");
    await pass(3_000);
    await world.command("add", "chair");
    readAll({ lamp: 40 });
    await pass(40_000);
  }
  const standing = async () =>
    (await world.reports())
      .map(({ product, reasons, mode, state }) => ({ product, reasons, mode, state: state.split(".")[0] }))
      .sort((a, b) => (a.product < b.product ? -1 : 1));

  test("an owner that ends at any write is followed by one that comes to the same state", async () => {
    world.start();
    await story();
    const wanted = await standing();
    expect(wanted.map(({ product }) => product)).toEqual(["chair", "lamp"]);
    for (let appends = 0; appends < 24; appends += 2) {
      for (const kind of ["before", "behind"] as const) {
        await Promise.all([world.stop(), pass(3_000)]);
        begin();
        // Its lives after the first write as they should.
        const first = dying(world.hot, appends, kind);
        let lives = 0;
        world.start({
          ...world.hot,
          bounds: () => {
            lives++;
            return world.hot.bounds();
          },
          append: (...told) => (lives <= 1 ? first : world.hot).append(...told),
        });
        await story();
        expect(await standing()).toEqual(wanted);
        expect(holding("lamp")).toEqual([two, two, two]);
        expect(holding("table")).toEqual([undefined, undefined, undefined]);
      }
    }
  }, 60_000);

  test("a price that fell while nobody was there warms its product for what is left of its five minutes", async () => {
    const first = world.start();
    await pass(100);
    world.write("chair", { isDrop: true });
    await pass(100);
    const until = (await world.state("chair"))?.dropUntil;
    await Promise.all([first.stop(), pass(3_000)]);
    world.write("lamp", { isDrop: true });
    await pass(100_000);
    const second = world.start();
    await pass(1_000);
    expect(await world.reports()).toMatchObject([
      { product: "chair", state: "hot.fresh", reasons: ["drop"] },
      { product: "lamp", state: "hot.fresh", reasons: ["drop"] },
    ]);
    // The one that was known is told again, and lasts no longer by that.
    expect((await world.state("chair"))?.dropUntil).toBe(until);
    await pass(197_000);
    expect((await world.state("lamp"))?.value).toMatch(/^hot/);
    await pass(3_000);
    expect((await world.state("lamp"))?.value).toBe("cooling");
    await pass(31_000);
    // Of drops that count no more nothing is told.
    await Promise.all([second.stop(), pass(3_000)]);
    world.start();
    await pass(1_000);
    expect(await world.reports()).toEqual([]);
  });

  test("deadlines that passed while nobody was there are made up for at once", async () => {
    const first = world.start();
    await world.schedule("deal", 1_000, 20_000, ["lamp"]);
    readAll({ chair: 40 });
    await pass(1_000);
    const stopped = first.stop();
    await pass(60_000);
    await stopped;
    expect((await world.state("lamp"))?.value).toBe("hot.fresh");
    world.write("chair");
    world.start();
    await pass(500);
    expect((await world.state("lamp"))?.value).toBe("cooling");
    expect(holding("lamp")).toEqual([undefined, undefined, undefined]);
    expect(holding("chair")).toEqual([two, two, two]);
  });

  test("what the owner before left is pushed to those who are there, and counted, at once", async () => {
    const first = world.start();
    readAll({ lamp: 40 });
    await pass(1_000);
    await Promise.all([first.stop(), pass(3_000)]);
    world.addWorker("d").read({ lamp: 40 });
    world.start();
    await pass(500);
    expect(await world.state("lamp")).toMatchObject({ value: "hot.fresh", holders: 4, of: 4 });
  });

  test("a command is applied once, also where its product has been cold for long", async () => {
    const first = world.start();
    await world.command("add", "lamp");
    await world.command("remove", "lamp");
    await pass(60_000);
    readAll({ lamp: 40 });
    await pass(500);
    readAll({});
    await pass(60_000);
    const stopped = first.stop();
    await pass(3_000);
    await stopped;
    const loads = world.loads.length;
    world.start();
    await pass(60_000);
    expect(world.loads.length).toBe(loads);
    expect(await world.reports()).toEqual([]);
  });

  test("of two owners at once one fails and begins anew, and workers hold what is true", async () => {
    const one = world.start();
    // A second one under leases that know nothing of the first.
    const other = world.start(
      world.hot,
      createMemoryLeases(limits.leaseTtlMs, () => Date.now()),
    );
    readAll({ lamp: 40 });
    await pass(1_000);
    world.write("lamp");
    await pass(20_000);
    expect(one.restarts + other.restarts).toBeGreaterThan(0);
    expect(holding("lamp")).toEqual([two, two, two]);
    await Promise.all([other.stop(), pass(3_000)]);
    await pass(10_000);
    expect(await world.reports()).toMatchObject([{ product: "lamp", reasons: ["heat"] }]);
    const { restarts } = one;
    await pass(30_000);
    expect(one.restarts).toBe(restarts);
  });
});
