import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { type FeedImportOptions, importFeed } from "../../../ops/import/feed/import-feed.ts";
import { readGoogle } from "../../../ops/import/google/read-google.ts";
import { readShopify } from "../../../ops/import/shopify/read-shopify.ts";
import { decodeEvent, isBad } from "../../../streams/events.ts";
import { type Identifier, tokenOf } from "../../../streams/identifier.ts";
import type { Log } from "../../../streams/log.ts";
import { createMemoryLog } from "../../../streams/memory-log.ts";
import { type CatalogKind, publicSubject, storedSubject } from "../../../streams/subjects.ts";
import { contentOf, countMessages } from "../log-content.ts";
import { openLogs, startNatsServer, type TestLogs } from "../nats-server.ts";
import { seededRandom } from "../retail-export.ts";
import { createLife, ProcessDied } from "../unsteady-log.ts";
import { atomOf, type Item, rssOf, tableOf } from "./google-feed.ts";
import { feedFolder } from "./reading.ts";

const folder = feedFolder();
const silent = { begin() {}, at() {}, end() {} };
const now = Date.UTC(2026, 10, 28);

type Change = Partial<Omit<FeedImportOptions, "files" | "catalog">>;

const run = (catalog: Log, files: readonly string[], change: Change = {}) =>
  importFeed({
    files,
    catalog,
    read: readGoogle,
    feed: "google",
    dryRun: false,
    currency: "GBP",
    reportsDir: folder.path(),
    progress: silent,
    now: () => now,
    ...change,
  });

let files = 0;
const feed = (items: readonly Item[], write: typeof rssOf = tableOf) =>
  folder.file(`feed-${files++}`, write(items));

const item = (id: string, change: Item = {}): Item => ({
  id,
  title: `Product ${id}`,
  availability: "in_stock",
  quantity: "3",
  price: "10.00 GBP",
  ...change,
});

const events = async (log: Log) => countMessages(await contentOf(log));

const lastOf = async (log: Log, kind: CatalogKind, id: string) => {
  const message = await log.last(storedSubject(kind, tokenOf(id as Identifier)), "leader");
  return message && (JSON.parse(Buffer.from(message.payload).toString("utf8")) as Record<string, unknown>);
};

const publish = (log: Log, kind: CatalogKind, id: string, payload: object) =>
  log.append(publicSubject(kind, id as Identifier), Buffer.from(JSON.stringify(payload)));

/** Each test has a server of its own. */
async function withLogs(work: (logs: TestLogs) => Promise<void>): Promise<void> {
  const server = await startNatsServer();
  const logs = await openLogs(server.url);
  try {
    await work(logs);
  } finally {
    await logs.connection.close();
    await server.stop();
  }
}

