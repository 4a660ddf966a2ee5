import { expect, test } from "vitest";
import { openLedger } from "../../ops/import/ledger.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";

const newLog = () => createMemoryLog({ stream: "LEDGER", now: () => 0, perSubject: 1 });

const firstPage = {
  file: "x.csv",
  lines_done: 0,
  complete: false,
  catalog: { epoch: 1, sequence: 0 },
  activity: { epoch: 2, sequence: 0 },
  settings: { currency: "GBP" },
};

test("a feed never begun has no page", async () => {
  expect((await openLedger(newLog(), "online-retail", "abc")).page).toBeUndefined();
});

test("a page is found again with its base, however large that is", async () => {
  const log = newLog();
  const base = Array.from({ length: 20_000 }, (_, index) => [
    `product-${index}`,
    index,
    null,
    "£".repeat(20),
  ]);
  const ledger = await openLedger(log, "online-retail", "abc");
  await ledger.begin(firstPage, base);
  await ledger.save({ lines_done: 7 });
  const found = await openLedger(log, "online-retail", "abc");
  expect(found.page).toMatchObject({ file: "x.csv", lines_done: 7 });
  expect(await found.base()).toEqual(base);
  for (let sequence = 1; ; ) {
    const message = await log.next("ledger.>", sequence);
    if (message === undefined) break;
    expect(message.payload.byteLength).toBeLessThanOrEqual(256 * 1024);
    sequence = message.sequence + 1;
  }
});

test("of two imports of one feed, the one that comes second stops", async () => {
  const log = newLog();
  const [one, two] = [
    await openLedger(log, "online-retail", "abc"),
    await openLedger(log, "online-retail", "abc"),
  ];
  await one.begin(firstPage, ["one"]);
  await expect(two.begin(firstPage, ["two"])).rejects.toThrow("another import of x.csv is under way");
  expect(await one.base()).toEqual(["one"]);
  const resumed = await openLedger(log, "online-retail", "abc");
  await resumed.save({});
  await expect(one.save({ lines_done: 9 })).rejects.toThrow("another import of x.csv is under way");
});

test("formats and contents have pages of their own", async () => {
  const log = newLog();
  await (await openLedger(log, "online-retail", "abc")).begin(firstPage, []);
  expect((await openLedger(log, "online-retail", "abd")).page).toBeUndefined();
  expect((await openLedger(log, "shopify", "abc")).page).toBeUndefined();
});
