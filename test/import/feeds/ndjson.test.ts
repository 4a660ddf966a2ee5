import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { importNdjson, type NdjsonImportOptions } from "../../../ops/import/ndjson/import-ndjson.ts";
import { decodeEvent, isBad } from "../../../streams/events.ts";
import type { Log, StoredMessage } from "../../../streams/log.ts";
import { createMemoryLog } from "../../../streams/memory-log.ts";
import { openLogs, startNatsServer } from "../nats-server.ts";
import { seededRandom } from "../retail-export.ts";
import { createLife, ProcessDied } from "../unsteady-log.ts";
import { feedFolder } from "./reading.ts";

const folder = feedFolder();

type Logs = Pick<NdjsonImportOptions, "catalog" | "activity" | "ledger">;

const newLogs = (): Logs => ({
  catalog: createMemoryLog({ stream: "CATALOG", now: () => Date.UTC(2026, 0, 1) }),
  activity: createMemoryLog({ stream: "ACTIVITY", now: () => Date.UTC(2026, 0, 1) }),
  ledger: createMemoryLog({ stream: "LEDGER", now: () => 0, perSubject: 1 }),
});

const run = (logs: Logs, files: readonly string[], change: Partial<NdjsonImportOptions> = {}) =>
  importNdjson({
    ...logs,
    files,
    dryRun: false,
    reportPath: `${folder.path()}/report`,
    reportsDir: folder.path(),
    progress: { begin() {}, at() {}, end() {} },
    ...change,
  });

async function messagesOf(log: Log): Promise<readonly StoredMessage[]> {
  const { last } = await log.bounds();
  const messages: StoredMessage[] = [];
  const tail = log.tail({ from: 1 });
  while (messages.length < last) messages.push(...(await tail.take(last, 1_000)).messages);
  await tail.close();
  return messages;
}

const text = ({ payload }: StoredMessage) => Buffer.from(payload).toString("utf8");

const price = (id: string, amount: number, more: object = {}) =>
  JSON.stringify({
    subject: `catalog.price.updated.${id}`,
    payload: { new_price: { amount, currency: "GBP" } },
    ...more,
  });

/** Prices of few products and views of few users, many of the same one behind the other. */
function manyLines(count: number): readonly string[] {
  const random = seededRandom(11);
  return Array.from({ length: count }, (_, at) =>
    random() < 0.2
      ? JSON.stringify({ subject: `activity.view.recorded.u${at % 3}`, payload: { product_id: `p${at}` } })
      : price(`p${Math.floor(random() ** 3 * 40)}`, at),
  );
}

