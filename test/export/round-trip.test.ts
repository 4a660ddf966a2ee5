import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exportLog } from "../../ops/export/export-log.ts";
import { importNdjson, type NdjsonSummary } from "../../ops/import/ndjson/import-ndjson.ts";
import { untilReached, verifyCatalogue } from "../../ops/verify/verify.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { decodeEvent, isBad } from "../../streams/events.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Log, StoredMessage } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import type { LogName } from "../../streams/subjects.ts";
import { startRunning } from "../system/running.ts";
import { event, noon, products } from "../verify/random-shop.ts";
import { createWorld, type World } from "../verify/world.ts";

/**
 * Out of one log, into another. The same is: every good event in its order, with its subject, its JSON and its
 * moment in history; and every answer, but for the versions, which count in the log that they are of.
 */

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "shelfwire-export-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function exported(
  log: Log,
  name: LogName = "catalog",
  from = 1,
  to = 1e9,
  product?: Identifier,
): Promise<string> {
  let text = "";
  const range = { from, to, ...(product !== undefined && { product }) };
  for await (const { lines } of exportLog(log, name, range)) text += lines;
  return text;
}

async function imported(
  text: string,
  logs: { catalog: Log; activity: Log; ledger: Log },
): Promise<NdjsonSummary> {
  const file = join(folder, `export-${files++}.ndjson`);
  await writeFile(file, text);
  return importNdjson({
    ...logs,
    files: [file],
    dryRun: false,
    reportsDir: folder,
    progress: { begin() {}, at() {}, end() {} },
  });
}

async function messagesOf(log: Log): Promise<readonly StoredMessage[]> {
  const { last } = await log.bounds();
  const messages: StoredMessage[] = [];
  const tail = log.tail({ from: 1 });
  while (messages.length < last) messages.push(...(await tail.take(last, 1_000)).messages);
  await tail.close();
  return messages;
}

/** What the good events of a log say, in its order; `occurred_at` is in their moments. */
async function historyOf(log: Log): Promise<readonly unknown[]> {
  return (await messagesOf(log)).flatMap((message) => {
    const decoded = decodeEvent(message);
    if (isBad(decoded)) return [];
    const { occurred_at: _at, ...payload } = JSON.parse(Buffer.from(message.payload).toString("utf8"));
    return [[message.subject, payload, decoded.at]];
  });
}

function withoutVersions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutVersions);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => name !== "version");
  return Object.fromEntries(entries.map(([name, inner]) => [name, withoutVersions(inner)]));
}

const listings = ["home", "kitchen", "garden", "café", "unseen"].flatMap((id) =>
  ["newest", "price_asc"].map((sort) => `/api/categories/${encodeURIComponent(id)}/products?sort=${sort}`),
);
const paths = [
  ...products.flatMap((id) =>
    ["", "/price", "/inventory", "/reviews"].map((part) => `/api/products/${encodeURIComponent(id)}${part}`),
  ),
  ...listings,
  "/api/categories",
];

async function answersOf(world: World): Promise<ReadonlyMap<string, unknown>> {
  await untilReached(world, (await world.catalog.bounds()).last);
  const api = world.api();
  const answers = new Map<string, unknown>();
  for (const url of paths) {
    const { statusCode, body } = await api.inject({ url });
    answers.set(url, [statusCode, withoutVersions(JSON.parse(body))]);
  }
  await api.close();
  return answers;
}

