import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Embedded, type EmbeddedSettings, startEmbedded } from "../../ops/embedded/embedded.ts";
import { EmbeddedFailure } from "../../ops/embedded/failure.ts";
import { exchange } from "../../ops/embedded/exchange.ts";
import { createLogger } from "../../ops/logger.ts";
import { processOf } from "../../ops/setup/processes.mjs";
import { connectNats } from "../../streams/jetstream/connection.ts";
import { ensureStreams } from "../../streams/jetstream/ensure.ts";
import { openJetStreamLog } from "../../streams/jetstream/log.ts";
import { storedSubjectOf } from "../../streams/subjects.ts";

const patience = { timeout: 20_000, interval: 20 };
const ownerScript = fileURLToPath(new URL("./embedded-owner.ts", import.meta.url));

let dataDir: string;
/** What a test started, ended after it in reverse. */
let endings: (() => unknown)[];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "shelfwire-"));
  endings = [() => rmSync(dataDir, { recursive: true, force: true })];
});

afterEach(async () => {
  for (const end of endings.reverse()) await end();
});

async function start(settings: Partial<EmbeddedSettings>): Promise<Embedded> {
  const embedded = await startEmbedded({ dataDir, logger: createLogger("silent"), ...settings });
  endings.push(() => embedded.stop());
  return embedded;
}

interface Owner {
  readonly pid: number;
  readonly said: { nats: number; redis: number; natsUrl: string; refused?: string };
  readonly exit: Promise<unknown>;
}

async function startOwner(): Promise<Owner> {
  const child = spawn(process.execPath, [ownerScript, dataDir], { stdio: ["pipe", "pipe", "inherit"] });
  endings.push(() => child.kill("SIGKILL"));
  const exit = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout })) {
    return { pid: child.pid ?? 0, said: JSON.parse(line), exit };
  }
  throw new Error("the owner said nothing");
}

const redisSays = (port: number, command: string) =>
  exchange(port, `${command}\r\n`, (text) => text.endsWith("\r\n"));
const portOf = (url: string | undefined): number => Number(new URL(url ?? "").port);
const isGone = (pid: number | undefined): boolean => processOf(pid ?? 0) === undefined;

test("both servers start on free ports and end with stop", async () => {
  const embedded = await start({ nats: { port: 0 }, redis: { port: 0 } });
  const { nats, redis } = embedded.pids();
  expect(processOf(nats ?? 0)?.name).toBe("nats-server");
  expect(processOf(redis ?? 0)?.name).toBe("redis-server");
  await embedded.stop();
  expect([nats, redis].every(isGone)).toBe(true);
  expect(embedded.pids()).toEqual({ nats: undefined, redis: undefined });
  expect(readFileSync(join(dataDir, "logs/nats.log"), "utf8")).toContain("Server is ready");
});

test("one alone can be had", async () => {
  const embedded = await start({ redis: { port: 0, memoryBytesMax: 64 * 2 ** 20 } });
  expect(embedded.natsUrl).toBeUndefined();
  expect(await redisSays(portOf(embedded.redisUrl), "CONFIG GET maxmemory")).toContain("67108864");
});

test("nats-server is started again on its port after kill -9, with its log", async () => {
  const embedded = await start({ nats: { port: 0 } });
  const connection = await connectNats({ servers: [embedded.natsUrl ?? ""], name: "test" });
  endings.push(() => connection.close());
  await ensureStreams(connection, { bytesMax: 2 ** 28, replicas: 1, knownEpochs: new Map() });
  const log = await openJetStreamLog(connection, "CATALOG");
  const subject = storedSubjectOf("catalog.product.modified.lamp");
  const appended = await log.append("catalog.product.modified.lamp", Buffer.from(`{"title":"Lamp"}`));
  expect(appended.outcome).toBe("stored");

  const { nats: before } = embedded.pids();
  process.kill(before ?? 0, "SIGKILL");
  await vi.waitFor(async () => expect(await log.last(subject)).toBeDefined(), patience);
  expect(embedded.pids().nats).not.toBe(before);
});

