import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { importOnlineRetail, type OnlineRetailOptions } from "../../ops/import/online-retail.ts";
import { decodeEvent, isBad } from "../../streams/events.ts";
import { contentOf, countMessages } from "./log-content.ts";
import { openLogs, startNatsServer, type TestLogs, type TestServer } from "./nats-server.ts";
import { generateExport } from "./retail-export.ts";

/** Whole runs against a real nats-server. */

let folder: string;
let expected: Awaited<ReturnType<typeof content>>;
let feed: string;

const silent = { begin() {}, at() {}, end() {} };

const run = (logs: TestLogs, files: readonly string[], change: Partial<OnlineRetailOptions> = {}) =>
  importOnlineRetail({ ...logs, files, dryRun: false, reportsDir: folder, progress: silent, ...change });

const content = async (logs: TestLogs) =>
  [await contentOf(logs.catalog), await contentOf(logs.activity)] as const;

async function withServer<T>(work: (logs: TestLogs, server: TestServer) => Promise<T>): Promise<T> {
  const server = await startNatsServer();
  try {
    return await withLogs(server, (logs) => work(logs, server));
  } finally {
    await server.stop();
  }
}

async function withLogs<T>(server: TestServer, work: (logs: TestLogs) => Promise<T>): Promise<T> {
  const logs = await openLogs(server.url);
  try {
    return await work(logs);
  } finally {
    await logs.connection.close();
  }
}