describe("an import of a product feed", () => {
  test("publishes events that the catalogue understands, and a second one nothing", () =>
    withLogs(async ({ catalog }) => {
      const items = [
        item("a", {
          product_type: "Home > Mugs",
          sale_price: "8.00 GBP",
          sale_price_effective_date: "2026-11-27/2026-12-01",
        }),
        item("b c", { product_type: "Home > Mugs", quantity: "", price: "12.00 USD" }),
        item("d", { availability: "out_of_stock" }),
      ];
      const before = (await catalog.bounds()).last;
      const first = await run(catalog, [await feed(items)]);
      expect(first).toMatchObject({
        files: 1,
        entries: 3,
        documents: 3,
        prices: 3,
        stocks: 3,
        sales: 1,
        categories: 3,
        unchanged: 0,
        rejected: 0,
        published: 13,
      });
      expect((await catalog.bounds()).last - before).toBe(13);
      for (let sequence = before + 1; sequence <= before + 13; sequence++) {
        const message = await catalog.next("log.catalog.>", sequence);
        expect(message !== undefined && isBad(decodeEvent(message)), String(sequence)).toBe(false);
      }
      expect(await lastOf(catalog, "category.modified", "google/home/mugs")).toEqual({
        name: "Mugs",
        parent_id: "google/home",
      });
      expect(await lastOf(catalog, "product.modified", "b c")).toMatchObject({
        category_ids: ["google/home/mugs"],
      });
      expect(await lastOf(catalog, "inventory.changed", "b c")).toMatchObject({ new_quantity: 1 });
      for (const write of [tableOf, rssOf, atomOf]) {
        const again = await run(catalog, [await feed(items, write)]);
        expect(again).toMatchObject({ entries: 3, unchanged: 3, published: 0, documents: 0 });
      }
      expect((await catalog.bounds()).last - before).toBe(13);
    }));

  test("publishes only what changed, compared with what the log says now", () =>
    withLogs(async ({ catalog }) => {
      const ids = Array.from({ length: 50 }, (_, at) => `p${at}`);
      await run(catalog, [await feed(ids.map((id) => item(id)))]);
      // Somebody else's price is no longer what the feed says; their price for p2 is what it will say.
      await publish(catalog, "price.updated", "p1", { new_price: { amount: 1, currency: "GBP" } });
      await publish(catalog, "price.updated", "p2", { new_price: { amount: 2000, currency: "GBP" } });
      await publish(catalog, "price.updated", "p6", { new_price: { amount: "x" } });
      // The same document with its fields in another order, and with some that the catalogue does not know.
      const document = await lastOf(catalog, "product.modified", "p3");
      await publish(catalog, "product.modified", "p3", {
        ...Object.fromEntries(Object.entries(document ?? {}).reverse()),
        sku_of_erp: 7,
        brand: null,
        occurred_at: "2026-01-01T00:00:00Z",
      });
      const changed = ids.map((id) => {
        if (id === "p2") return item(id, { price: "20.00 GBP" });
        if (id === "p4") return item(id, { title: "Renamed", quantity: "9" });
        return item(id);
      });
      const summary = await run(catalog, [await feed([...changed, item("new")])]);
      expect(summary).toMatchObject({ documents: 2, prices: 3, stocks: 2, unchanged: 47, published: 7 });
      expect(await lastOf(catalog, "price.updated", "p1")).toEqual({
        new_price: { amount: 1000, currency: "GBP" },
      });
      expect(await lastOf(catalog, "price.updated", "p6")).toEqual({
        new_price: { amount: 1000, currency: "GBP" },
      });
      expect(await run(catalog, [await feed([...changed, item("new")])])).toMatchObject({ published: 0 });
    }));

  test("schedules, replaces and cancels the sales that the feed names, and no others", () =>
    withLogs(async ({ catalog }) => {
      const sale = (price: string, dates: string) =>
        item("a", { sale_price: price, sale_price_effective_date: dates });
      const run1 = async (change: Item) => run(catalog, [await feed([change])]);
      const future = "2026-12-01T00:00Z/2026-12-05T00:00Z";
      expect(await run1(sale("8.00 GBP", future))).toMatchObject({ sales: 1 });
      expect(await lastOf(catalog, "sale.scheduled", "google-sale-a")).toEqual({
        starts_at: "2026-12-01T00:00:00.000Z",
        ends_at: "2026-12-05T00:00:00.000Z",
        items: [{ product_id: "a", sale_price: { amount: 800, currency: "GBP" } }],
      });
      expect(await run1(sale("8.00 GBP", future))).toMatchObject({ published: 0 });
      expect(await run1(sale("7.00 GBP", future))).toMatchObject({ sales: 1, published: 1 });
      expect(await run1(item("a", { price: "10.00 GBP" }))).toMatchObject({ sales: 1, published: 1 });
      expect(await lastOf(catalog, "sale.cancelled", "google-sale-a")).toEqual({});
      expect(await run1(item("a"))).toMatchObject({ published: 0 });
      expect(await run1(sale("7.00 GBP", future))).toMatchObject({ sales: 1, published: 1 });
      expect(await run1(sale("7.00 GBP", future))).toMatchObject({ published: 0 });
      // One that is over is none, and needs no end.
      const past = { now: () => Date.UTC(2027, 0, 1) };
      expect(await run(catalog, [await feed([sale("7.00 GBP", future)])], past)).toMatchObject({
        published: 0,
      });
      expect(
        await run(
          catalog,
          [await feed([item("b", { sale_price: "1.00 GBP", sale_price_effective_date: future })])],
          past,
        ),
      ).toMatchObject({ sales: 0 });
    }));

  test("leaves an operator's name and place for a category alone", () =>
    withLogs(async ({ catalog }) => {
      const items = [item("a", { product_type: "Mugs" })];
      await run(catalog, [await feed(items)]);
      await publish(catalog, "category.modified", "google/mugs", { name: "Cups", parent_id: null });
      expect(await run(catalog, [await feed(items)])).toMatchObject({ published: 0 });
    }));

  test("in a dry run reads, compares and counts, and publishes nothing", () =>
    withLogs(async ({ catalog }) => {
      const items = [item("a", { product_type: "Mugs" }), item("b", { price: "1,5" })];
      const planned = await run(catalog, [await feed(items)], { dryRun: true });
      expect(await events(catalog)).toBe(0);
      const done = await run(catalog, [await feed(items)]);
      expect(planned).toEqual({ ...done, published: 0, reports: planned.reports });
      const changed = await feed([item("a", { product_type: "Mugs", quantity: "4" })]);
      expect(await run(catalog, [changed], { dryRun: true })).toMatchObject({
        stocks: 1,
        prices: 0,
        documents: 0,
      });
    }));

  test("reports what it cannot use, also what only shows when rows are seen together", () =>
    withLogs(async ({ catalog }) => {
      const one = await folder.file(
        "one.tsv",
        tableOf([item("a"), item("b", { price: "?" }), item("a", { title: "Other" }), item("b")]),
      );
      const long = `${"x".repeat(100)} > `.repeat(3);
      const two = await folder.file(
        "two.tsv",
        tableOf([
          item("a"),
          item("c", { description: "d".repeat(262_144) }),
          item("e", { product_type: long }),
        ]),
      );
      const reportPath = `${folder.path()}/all.ndjson`;
      const summary = await run(catalog, [one, two], { reportPath });
      const report = (await readFile(reportPath, "utf8"))
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(report.map(({ file, line, reason }) => [file, line, reason])).toEqual([
        ["one.tsv", 3, "bad-price"],
        ["one.tsv", 4, "duplicate-id"],
        ["two.tsv", 2, "duplicate-id"],
        ["two.tsv", 3, "impossible-product"],
      ]);
      expect(report[2].detail).toBe('"a" stands in one.tsv, line 2 already');
      expect(report[0].row).toContain("Product b");
      expect(summary).toMatchObject({
        entries: 3,
        rejected: 4,
        rejectedByReason: { "duplicate-id": 2 },
        reports: [reportPath],
      });
      expect(await lastOf(catalog, "product.modified", "a")).toMatchObject({ title: "Product a" });
    }));

  test("is refused in one line where it cannot work", () =>
    withLogs(async ({ catalog }) => {
      const file = await feed([item("a")]);
      await expect(run(catalog, [`${folder.path()}/none`])).rejects.toThrow("give files that are there");
      await expect(run(catalog, [file], { currency: "POUND" })).rejects.toThrow("ISO 4217");
      await expect(run(catalog, [file], { feed: "my feed" })).rejects.toThrow("cannot name a feed");
      expect(await events(catalog)).toBe(0);
    }));

  test("does not overwrite unseen what somebody publishes at the same moment", () =>
    withLogs(async ({ catalog }) => {
      const ids = Array.from({ length: 200 }, (_, at) => `p${at}`);
      await run(catalog, [await feed(ids.map((id) => item(id)))]);
      const both = [
        await feed(ids.map((id) => item(id, { quantity: "5" }))),
        await feed(ids.map((id) => item(id, { quantity: "5" }))),
      ];
      const summaries = await Promise.all(both.map((file) => run(catalog, [file])));
      // Two imports of one feed at once publish each change once.
      expect(summaries.reduce((sum, { published }) => sum + published, 0)).toBe(200);
    }));
});

