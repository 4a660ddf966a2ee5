import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startEmbedded } from "../../ops/embedded/embedded.ts";
import { createLogger } from "../../ops/logger.ts";
import { startLeashed } from "../../ops/embedded/leash.ts";
import { freePort } from "../../ops/port.ts";
import { connectNats } from "../../streams/jetstream/connection.ts";
import {
  assertMapping,
  bytesOf,
  dropsOldest,
  type EnsureOptions,
  ensureStreams,
  LogUnfit,
} from "../../streams/jetstream/ensure.ts";
import { streams } from "../../streams/topology.ts";
import { startServers, type TestServers } from "../servers.ts";

const options: EnsureOptions = { bytesMax: 2 ** 30, replicas: 1, knownEpochs: new Map() };

let servers: TestServers;
let connection: NatsConnection;
beforeEach(async () => {
  servers = await startServers("nats");
  connection = await connectNats({ servers: [servers.natsUrl], name: "test" });
});
afterEach(async () => {
  await connection.close();
  await servers.stop();
});

async function remove(stream: string): Promise<void> {
  await (await jetstreamManager(connection)).streams.delete(stream);
}

test("the streams are made once and found again as they were", async () => {
  const made = await ensureStreams(connection, options);
  expect([...made.keys()]).toEqual(["CATALOG", "ACTIVITY", "STOCK", "CHECKOUT"]);
  const manager = await jetstreamManager(connection);
  const configs = async () =>
    Promise.all(streams.map(async ({ name }) => (await manager.streams.info(name)).config));
  const before = await configs();
  expect(await ensureStreams(connection, { ...options, knownEpochs: made })).toEqual(made);
  expect(await configs()).toEqual(before);
});

test("a stream that exists keeps its bytes where the server keeps its events, and what was changed by hand is put right", async () => {
  const made = await ensureStreams(connection, options);
  const manager = await jetstreamManager(connection);
  const { config } = await manager.streams.info("CATALOG");
  await manager.streams.update("CATALOG", { ...config, description: "changed", max_bytes: 2 ** 28 });
  await ensureStreams(connection, { ...options, knownEpochs: made });
  const { config: after } = await manager.streams.info("CATALOG");
  expect(after.max_bytes).toBe(dropsOldest(connection.info?.version ?? "") ? -1 : 2 ** 28);
  expect(after.description).toBe(config.description);
});

test("servers are told apart by whether they drop the oldest of a full stream", () => {
  const versions = ["2.9.10", "2.10.29", "2.11.0-RC.1", "2.11.0", "2.12.1", "3.0.0"];
  expect(versions.filter(dropsOldest)).toEqual(["2.9.10", "2.10.29"]);
});

test("all streams together hold no more than the log may, and what forgets has all of its own", () => {
  const bytesMax = 2 ** 30;
  const sum = streams.reduce((all, stream) => all + bytesOf(stream, bytesMax), 0);
  expect(sum).toBeLessThanOrEqual(bytesMax);
  expect(sum).toBeGreaterThan(bytesMax - streams.length);
  const [changes] = streams.filter(({ forgets }) => forgets !== undefined);
  expect(changes && bytesOf(changes, bytesMax)).toBe(16 * 2 ** 20);
});

test("what became of reservations goes after a month, and is never dropped to make room (JetStream)", async () => {
  await ensureStreams(connection, options);
  const { config } = await (await jetstreamManager(connection)).streams.info("CHECKOUT");
  expect(config).toMatchObject({ discard: "new", max_age: 30 * 86_400e9 });
});

test("a server that has no room for a stream is said so in one line", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "shelfwire-test-"));
  const embedded = await startEmbedded({
    dataDir,
    logger: createLogger("silent"),
    nats: { port: 0, storeBytesMax: 8 * 2 ** 20 },
  });
  const small = await connectNats({ servers: [embedded.natsUrl ?? ""], name: "test" });
  const making = ensureStreams(small, options);
  await expect(making).rejects.toThrow(LogUnfit);
  await expect(making).rejects.toThrow(
    /^this NATS server does not take the stream CHANGES of 16777216 bytes: .*; see its max_file_store.*$/,
  );
  await small.close();
  await embedded.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

test("an event stream that has vanished is not made again in silence", async () => {
  const knownEpochs = await ensureStreams(connection, options);
  await remove("CATALOG");
  const again = ensureStreams(connection, { ...options, knownEpochs });
  await expect(again).rejects.toThrow(LogUnfit);
  await expect(again).rejects.toThrow(/^the stream CATALOG, created .*, has vanished .* --new-log$/);
  await expect((await jetstreamManager(connection)).streams.info("CATALOG")).rejects.toThrow("not found");
});

test("an event stream that is not the one seen before is refused", async () => {
  const knownEpochs = await ensureStreams(connection, options);
  await remove("ACTIVITY");
  await ensureStreams(connection, options);
  await expect(ensureStreams(connection, { ...options, knownEpochs })).rejects.toThrow(
    /^the stream ACTIVITY is not the one seen before/,
  );
});

test("what can be made again from the log is made again", async () => {
  const knownEpochs = await ensureStreams(connection, options);
  await remove("DERIVED");
  expect(await ensureStreams(connection, { ...options, knownEpochs })).toEqual(knownEpochs);
});

test("a server with the mapping passes, and the proof leaves nothing in the log", async () => {
  await ensureStreams(connection, options);
  await assertMapping(connection);
  const { state } = await (await jetstreamManager(connection)).streams.info("CATALOG");
  expect(state.messages).toBe(0);
});

test("a server without the mapping is told in one line", async () => {
  const folder = mkdtempSync(join(tmpdir(), "shelfwire-test-"));
  const port = await freePort(0);
  const server = await startLeashed({
    command: ["nats-server", "-js", "-a", "127.0.0.1", "-p", String(port), "-sd", folder],
    pidFile: join(folder, "pid"),
    logFile: join(folder, "log"),
  });
  try {
    const plain = await vi.waitFor(
      () => connectNats({ servers: [`nats://127.0.0.1:${port}`], name: "test" }),
      { timeout: 10_000, interval: 50 },
    );
    await ensureStreams(plain, options);
    const proof = assertMapping(plain);
    await expect(proof).rejects.toThrow(LogUnfit);
    await expect(proof).rejects.toThrow(
      /^this NATS server does not map catalog\.product, .*, activity\.order to .*$/,
    );
    await plain.close();
  } finally {
    server.kill("SIGKILL");
    await server.ended;
    rmSync(folder, { recursive: true, force: true });
  }
});
