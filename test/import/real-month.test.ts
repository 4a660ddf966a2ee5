import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { importOnlineRetail } from "../../ops/import/online-retail.ts";
import { contentOf } from "./log-content.ts";
import { openLogs, startNatsServer } from "./nats-server.ts";

/** One real month, with its counts taken a second time by a few lines that share nothing with the importer. */

const file = resolve(import.meta.dirname, "../../../shared/data/online-retail/2011-02.csv.gz");
const present = existsSync(file);
if (!present) console.warn(`skipped: ${file} is not there (it is no part of the repository)`);

test.skipIf(!present)(
  "a real month has the counts that a second look finds",
  { timeout: 120_000 },
  async () => {
    const seen = { stockMoves: 0, prices: 0, rejected: 0, lines: 0 };
    const price = new Map<string, string>();
    const stock = new Map<string, number>();
    const titles = new Map<string, string>();
    const invoices = new Set<string>();
    for (const text of gunzipSync(readFileSync(file)).toString("utf8").trimEnd().split("\n").slice(1)) {
      // In these files only the description is ever quoted, and it never holds a line end.
      const match = /^([^,]*),([^,]*),("(?:[^"]|"")*"|[^,]*),([^,]*),([^,]*),([^,]*),([^,]*),/.exec(text);
      const [, invoice = "", code = "", title = "", quantity = "", , unit = "", customer = ""] = match ?? [];
      seen.lines++;
      if (!(Number(unit) > 0)) {
        seen.rejected++;
        continue;
      }
      seen.stockMoves++;
      stock.set(code, (stock.get(code) ?? 0) - Number(quantity));
      if (invoice.startsWith("C")) continue;
      titles.set(code, title.replace(/^"|"$/g, "").replaceAll('""', '"').trim());
      if (customer !== "") invoices.add(invoice);
      if (price.get(code) !== unit) seen.prices++;
      price.set(code, unit);
    }

    const folder = await mkdtemp(join(tmpdir(), "shelfwire-import-"));
    const server = await startNatsServer();
    const logs = await openLogs(server.url);
    try {
      const summary = await importOnlineRetail({
        ...logs,
        files: [file],
        dryRun: false,
        reportsDir: folder,
        progress: { begin() {}, at() {}, end() {} },
      });
      expect(summary).toMatchObject({ ...seen, products: stock.size, orders: invoices.size });

      const catalog = await contentOf(logs.catalog);
      for (const [subject, payloads] of catalog) {
        if (!subject.includes(".inventory.")) continue;
        const quantities = payloads.map((payload) => JSON.parse(payload).new_quantity as number);
        const token = subject.slice(subject.lastIndexOf(".") + 1).replaceAll("=20", " ");
        expect((quantities.at(-1) ?? 0) - (quantities[0] ?? 0), token).toBe(stock.get(token));
        expect(Math.min(...quantities)).toBeGreaterThanOrEqual(0);
      }
      const published = new Map(
        [...catalog]
          .filter(([subject]) => subject.includes(".product.modified."))
          .map(([subject, payloads]) => [subject.slice(subject.lastIndexOf(".") + 1), payloads[0] ?? ""]),
      );
      for (const [code, title] of titles) {
        expect(JSON.parse(published.get(code.replaceAll(" ", "=20")) ?? "{}").title, code).toBe(title);
      }
      expect((await contentOf(logs.activity)).size).toBeGreaterThan(100);
    } finally {
      await logs.connection.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
);