describe("pruning", () => {
  const yes = async () => true;

  test("discontinues what came by the feed and left it, after saying how many", () =>
    withLogs(async ({ catalog }) => {
      await publish(catalog, "product.modified", "own", { title: "Published by hand" });
      await run(catalog, [await feed([item("other")])], { feed: "second" });
      await run(catalog, [await feed([item("a"), item("b"), item("c")])]);
      // Described anew since, and with what the catalogue does not know: it came by the feed nevertheless.
      await publish(catalog, "product.modified", "c", {
        title: "C",
        colour_code: 7,
        occurred_at: "2026-01-01T00:00:00Z",
      });
      const shrunk = await feed([item("a")]);
      const asked: number[][] = [];
      const refuse = async (...counts: number[]) => {
        asked.push(counts);
        return false;
      };
      expect((await run(catalog, [shrunk], { dryRun: true, confirmPrune: yes })).prune).toEqual({
        left: 2,
        of: 3,
        discontinued: 0,
      });
      expect(await run(catalog, [shrunk], { confirmPrune: refuse })).toMatchObject({
        published: 0,
        prune: { left: 2, of: 3, discontinued: 0, refused: "it was not confirmed" },
      });
      expect(asked).toEqual([[2, 3]]);
      expect(await run(catalog, [shrunk], { confirmPrune: yes })).toMatchObject({
        published: 2,
        prune: { left: 2, of: 3, discontinued: 2 },
      });
      expect(await lastOf(catalog, "product.modified", "c")).toEqual({
        title: "C",
        colour_code: 7,
        status: "discontinued",
      });
      for (const id of ["own", "other", "a"]) {
        expect((await lastOf(catalog, "product.modified", id))?.status, id).not.toBe("discontinued");
      }
      expect(await run(catalog, [shrunk], { confirmPrune: yes })).toMatchObject({
        published: 0,
        prune: { left: 0, of: 3 },
      });
      // What comes back is active again.
      expect(await run(catalog, [await feed([item("a"), item("b")])])).toMatchObject({
        documents: 1,
        published: 1,
      });
      expect((await lastOf(catalog, "product.modified", "b"))?.status).toBe("active");
    }));

  test("keeps a product whose row is broken, and prunes nothing where rows cannot be told apart", () =>
    withLogs(async ({ catalog }) => {
      await run(catalog, [await feed([item("a"), item("b"), item("c")])]);
      const broken = await feed([item("a"), item("b", { price: "?" })]);
      expect((await run(catalog, [broken], { confirmPrune: yes })).prune).toMatchObject({
        left: 1,
        discontinued: 1,
      });
      expect((await lastOf(catalog, "product.modified", "b"))?.status).toBe("active");
      const torn = await folder.file("torn.tsv", `${tableOf([item("b")])}\nc\tno more`);
      const summary = await run(catalog, [torn], { confirmPrune: yes });
      expect(summary.prune).toMatchObject({
        left: 1,
        discontinued: 0,
        refused: expect.stringContaining("1 rows could not be read"),
      });
      const empty = await folder.file("empty.tsv", tableOf([item("x")]).split("\n")[0] ?? "");
      expect((await run(catalog, [empty], { confirmPrune: yes })).prune).toMatchObject({
        left: 2,
        refused: "the files hold no product at all",
      });
    }));
});