describe("raw events", () => {
  test("go in as they are, each into its log, and a second run publishes nothing", async () => {
    const logs = newLogs();
    const lines = [
      price("a", 1),
      "",
      JSON.stringify({ subject: "activity.order.placed.u", payload: { order_id: "1", items: [] } }),
      `{"payload": {"title": "T", "extra": [1.0, "\\u00e9"]}, "subject": "catalog.product.modified.B=20C", "headers": {"X-Team": "pim", "Nats-Msg-Id": "7", "nats-expected-last-subject-sequence": "99"}}`,
      price("a", 2),
    ];
    const file = await folder.file("events.ndjson", `\ufeff${lines.join("\r\n")}`);
    expect(await run(logs, [file], { dryRun: true })).toMatchObject({ events: 4, published: 0, skipped: 0 });
    expect((await logs.catalog.bounds()).last).toBe(0);
    expect(await run(logs, [file])).toMatchObject({
      files: 1,
      events: 4,
      published: 4,
      skipped: 0,
      rejected: 0,
    });
    const catalog = await messagesOf(logs.catalog);
    expect(catalog.map(text)).toEqual([
      '{"new_price":{"amount":1,"currency":"GBP"}}',
      '{"title":"T","extra":[1,"é"]}',
      '{"new_price":{"amount":2,"currency":"GBP"}}',
    ]);
    expect([...(catalog[1]?.headers ?? [])].filter(([name]) => name !== "nats-msg-id")).toEqual([
      ["x-team", "pim"],
    ]);
    expect(await messagesOf(logs.activity)).toHaveLength(1);
    const renamed = await folder.file("renamed", readFileSync(file));
    expect(await run(logs, [renamed])).toMatchObject({ events: 4, published: 0, skipped: 4 });
  });

  test("are dated as the log dated them that they come from", async () => {
    const logs = newLogs();
    const time = "2025-06-01T12:00:00.000Z";
    const early = "2025-05-01T00:00:00Z";
    const late = "2025-07-01T00:00:00Z";
    const dated = (occurred_at: string) => ({
      payload: { new_price: { amount: 1, currency: "GBP" }, occurred_at },
      time,
    });
    const lines = [
      price("none", 1, { time }),
      price("early", 1, dated(early)),
      price("late", 1, dated(late)),
      price("cloud-early", 1, { time, headers: { "ce-time": early } }),
      price("cloud-late", 1, { time, headers: { "Ce-Time": late } }),
      price("cloud-bad", 1, { time, headers: { "ce-time": "yesterday" } }),
    ];
    await run(logs, [await folder.file("dated", lines.join("\n"))]);
    const at = (await messagesOf(logs.catalog)).map((message) => {
      const event = decodeEvent(message);
      return isBad(event) ? event.reason : new Date(event.at).toISOString();
    });
    const started = "2025-05-01T00:00:00.000Z";
    expect(at).toEqual([time, started, time, started, time, time]);
  });

  test("that are broken are reported with their line, and the rest goes in", async () => {
    const logs = newLogs();
    const lines = [
      price("a", 1),
      "not json",
      '{"subject":"catalog.price.updated.a"}',
      '{"subject":7,"payload":{}}',
      '{"subject":"catalog.price.changed.a","payload":{}}',
      '{"subject":"catalog.price.updated.a b","payload":{}}',
      '{"subject":"log.catalog.3.price.updated.a","payload":{"new_price":{"amount":1,"currency":"GBP"}}}',
      price("a", -1),
      price("a", 1, { time: "yesterday" }),
      price("a", 1, { headers: { "bad name": "x" } }),
      price("a", 1, { headers: { name: "two\nlines" } }),
      price("a", 1, {
        payload: { new_price: { amount: 1, currency: "GBP" }, note: "x".repeat(3 * 1024 * 1024) },
      }),
      '{"subject":"catalog.price.updated.a","payload_base64":"bm90IGpzb24="}',
      "N\u00e9",
      price("z", 2),
    ];
    const bytes = Buffer.from(lines.join("\n"), "latin1");
    const summary = await run(logs, [await folder.file("broken", bytes)]);
    const report = readFileSync(`${folder.path()}/report`, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(report.map(({ line, reason }) => [line, reason])).toEqual([
      [2, "malformed-row"],
      [3, "bad-line"],
      [4, "bad-line"],
      [5, "bad-subject"],
      [6, "bad-subject"],
      [7, "bad-subject"],
      [8, "bad-event"],
      [9, "bad-line"],
      [10, "bad-line"],
      [11, "bad-line"],
      [12, "row-too-large"],
      [13, "bad-event"],
      [14, "bad-encoding"],
    ]);
    expect(report[6].detail).toBe("new_price.amount: must be a whole number of minor units, 0 or more");
    expect(summary).toMatchObject({ events: 2, published: 2, rejected: 13 });
  });

  test("keep their order over all subjects while somebody else publishes", async () => {
    const server = await startNatsServer();
    const logs = await openLogs(server.url);
    const other = await openLogs(server.url);
    try {
      const lines = manyLines(6_000);
      const file = await folder.file("many", lines.join("\n"));
      let ended = false;
      const noise = (async () => {
        let count = 0;
        for (; !ended; count++) {
          await other.catalog.append(
            "catalog.inventory.changed.noise",
            Buffer.from(`{"new_quantity":${count}}`),
          );
        }
        return count;
      })();
      const summary = await run(logs, [file], { linesPerCheckpoint: 1_500 });
      ended = true;
      expect(await noise).toBeGreaterThan(10);
      expect(summary).toMatchObject({ events: 6_000, published: 6_000 });
      const stored = (await messagesOf(logs.catalog)).filter(({ subject }) => !subject.endsWith(".noise"));
      const expected = lines
        .filter((line) => line.includes("catalog.price"))
        .map((line) => JSON.stringify(JSON.parse(line).payload));
      expect(stored.map(text)).toEqual(expected);
    } finally {
      await other.connection.close();
      await logs.connection.close();
      await server.stop();
    }
  });

  test("keep their order, and none is lost or doubled, when nats-server is killed", async () => {
    const server = await startNatsServer();
    const logs = await openLogs(server.url);
    try {
      const lines = manyLines(20_000);
      const file = await folder.file("crashing", lines.join("\n"));
      const importing = run(logs, [file], { linesPerCheckpoint: 4_000 });
      for (const sequence of [500, 6_000, 12_000]) {
        const watching = await openLogs(server.url);
        const tail = watching.catalog.tail({ from: 1 });
        for (let reached = 0; reached < sequence; ) {
          reached = (await tail.take(4_096, 1_000)).messages.at(-1)?.sequence ?? reached;
        }
        await tail.close();
        await watching.connection.close();
        await server.crash();
      }
      expect(await importing).toMatchObject({ events: 20_000 });
      const again = await openLogs(server.url);
      const expected = lines
        .filter((line) => line.includes("catalog.price"))
        .map((line) => JSON.stringify(JSON.parse(line).payload));
      expect((await messagesOf(again.catalog)).map(text)).toEqual(expected);
      await again.connection.close();
    } finally {
      await logs.connection.close();
      await server.stop();
    }
  });
});

test("an import that dies at any appends and is run again leaves what one that never died leaves", async () => {
  const file = await folder.file("dying", manyLines(400).join("\n"));
  const content = async (logs: Logs) =>
    Promise.all([logs.catalog, logs.activity].map(async (log) => (await messagesOf(log)).map(text)));
  const undisturbed = newLogs();
  await run(undisturbed, [file]);
  const expected = await content(undisturbed);
  for (let seed = 1; seed <= 30; seed++) {
    const random = seededRandom(seed);
    const logs = newLogs();
    let deaths = 0;
    for (let ended = false; !ended; ) {
      const life = createLife(
        random,
        deaths > 20 ? Number.POSITIVE_INFINITY : 1 + Math.floor(random() ** 2 * 400),
      );
      const living = {
        catalog: life.attach(logs.catalog),
        activity: life.attach(logs.activity),
        ledger: life.attach(logs.ledger),
      };
      try {
        await run(living, [file], { linesPerCheckpoint: 60 });
        ended = true;
      } catch (error) {
        if (!(error instanceof ProcessDied)) throw error;
        deaths++;
      }
    }
    expect(await content(logs), `seed ${seed}, ${deaths} deaths`).toEqual(expected);
  }
});
