import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { describe, expect, test } from "vitest";
import { type Bought, buyFor } from "../../bench/buying.ts";
import { stockRows } from "../../bench/stock-turns.ts";
import { startPostgresql } from "../../bench/yardsticks/postgresql.ts";
import { processOf } from "../../ops/setup/processes.mjs";
import { findServer } from "../../ops/setup/server-binaries.mjs";

/** What stock is compared with sells what it has, and is asked as its keepers are. */

const read = (pid: number, file: string) => readFileSync(`/proc/${pid}/${file}`, "utf8").trim();
const childrenOf = (pid: number) => read(pid, `task/${pid}/children`).split(" ").map(Number);
const coresOf = (pid: number) => /Cpus_allowed_list:\s+(\S+)/.exec(read(pid, "status"))?.[1];

// Only the benchmarks install it, and they want two cores.
describe.skipIf(findServer("postgres") === undefined || cpus().length < 2)(
  "PostgreSQL with a row for each product",
  () => {
    test("sells each unit once, waiting for the disk or not, on the core that servers have, until it ends", async () => {
      const buyers = 16;
      const postgresql = await startPostgresql({ products: ["lamp", "röd stol"], quantity: 100, buyers });
      let sold = 0;
      async function sellOut(product: string): Promise<void> {
        const keepBuying = async (buyer: number): Promise<void> => {
          while (await postgresql.take(buyer, product)) sold++;
        };
        await Promise.all(Array.from({ length: buyers }, (_, buyer) => keepBuying(buyer)));
      }
      try {
        await postgresql.synchronousCommit("on");
        await sellOut("lamp");
        expect([sold, await postgresql.taken()]).toEqual([100, 100]);
        await postgresql.synchronousCommit("off");
        await sellOut("röd stol");
        expect([sold, await postgresql.taken()]).toEqual([200, 200]);
        expect(await postgresql.take(0, "nothing")).toBe(false);
        const processes = [postgresql.pid, ...childrenOf(postgresql.pid)];
        expect(processes.length).toBeGreaterThan(buyers);
        expect(new Set(processes.map(coresOf))).toEqual(new Set(["1"]));
      } finally {
        await postgresql.stop();
      }
      expect(processOf(postgresql.pid)).toBeUndefined();
    });
  },
);

describe("buyers", () => {
  test("ask anew as soon as they have their answer, and each has one question under way", async () => {
    const asked = [0, 0, 0];
    const underWay = new Set<number>();
    const { units, perSecond, p50, p99 } = await buyFor({
      buyers: 3,
      ms: 50,
      serverCpu: () => 0,
      async buy(buyer) {
        expect(underWay.has(buyer)).toBe(false);
        underWay.add(buyer);
        asked[buyer] = (asked[buyer] ?? 0) + 1;
        await new Promise((resolve) => setImmediate(resolve));
        return underWay.delete(buyer);
      },
    });
    expect(Math.min(...asked)).toBeGreaterThan(1);
    expect(units).toBe(asked.reduce((sum, each) => sum + each, 0));
    expect(perSecond).toBeLessThanOrEqual(units / 0.05);
    expect(p50).toBeLessThanOrEqual(p99);
  });

  test("fail where there is nothing left, since that is another thing than being served", async () => {
    const buying = buyFor({ buyers: 2, ms: 50, serverCpu: () => 0, buy: async (buyer) => buyer === 0 });
    await expect(buying).rejects.toThrow("nothing left for buyer 1");
  });
});

test("what is wanted is wanted beside the faster way of committing", () => {
  const bought = (perSecond: number): Bought[] => [
    { units: perSecond, perSecond, p50: 1, p99: 2, ownCpu: 0.5, serverCpu: 0.25 },
  ];
  const rows = (on: number, off: number) =>
    stockRows(
      "stock",
      {
        keepers: bought(1_000),
        batches: [256],
        postgresql: { on: bought(on), off: bought(off) },
        version: "15",
      },
      5,
    ).map(({ yardstick, ratio, wanted }) => [/commit (\w+)/.exec(yardstick)?.[1], ratio, wanted]);
  expect(rows(100, 250)).toEqual([
    ["off", "4.00", "at least 5.00"],
    ["on", "10.00", "reported"],
  ]);
  expect(rows(250, 100)).toEqual([
    ["off", "10.00", "reported"],
    ["on", "4.00", "at least 5.00"],
  ]);
});