test("an import that dies at any appends and is run again leaves what one that never died leaves", async () => {
  const variants = (count: number) =>
    Array.from({ length: count }, (_, at) => {
      const first = at % 3 === 0;
      return `h${at - (at % 3)},${first ? `Title ${at}` : ""},${first ? `Type ${at % 4}` : ""},Size,${"SML"[at % 3]},S${at},${at},${at + 1}.00`;
    });
  const header =
    "Handle,Title,Type,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price";
  const file = await folder.file("dying.csv", [header, ...variants(90)].join("\n"));
  const shopify = { read: readShopify, feed: "shopify" };
  const newLog = () => createMemoryLog({ stream: "CATALOG", now: () => 0 });
  const undisturbed = newLog();
  const { published } = await run(undisturbed, [file], shopify);
  const expected = await contentOf(undisturbed);
  expect(countMessages(expected)).toBe(published);
  for (let seed = 1; seed <= 30; seed++) {
    const random = seededRandom(seed);
    const log = newLog();
    let deaths = 0;
    for (let ended = false; !ended; ) {
      const life = createLife(
        random,
        deaths > 20 ? Number.POSITIVE_INFINITY : 1 + Math.floor(random() ** 2 * 300),
      );
      try {
        await run(life.attach(log), [file], shopify);
        ended = true;
      } catch (error) {
        if (!(error instanceof ProcessDied)) throw error;
        deaths++;
      }
    }
    expect(await contentOf(log), `seed ${seed}, ${deaths} deaths`).toEqual(expected);
    expect(await run(log, [file], shopify)).toMatchObject({ published: 0 });
  }
});