async function fileOf(name: string, bytes: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "shelfwire-import-"));
  feed = await fileOf("feed.csv.gz", gzipSync(generateExport(7, 3_000)));
  expected = await withServer(async (logs) => {
    await run(logs, [feed]);
    return content(logs);
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

describe("an import", () => {
  test("publishes events that the catalogue understands, and a second one nothing", async () => {
    await withServer(async (logs) => {
      const first = await run(logs, [feed]);
      expect(first.published).toBe(
        1 + first.titles + first.prices + first.openings + first.stockMoves + first.orders,
      );
      const { last } = await logs.catalog.bounds();
      for (let sequence = 1; sequence <= last; sequence += 97) {
        const message = await logs.catalog.next("log.catalog.>", sequence);
        expect(message !== undefined && isBad(decodeEvent(message))).toBe(false);
      }
      const renamed = await fileOf("renamed.csv", generateExport(7, 3_000));
      const before = [await logs.catalog.bounds(), await logs.activity.bounds()];
      const second = await run(logs, [renamed]);
      expect(second).toMatchObject({ published: 0, stockMoves: first.stockMoves, rejected: first.rejected });
      expect([await logs.catalog.bounds(), await logs.activity.bounds()]).toEqual(before);
      expect(await content(logs)).toEqual(expected);
    });
  });

  test("goes on where the file before it ended", async () => {
    await withServer(async (logs) => {
      const row = (invoice: string, quantity: number, minute: number) =>
        `${invoice},P1,LAMP,${quantity},2010-12-01 08:${minute}:00,2.55,,UK`;
      const files = [
        await fileOf("a.csv", [header, row("1", 3, 10), row("C2", -2, 11)].join("\n")),
        await fileOf("b.csv", [header, row("3", 1, 12), row("4", 4, 13)].join("\n")),
      ];
      const planned = await run(logs, files, { dryRun: true });
      const summary = await run(logs, files);
      expect(summary).toMatchObject({ files: 2, lines: 4, products: 1, titles: 1, prices: 1, stockMoves: 4 });
      expect({ ...summary, published: 0 }).toEqual(planned);
      const quantities = [...(await contentOf(logs.catalog))]
        .filter(([subject]) => subject.includes(".inventory."))
        .flatMap(([, payloads]) => payloads.map((payload) => JSON.parse(payload).new_quantity));
      expect(quantities).toEqual([3, 0, 2, 5, 4, 0]);
    });
  });

  test("in a dry run reads and counts and publishes nothing", async () => {
    await withServer(async (logs) => {
      const planned = await run(logs, [feed], { dryRun: true });
      const bounds = await Promise.all([logs.catalog.bounds(), logs.activity.bounds(), logs.ledger.bounds()]);
      expect(bounds.map(({ last }) => last)).toEqual([0, 0, 0]);
      expect(await run(logs, [feed])).toMatchObject({ ...planned, published: expect.any(Number) });
    });
  });

  test("reports each row that it cannot use with its file, line and reason", async () => {
    await withServer(async (logs) => {
      const rows = [
        header,
        '1,P1,"LAMP\r\nON TWO LINES",1,12/1/2010 8:26,2.55,17850.0,UK',
        "",
        "1,P1,LAMP,1,12/1/2010 8:26,0.0,17850.0,UK",
        "1,P1,LAMP,-1,12/1/2010 8:26,1.0,17850.0,UK",
        "1,,LAMP,1,12/1/2010 8:26,1.0,17850.0,UK",
        "1,P1,LAMP,one,12/1/2010 8:26,1.0,17850.0,UK",
        "1,P1,LAMP,1,1.12.2010,1.0,17850.0,UK",
        "1,P1,LAMP",
        '1,P1,"LAMP,1,12/1/2010 8:26,1.0,17850.0,UK',
        "1,P1,£5 LAMP,4,12/1/2010 8:26,0.001,17850.0,UK",
        "1,P1,LAMP,9,12/1/2010 8:26,2.55,17850.0,UK",
      ];
      const file = await fileOf("bad.csv", Buffer.from(`\ufeff${rows.join("\r\n")}\r\n\r\n`));
      const reportPath = join(folder, "deep", "report.ndjson");
      const summary = await run(logs, [file], { reportPath, openingStock: 5 });
      const report = (await readFile(reportPath, "utf8"))
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(report.map(({ file: name, line, reason }) => [name, line, reason])).toEqual([
        ["bad.csv", 5, "price-not-above-zero"],
        ["bad.csv", 6, "sign-contradicts-invoice"],
        ["bad.csv", 7, "no-stock-code"],
        ["bad.csv", 8, "bad-quantity"],
        ["bad.csv", 9, "bad-date"],
        ["bad.csv", 10, "wrong-column-count"],
        ["bad.csv", 11, "malformed-row"],
        ["bad.csv", 12, "price-too-precise"],
        ["bad.csv", 13, "stock-below-zero"],
      ]);
      expect(report[7].row).toBe(rows[10]);
      expect(summary).toMatchObject({
        lines: 10,
        rejected: 9,
        stockMoves: 1,
        orders: 1,
        reports: [reportPath],
      });
      expect(summary.rejectedByReason).toMatchObject({ "bad-date": 1, "stock-below-zero": 1 });
    });
  });

  test("is refused in one line where it cannot work", async () => {
    await withServer(async (logs) => {
      const other = await fileOf("other.csv", "a,b\n1,2\n");
      const cut = await fileOf("cut.csv.gz", gzipSync(generateExport(3, 100)).subarray(0, 500));
      await expect(run(logs, [join(folder, "none.csv")])).rejects.toThrow(
        "cannot be read: give files that are there",
      );
      await expect(run(logs, [other])).rejects.toThrow("is not an online-retail export");
      await expect(run(logs, [cut])).rejects.toThrow("cannot be read to its end");
      await expect(run(logs, [feed], { currency: "POUND" })).rejects.toThrow("ISO 4217");
      await expect(run(logs, [feed], { openingStock: -1 })).rejects.toThrow("whole number of pieces");
      expect((await logs.catalog.bounds()).last).toBe(0);
    });
  });
});

describe("interrupted at any time and run again, the log is that of an undisturbed import", () => {
  /** Watched by a connection of its own, which no crash has touched. */
  const untilLogged = (server: TestServer, sequence: number) =>
    withLogs(server, async ({ catalog }) => {
      const tail = catalog.tail({ from: 1 });
      for (let reached = 0; reached < sequence; ) {
        reached = (await tail.take(4_096, 1_000)).messages.at(-1)?.sequence ?? reached;
      }
      await tail.close();
    });

  test("when the importer is killed", async () => {
    await withServer(async (logs, server) => {
      const script = join(import.meta.dirname, "import-process.ts");
      for (const sequence of [1, 700, 3_000, 8_000]) {
        const importer = spawn(process.execPath, [script, server.url, folder, feed], { stdio: "inherit" });
        const exited = once(importer, "exit");
        await untilLogged(server, sequence);
        importer.kill("SIGKILL");
        expect(await exited).toEqual([null, "SIGKILL"]);
      }
      await run(logs, [feed], { linesPerCheckpoint: 500 });
      expect(await content(logs)).toEqual(expected);
    });
  });

  test("when nats-server is killed", async () => {
    await withServer(async (logs, server) => {
      const importing = run(logs, [feed], { linesPerCheckpoint: 500 });
      const crashes = (async () => {
        for (const sequence of [300, 4_000, 9_000]) {
          await untilLogged(server, sequence);
          await server.crash();
        }
      })();
      await Promise.all([importing, crashes]);
      expect(await withLogs(server, content)).toEqual(expected);
      expect(countMessages(expected[0])).toBeGreaterThan(9_000);
    });
  });
});
