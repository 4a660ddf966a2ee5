import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstream } from "@nats-io/jetstream";
import { connect } from "nats";
import { checkImport, runImport } from "../../ops/commands/import.ts";
import { parseConfig } from "../../ops/config.ts";
import { readJsonObjects } from "../../ops/import/categories/json-objects.ts";
import { readFeed } from "../../ops/import/feed-file.ts";
import { readGoogle } from "../../ops/import/google/read-google.ts";
import { lineBytesMax, parseEventLine } from "../../ops/import/ndjson/event-line.ts";
import { readLines } from "../../ops/import/ndjson/text-lines.ts";
import { readRetailRows } from "../../ops/import/retail/retail-rows.ts";
import { readShopify } from "../../ops/import/shopify/read-shopify.ts";
import type { Log } from "../../streams/log.ts";
import { publishedSubject } from "../../streams/subjects.ts";
import { type FeedFormat, feedFormats, feedText } from "../feeds.ts";
import type { Row } from "../report.ts";
import { median, type Rig, startRig } from "../rig.ts";

/**
 * Import: each format from its file into the log, beside reading the file alone, and beside publishing the
 * same messages bare: a client's own pipelined publishing, as many in flight, no ids. Each turn does all three,
 * with products that the log does not know, then imports the same file again; turns are short, so that what
 * else the machine does falls on both.
 */
const bareInFlight = 512;

interface Turn {
  readonly parsed: number;
  readonly imported: number;
  readonly again: number;
  readonly events: number;
  readonly bare: number;
  /** CPU of this process, in microseconds an event. */
  readonly importCpu: number;
  readonly bareCpu: number;
}

export async function importing(rows: number, turns: number): Promise<readonly Row[]> {
  const rig = await startRig();
  const folder = await mkdtemp(join(tmpdir(), "shelfwire-feeds-"));
  try {
    const results: Row[] = [];
    for (const format of feedFormats) {
      const measured: Turn[] = [];
      // The first turn warms up: what is compiled meanwhile is not the format's cost.
      for (let turn = 0; turn <= turns; turn++) {
        const file = join(folder, `${format}-${turn}`);
        await writeFile(file, feedText(format, rows, `${format}-${turn}`));
        const result = await measure(rig, format, file, folder, rows);
        await rm(file);
        if (turn > 0) measured.push(result);
      }
      const of = (pick: (turn: Turn) => number) => median(measured.map(pick));
      results.push({
        name: `import ${format}, ${rows.toLocaleString("en")} rows`,
        ours: `${rate(of(({ imported }) => imported))} rows/s, ${rate(of(({ events }) => events))} events/s`,
        yardstick: `${rate(of(({ parsed }) => parsed))} rows/s (parsing), ${rate(of(({ bare }) => bare))} events/s (bare publishing)`,
        ratio: `${of(({ imported, parsed }) => imported / parsed).toFixed(2)} and ${of(({ events, bare }) => events / bare).toFixed(2)}`,
        wanted: "events at least 0.70",
        note: `CPU of the client: ${of(({ importCpu }) => importCpu).toFixed(0)} and ${of(({ bareCpu }) => bareCpu).toFixed(0)} µs an event; again, nothing new: ${rate(of(({ again }) => again))} rows/s`,
      });
    }
    return results;
  } finally {
    await rig.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  rig: Rig,
  format: FeedFormat,
  file: string,
  folder: string,
  rows: number,
): Promise<Turn> {
  const { catalog, activity } = rig.catalogue;
  const parsing = await timed(async () => {
    let seen = 0;
    for await (const batch of readers[format](file)) seen += batch.length;
    if (seen < rows) throw new Error(`${format}: ${seen} of ${rows} rows were read`);
  });
  const before = await Promise.all([catalog.bounds(), activity.bounds()]);
  const run = async () => {
    const name = format.startsWith("google") ? "google" : format;
    const options = { dryRun: false, currency: "GBP", prune: false, yes: false };
    checkImport(name, options);
    await runImport(rig.catalogue, parseConfig({ DATA_DIR: folder }), name, [file], options);
  };
  const importing = await timed(run);
  const messages = (
    await Promise.all([catalog, activity].map((log, at) => messagesBehind(log, before[at]?.last ?? 0)))
  ).flat();
  const bare = await timed(() => publishBare(rig, messages));
  const again = await timed(run);
  return {
    parsed: rows / parsing.seconds,
    imported: rows / importing.seconds,
    again: rows / again.seconds,
    events: messages.length / importing.seconds,
    bare: messages.length / bare.seconds,
    importCpu: importing.cpuMicroseconds / messages.length,
    bareCpu: bare.cpuMicroseconds / messages.length,
  };
}

const readers: Readonly<Record<FeedFormat, (file: string) => AsyncIterable<readonly unknown[]>>> = {
  shopify: (path) => readShopify({ path, file: path, currency: "GBP" }),
  "google-tsv": (path) => readGoogle({ path, file: path, currency: "GBP" }),
  "google-xml": (path) => readGoogle({ path, file: path, currency: "GBP" }),
  categories: (path) => readJsonObjects(readFeed(path), path),
  async *ndjson(path) {
    for await (const lines of readLines(readFeed(path), lineBytesMax)) yield lines.map(parseEventLine);
  },
  "online-retail": (path) => readRetailRows(path, "GBP"),
};

interface Message {
  readonly subject: string;
  readonly payload: Uint8Array;
}

async function messagesBehind(log: Log, sequence: number): Promise<readonly Message[]> {
  const { last } = await log.bounds();
  const messages: Message[] = [];
  if (last <= sequence) return messages;
  const tail = log.tail({ from: sequence + 1 });
  for (let reached = sequence; reached < last; ) {
    for (const message of (await tail.take(4_096, 1_000)).messages) {
      reached = message.sequence;
      // A copy: what the tail gives is a slice of all that it has read.
      messages.push({ subject: publishedSubject(message.subject), payload: Buffer.from(message.payload) });
    }
  }
  await tail.close();
  return messages;
}

async function publishBare(rig: Rig, messages: readonly Message[]): Promise<void> {
  const connection = await connect({ port: rig.natsPort, noAsyncTraces: true });
  const stream = jetstream(connection);
  let next = 0;
  const publisher = async () => {
    for (let message = messages[next++]; message !== undefined; message = messages[next++]) {
      await stream.publish(message.subject, message.payload);
    }
  };
  await Promise.all(Array.from({ length: bareInFlight }, publisher));
  await connection.close();
}

async function timed(work: () => Promise<void>) {
  const from = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - from) / 1_000, cpuMicroseconds: user + system };
}

const rate = (perSecond: number) => Math.round(perSecond).toLocaleString("en");
