import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { rangesOf, stockTableOf, tableOf } from "../../ops/top/table.ts";
import type { ProjectionStatus } from "../../actors/projection-status.ts";
import type { StockStatus } from "../../actors/stock/stock-status.ts";
import { allPartitions } from "../../streams/partition.ts";
import { openStreams, startServers, type TestServers, type TestStreams } from "../servers.ts";
import { command, startUp } from "../rebuild/process.ts";

/** How the projections are and who keeps stock, as another process sees it: from leases, positions and the log alone. */

let servers: TestServers;
let streams: TestStreams;
beforeAll(async () => {
  servers = await startServers("nats", "redis");
  streams = await openStreams(servers.natsUrl);
});
afterAll(async () => {
  await streams.connection.close();
  await servers.stop();
});

const topNow = async () => {
  const { code, errors, lines } = await command("this", servers, "top", "--json").ended;
  expect([code, errors]).toEqual([0, ""]);
  return lines;
};
/** Of all stock. */
const unkept: StockStatus = {
  keeper: null,
  partitions: allPartitions,
  ready: [],
  waiting: null,
  holds: null,
  commits: null,
  host: null,
  pid: null,
  restarts: null,
};
const price = Buffer.from('{"new_price":{"amount":1,"currency":"GBP"}}');

test("owner, position, head, age and what waits to be rebuilt; nobody's when the owner has gone", async () => {
  await streams.catalog.append("catalog.price.updated.lamp", price);
  await streams.catalog.append("catalog.price.updated.lamp", Buffer.from("{}"));
  const up = await startUp("this", servers);
  try {
    // What an owner says of itself is as new as its last renewal.
    const [catalog, activity, stock] = await vi.waitFor(
      async () => {
        const all = await topNow();
        expect(all[0]).toMatchObject({ position: 2, quarantined: 1 });
        expect(all[2]).toMatchObject({ ready: allPartitions });
        return all;
      },
      { timeout: 20_000, interval: 500 },
    );
    expect(catalog).toMatchObject({
      log: "catalog",
      partitions: Array.from({ length: 16 }, (_, at) => at),
      position: 2,
      head: 2,
      events_behind: 0,
      rebuild_due: 0,
      pid: up.pid,
      restarts: 0,
    });
    expect(catalog?.last_event_seconds).toBeGreaterThan(0);
    expect(catalog?.at_head_seconds).toBeLessThan(5);
    expect(activity).toMatchObject({ log: "activity", position: 0, head: 0, last_event_seconds: null });
    const idle = { waiting: 0, holds: 0, commits: 0, restarts: 0 };
    expect(stock).toMatchObject({ partitions: allPartitions, pid: up.pid, ...idle });

    // A node says what it has read within a second or so.
    await vi.waitFor(async () => {
      const ready = (await (await fetch(`${up.http}/readyz`)).json()) as {
        projections: ProjectionStatus[];
        stock: StockStatus[];
      };
      expect(ready.stock).toEqual([stock]);
      expect(ready.projections).toMatchObject([
        { log: "catalog", owner: catalog?.owner, position: 2, head: 2 },
        { log: "activity", owner: activity?.owner },
      ]);
    }, 10_000);
  } finally {
    await up.stop();
  }
  await streams.catalog.append("catalog.price.updated.lamp", price);
  expect(await topNow()).toMatchObject([
    { log: "catalog", owner: null, position: 2, head: 3, events_behind: 1, pid: null, restarts: null },
    { log: "activity", owner: null },
    unkept,
  ]);
});

test("the next version sees what it would have to rebuild", async () => {
  const { lines } = await command("next", servers, "top", "--json").ended;
  expect(lines).toMatchObject([
    { log: "catalog", rebuild_due: 16 },
    { log: "activity", rebuild_due: 0 },
    unkept,
  ]);
});

test("for people it is a table, whose columns are as wide as what is in them", () => {
  const status: ProjectionStatus = {
    log: "catalog",
    owner: "7d0f",
    partitions: [0, 1, 2, 5, 7, 8],
    position: 40_158,
    head: 40_160,
    events_behind: 2,
    last_event_seconds: 75,
    at_head_seconds: null,
    rebuild_due: 0,
    host: "shop-1",
    pid: 4_711,
    restarts: 3,
    quarantined: 0,
  };
  const orphan = { ...status, owner: null, host: null, pid: null, restarts: null, quarantined: null };
  expect(tableOf([status, orphan]).split("\n")).toEqual([
    "LOG      OWNER        PARTITIONS   POSITION  HEAD   BEHIND  AT HEAD  LAST EVENT  RESTARTS  QUARANTINED  TO REBUILD",
    "catalog  shop-1:4711  0-2, 5, 7-8  40158     40160  2       never    1 min       3         0            0",
    "catalog  nobody       0-2, 5, 7-8  40158     40160  2       never    1 min       -         -            0",
  ]);
  expect(rangesOf([])).toBe("");
  expect(rangesOf([3])).toBe("3");
});

test("for people the stock is a table as well, with what nobody keeps", () => {
  const kept: StockStatus = {
    keeper: "7d0f",
    partitions: [0, 1, 2],
    ready: [0, 1, 2],
    waiting: 12,
    holds: 340,
    commits: 9_001,
    host: "shop-1",
    pid: 4_711,
    restarts: 0,
  };
  const begins = { ...kept, partitions: [3, 4], ready: [4], waiting: 0, holds: 0 };
  const all = [kept, begins, { ...begins, ready: [] }, { ...unkept, partitions: [5] }];
  expect(stockTableOf(all).split("\n")).toEqual([
    "STOCK  KEEPER       READY  WAITING  HOLDS  COMMITS  RESTARTS",
    "0-2    shop-1:4711  yes    12       340    9001     0",
    "3-4    shop-1:4711  4      0        0      9001     0",
    "3-4    shop-1:4711  no     0        0      9001     0",
    "5      nobody       no     -        -      -        -",
  ]);
});
