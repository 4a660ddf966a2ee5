import { jetstreamManager } from "@nats-io/jetstream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { limits } from "../../streams/limits.ts";
import { LogUnavailable, LogVanished } from "../../streams/log.ts";
import { openStreams, startServers, type TestServers, type TestStreams } from "../servers.ts";
import { append, bytes, readTail, textOf } from "./reading.ts";

/** The log on a server that dies, stands still, or loses the stream. */

const subject = "catalog.price.updated.lamp";
const patience = { timeout: 20_000, interval: 50 };

let servers: TestServers;
let streams: TestStreams;
beforeEach(async () => {
  servers = await startServers("nats");
  streams = await openStreams(servers.natsUrl);
});
afterEach(async () => {
  await streams.connection.close();
  await servers.stop();
});

test("a tail goes on, without a gap or a repetition, when the server was killed and came back", async () => {
  const { catalog } = streams;
  for (let at = 1; at <= 10; at++) await append(catalog, subject, String(at));
  const tail = catalog.tail({ from: 1 });
  const read: number[] = [];
  const readOn = async (): Promise<void> => {
    read.push(...(await tail.take(100, 500)).messages.map(({ sequence }) => sequence));
  };
  while (read.length < 10) await readOn();
  servers.signal("nats", "SIGKILL");
  for (let at = 11; at <= 20; at++) await append(catalog, subject, String(at));
  await vi.waitFor(async () => {
    await readOn();
    expect(read.length).toBeGreaterThanOrEqual(20);
  }, patience);
  await tail.close();
  expect(read).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
});

test("what was acknowledged before a kill -9 is there after it", async () => {
  const { catalog } = streams;
  const appended = Array.from({ length: 300 }, (_, at) =>
    catalog.append(subject, bytes(String(at)), { id: `e${at}` }),
  );
  await appended[100];
  servers.signal("nats", "SIGKILL");
  const outcomes = await Promise.all(appended);
  const texts = (await readTail(catalog, { from: 1 }, 300)).map(textOf);
  expect(new Set(texts).size).toBe(300);
  expect((await catalog.bounds()).messages).toBe(300);
  for (const [at, outcome] of outcomes.entries()) {
    expect(outcome.outcome === "stored" && texts[outcome.sequence - 1]).toBe(String(at));
  }
});

test("an append whose outcome was unknown is stored exactly once", async () => {
  const { catalog } = streams;
  await append(catalog, subject, "before");
  servers.signal("nats", "SIGSTOP");
  const appends = [
    catalog.append(subject, bytes("plain")),
    catalog.append("catalog.price.updated.desk", bytes("first"), { expectedLastSubjectSequence: 0 }),
  ];
  // Long enough for two tries of each, and shorter than their deadline.
  await new Promise((resolve) => setTimeout(resolve, 2 * limits.appendTryMs + 500));
  servers.signal("nats", "SIGCONT");
  expect(await Promise.all(appends)).toMatchObject([{ outcome: "stored" }, { outcome: "stored" }]);
  expect((await catalog.bounds()).messages).toBe(3);
  expect((await readTail(catalog, { from: 1 }, 3)).map(textOf).sort()).toEqual(["before", "first", "plain"]);
});

test("an append gives up at its deadline and says that it may have been stored", async () => {
  servers.signal("nats", "SIGSTOP");
  const given = streams.catalog.append(subject, bytes("late"), { deadlineMs: 1_000 });
  await expect(given).rejects.toThrow(LogUnavailable);
  await expect(given).rejects.toThrow(/did not acknowledge .*; it may have stored it/);
  servers.signal("nats", "SIGCONT");
});

test("reads of a server that stands still end in time, in words", async () => {
  const { catalog } = streams;
  servers.signal("nats", "SIGSTOP");
  const startedAt = performance.now();
  const reads = [catalog.last(subject, "any"), catalog.last(subject, "leader"), catalog.next(subject, 1)];
  for (const read of await Promise.allSettled(reads)) {
    expect(read.status === "rejected" && read.reason).toBeInstanceOf(LogUnavailable);
  }
  expect(performance.now() - startedAt).toBeLessThan(3 * limits.readMs);
  servers.signal("nats", "SIGCONT");
});

test("a stream that vanished is told from one that does not answer", async () => {
  const { catalog, connection } = streams;
  await append(catalog, subject, "one");
  const tail = catalog.tail({ from: 2 });
  await tail.take(1, 100);
  await (await jetstreamManager(connection)).streams.delete("CATALOG");
  await expect(catalog.bounds()).rejects.toThrow(LogVanished);
  await expect(catalog.next(">", 1)).rejects.toThrow(LogVanished);
  await expect(catalog.last(subject, "leader")).rejects.toThrow(LogVanished);
  await expect(vi.waitUntil(() => tail.take(1, 500).then(() => false), patience)).rejects.toThrow(
    LogVanished,
  );
  await tail.close();
});

test("no socket outlives the connection, whatever was under way when it closed", async () => {
  const sockets = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
  const before = sockets();
  const patient = { from: 1 };
  for (let turns = 0; turns < 6; turns++) {
    const { catalog, connection } = await openStreams(servers.natsUrl);
    const given = [
      catalog.append(subject, bytes("late"), { deadlineMs: 2_000 }),
      catalog.tail(patient).take(9, 2_000),
    ];
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    await connection.close();
    given.push(catalog.append(subject, bytes("later"), { deadlineMs: 2_000 }));
    await expect(given.at(-1)).rejects.toThrow(LogUnavailable);
    await Promise.allSettled(given);
    await expect(catalog.tail(patient).take(1, 5_000)).rejects.toThrow(LogUnavailable);
  }
  await vi.waitFor(() => expect(sockets()).toBe(before), patience);
});