test("redis-server is started again on its port, and finds its snapshot", async () => {
  const embedded = await start({ redis: { port: 0 } });
  const port = portOf(embedded.redisUrl);
  await redisSays(port, "SET lamp on");
  await redisSays(port, "SAVE");
  process.kill(embedded.pids().redis ?? 0, "SIGKILL");
  await vi.waitFor(async () => expect(await redisSays(port, "GET lamp")).toBe("$2\r\non\r\n"), patience);
});

test("a stop in order keeps what Redis held, for the next start", async () => {
  const first = await start({ redis: { port: 0 } });
  await redisSays(portOf(first.redisUrl), "SET lamp on");
  await first.stop();
  const second = await start({ redis: { port: 0 } });
  expect(await redisSays(portOf(second.redisUrl), "GET lamp")).toBe("$2\r\non\r\n");
});

test("a busy port is left to its owner", async () => {
  const squatter = createServer().listen(0, "127.0.0.1");
  await once(squatter, "listening");
  endings.push(() => squatter.close());
  const { port: busy } = squatter.address() as AddressInfo;
  const logger = createLogger("silent");
  const warn = vi.spyOn(logger, "warn");
  const embedded = await start({ redis: { port: busy }, logger });
  const port = portOf(embedded.redisUrl);
  expect(port).not.toBe(busy);
  expect(warn).toHaveBeenCalledWith(`port ${busy} is busy: redis-server listens on ${port}`);
});

test("a data folder has one owner", async () => {
  const owner = await startOwner();
  await expect(start({ redis: { port: 0 } })).rejects.toThrow(
    new EmbeddedFailure(
      `DATA_DIR=${dataDir}: in use by process ${owner.pid}; stop that one, or set another DATA_DIR`,
    ),
  );
  process.kill(owner.pid, "SIGTERM");
  await owner.exit;
  await expect.poll(() => [owner.said.nats, owner.said.redis].every(isGone), { timeout: 10_000 }).toBe(true);
  await start({ redis: { port: 0 } });
});

test("a data folder that cannot be made is named", async () => {
  await expect(start({ dataDir: "/dev/null/data" })).rejects.toThrow(
    new EmbeddedFailure("DATA_DIR=/dev/null/data: must be a folder that can be written to"),
  );
});

test("no server outlives the kill -9 of its owner, and the next start waits for the old ones", async () => {
  const first = await startOwner();
  // A stopped server ends late: by the leash's SIGKILL.
  process.kill(first.said.nats, "SIGSTOP");
  process.kill(first.pid, "SIGKILL");
  await first.exit;
  const second = await startOwner();
  expect([first.said.nats, first.said.redis].every(isGone)).toBe(true);
  expect(second.said.refused).toBeUndefined();
  process.kill(second.pid, "SIGKILL");
  await vi.waitFor(() => expect([second.said.nats, second.said.redis].every(isGone)).toBe(true), patience);
});

test("a server whose leash was killed does not run beside its successor", async () => {
  const embedded = await start({ redis: { port: 0 } });
  const before = embedded.pids().redis ?? 0;
  const stat = readFileSync(`/proc/${before}/stat`, "utf8");
  process.kill(Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]), "SIGKILL");
  await vi.waitFor(async () => {
    expect(isGone(before)).toBe(true);
    expect(await redisSays(portOf(embedded.redisUrl), "PING")).toBe("+PONG\r\n");
  }, patience);
});

test("a server that cannot start says why in one line, and leaves none running", async () => {
  vi.stubEnv("NATS_SERVER_BIN", "/bin/false");
  endings.push(() => vi.unstubAllEnvs());
  await expect(start({ nats: { port: 0 }, redis: { port: 0 } })).rejects.toThrow(
    /^nats-server did not start \(exit code 1\): .*see .*nats\.log$/,
  );
  const redis = Number(
    existsSync(join(dataDir, "redis.pid")) && readFileSync(join(dataDir, "redis.pid"), "utf8"),
  );
  expect(isGone(redis)).toBe(true);
});