describe("export and import ndjson", () => {
  test("make the same shop of any shop", { timeout: 120_000 }, async () => {
    const step = fc.record({ event, minutes: fc.integer({ min: 0, max: 30 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 50, size: "max" }), async (steps) => {
        const one = createWorld(createMemoryReadModel(), noon - 12 * 3_600_000);
        const two = createWorld(createMemoryReadModel(), noon + 20 * 3_600_000);
        for (const { event: each, minutes } of steps) {
          one.clock.now += minutes * 60_000;
          await one.publish([each]);
        }
        one.clock.now = two.clock.now;
        const spare = {
          activity: createMemoryLog({ stream: "ACTIVITY", now: () => 0 }),
          ledger: createMemoryLog({ stream: "LEDGER", now: () => 0, perSubject: 1 }),
        };
        const text = await exported(one.catalog);
        expect(text.split("\n")).toHaveLength(steps.length + 1);
        const { published, rejected } = await imported(text, { catalog: two.catalog, ...spare });
        expect(published + rejected).toBe(steps.length);
        expect(await historyOf(two.catalog)).toEqual(await historyOf(one.catalog));
        // Nobody waits for the read models of a log without events.
        fc.pre(published > 0);
        const running = [one.project(), two.project()];
        try {
          expect(await answersOf(two)).toEqual(await answersOf(one));
        } finally {
          for (const each of running) await each.stop();
        }
        // A second time round nothing is left to lose.
        const three = createMemoryLog({ stream: "CATALOG", now: () => noon + 40 * 3_600_000 });
        const again = {
          activity: spare.activity,
          ledger: createMemoryLog({ stream: "LEDGER", now: () => 0, perSubject: 1 }),
        };
        expect(await imported(await exported(two.catalog), { catalog: three, ...again })).toMatchObject({
          rejected: 0,
        });
        expect(await historyOf(three)).toEqual(await historyOf(one.catalog));
      }),
      { numRuns: 60, interruptAfterTimeLimit: 80_000 },
    );
  });

  test("what could not be an event is exported as it is, and does not become one", async () => {
    const log = createMemoryLog({ stream: "CATALOG", now: () => 1_000 });
    const bytes = [
      Buffer.from("not json"),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('{"new_price":{"amount":-1}}'),
      Buffer.from(""),
    ];
    for (const payload of bytes) await log.append("catalog.price.updated.a", payload);
    const good = '{\n  "new_price": {"amount": 5, "currency": "GBP"},\r\n  "order": 12345678901234567890\n}';
    await log.append("catalog.price.updated.a", Buffer.from(good));
    await log.append("catalog.x", Buffer.from("{}"));
    // Past the mapping, into a partition that is not its own: there it is no event.
    await log.append(
      "log.catalog.15.price.updated.a",
      Buffer.from('{"new_price":{"amount":7,"currency":"GBP"}}'),
    );
    const text = await exported(log);
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(lines[1]).toEqual({
      log: "catalog",
      sequence: 2,
      time: "1970-01-01T00:00:01.000Z",
      subject: "catalog.price.updated.a",
      payload_base64: "//4=",
    });
    expect(lines[6].subject).toBe("log.catalog.15.price.updated.a");
    const other = createMemoryLog({ stream: "CATALOG", now: () => 2_000 });
    const spare = () => createMemoryLog({ stream: "ACTIVITY", now: () => 0 });
    expect(await imported(text, { catalog: other, activity: spare(), ledger: spare() })).toMatchObject({
      published: 1,
      rejected: 6,
    });
    const [only] = await messagesOf(other);
    // What a double cannot hold is kept to its last digit.
    expect(Buffer.from(only?.payload ?? []).toString("utf8")).toBe(good);
  });

  test("a range and a product are cut out of the log", async () => {
    const log = createMemoryLog({ stream: "CATALOG", now: () => 1_000 });
    for (let at = 1; at <= 30; at++) {
      const id = at % 3 === 0 ? "a=20b" : `p${at}`;
      await log.append(`catalog.inventory.changed.${id}`, Buffer.from(`{"new_quantity":${at}}`));
    }
    const sequences = async (...range: [number, number, Identifier?]) =>
      (await exported(log, "catalog", ...range))
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line).sequence);
    expect(await sequences(5, 8)).toEqual([5, 6, 7, 8]);
    expect(await sequences(29, 1e9)).toEqual([29, 30]);
    expect(await sequences(31, 1e9)).toEqual([]);
    expect(await sequences(4, 12, "a b" as Identifier)).toEqual([6, 9, 12]);
    expect(await sequences(1, 1e9, "nobody" as Identifier)).toEqual([]);
  });
});

test("one running shop becomes another, on real servers", { timeout: 120_000 }, async () => {
  const one = await startRunning();
  const two = await startRunning();
  try {
    const sample = fc.sample(event, { numRuns: 400, seed: 5 });
    for (const { subject, payload, headers } of sample) {
      await one.catalogue.catalog.append(
        subject,
        Buffer.from(payload),
        headers === undefined ? {} : { headers },
      );
    }
    await one.publish("order.placed", "u", { order_id: "1", items: [{ product_id: "mug", quantity: 1 }] });
    const { catalog, activity } = one.catalogue;
    const text = (await exported(catalog)) + (await exported(activity, "activity"));
    const summary = await imported(text, two.catalogue);
    expect(summary.published + summary.rejected).toBe(401);
    expect(summary.rejected).toBeGreaterThan(10);
    expect(await historyOf(two.catalogue.catalog)).toEqual(await historyOf(catalog));
    expect(await historyOf(two.catalogue.activity)).toEqual(await historyOf(activity));
    const report = await verifyCatalogue({
      ...two.catalogue,
      versions: two.catalogue.versions.catalog,
      api: two.url,
      now: () => Date.now(),
    });
    expect(report.differences, JSON.stringify(report.shown)).toBe(0);
    for (const path of paths) {
      const [here, there] = await Promise.all(
        [one, two].map(async (shop) => {
          const { last } = await shop.catalogue.catalog.bounds();
          const { status, body } = await shop.get(path, { after: last });
          return [status, withoutVersions(body)];
        }),
      );
      expect(there, path).toEqual(here);
    }
    expect(await imported(text, two.catalogue)).toMatchObject({ published: 0, skipped: summary.published });
  } finally {
    await one.stop();
    await two.stop();
  }
});
