import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, type IncomingHttpHeaders, request as send } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { NatsConnection } from "nats";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectNats } from "../../streams/jetstream/connection.ts";
import { type Link, type Meddling, startLink } from "../chaos/link.ts";
import { startServers, type TestServers } from "../servers.ts";

/** `shelfwire up` with two API workers on one port. Each connection stays with the worker that the system gave it to. */

/**
 * One of the two hears what NATS has to say a while after the other, so that there is a time in which only one of
 * them knows of a change. `heard` counts who listens to changes, as only workers do.
 */
const lateMs = 20;
let heard = 0;
const lateToOne: Meddling = (pass) => {
  let isLate: boolean | undefined;
  return (bytes) => {
    if (isLate === undefined && bytes.includes("MSG changes.catalog")) isLate = ++heard === 2;
    if (isLate === true) setTimeout(pass, lateMs, bytes);
    else pass(bytes);
  };
};

let servers: TestServers;
let link: Link;
let dataDir: string;
let up: ChildProcess;
let http: string;
let nats: NatsConnection;
const logged: Record<string, unknown>[] = [];

beforeAll(async () => {
  servers = await startServers("nats", "redis");
  link = await startLink(Number(new URL(servers.natsUrl).port), lateToOne);
  dataDir = await mkdtemp(join(tmpdir(), "shelfwire-workers-"));
  const failing = new URL("failing-worker.ts", import.meta.url).href;
  up = spawn(process.execPath, ["--import", failing, "ops/main.ts", "up"], {
    env: {
      ...process.env,
      DATA_DIR: dataDir,
      PORT: "0",
      NATS_URL: `nats://127.0.0.1:${link.port}`,
      REDIS_URL: servers.redisUrl,
      DEMO: "0",
      WORKERS: "2",
      LOG_LEVEL: "info",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (up.stdout === null || up.stderr === null) throw new Error("up has no output");
  createInterface(up.stderr).on("line", (line) => logged.push(JSON.parse(line)));
  await Promise.race([
    once(up.stdout, "data"),
    once(up, "exit").then(([code]) => Promise.reject(new Error(`up ended with ${code}`))),
  ]);
  http = JSON.parse(readFileSync(join(dataDir, "run.json"), "utf8")).http;
  nats = await connectNats({ servers: [servers.natsUrl], name: "test" });
}, 120_000);

afterAll(async () => {
  for (const { agent } of opened) agent.destroy();
  await nats.close();
  const ended = once(up, "exit");
  up.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
  await link.close();
  await servers.stop();
  await rm(dataDir, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** One connection, kept. */
interface Client {
  readonly agent: Agent;
  get(path: string): Promise<Answer>;
}

const opened: Client[] = [];

function open(): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const client: Client = {
    agent,
    get: (path) =>
      new Promise((resolve, reject) => {
        const sent = send(http + path, { agent }, (response) => {
          let text = "";
          response
            .on("data", (part) => {
              text += part;
            })
            .on("error", reject)
            .on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
        });
        sent.on("error", reject).end();
      }),
  };
  opened.push(client);
  return client;
}

async function publish(subject: string, payload: object): Promise<number> {
  const stored = await nats.request(subject, JSON.stringify(payload));
  return stored.json<{ seq: number }>().seq;
}

const isFromMemory = ({ headers }: Answer) => String(headers["cache-status"]).endsWith("detail=memory");

let probes = 0;

/** Whether the same worker answers both: what one connection made it hold, the other gets from memory. */
async function sameWorker(one: Client, other: Client): Promise<boolean> {
  const path = `/api/products/probe-${++probes}`;
  await publish(`catalog.product.modified.probe-${probes}`, { title: "Probe" });
  await expect.poll(async () => isFromMemory(await one.get(path)), { interval: 5 }).toBe(true);
  return isFromMemory(await other.get(path));
}

/** Connections until each worker has so many: those of the worker that has the first one, and those of the other. */
async function openToBoth(count: number, first = open()): Promise<readonly [Client[], Client[]]> {
  const sides = [[first], []] as readonly [Client[], Client[]];
  while (sides.some((side) => side.length < count)) {
    const next = open();
    sides[(await sameWorker(first, next)) ? 0 : 1].push(next);
  }
  return sides;
}

test("what a client was shown through one worker is followed by nothing older through the other", async () => {
  const sides = await openToBoth(6);
  await publish("catalog.product.modified.lamp", { title: "Lamp" });
  const price = (amount: number) =>
    publish("catalog.price.updated.lamp", { new_price: { amount, currency: "GBP" } });
  let last = await price(0);
  const path = "/api/products/lamp";
  for (const [one] of sides) await expect.poll(async () => (await one?.get(path))?.status).toBe(200);

  const versionIn = ({ text }: Answer): number => JSON.parse(text).price?.version ?? 0;
  let shown = 0;
  let finished = false;
  const older: string[] = [];
  const fromMemory = [0, 0];
  const reader = async ({ get }: Client, side: 0 | 1) => {
    while (!finished) {
      const due = shown;
      const answer = await get(path);
      const version = versionIn(answer);
      if (answer.status !== 200 || version < due) older.push(`${answer.status}: ${version} after ${due}`);
      if (isFromMemory(answer)) (fromMemory[side] as number)++;
      shown = Math.max(shown, version);
    }
  };
  const readers = ([0, 1] as const).flatMap((side) => sides[side].map((client) => reader(client, side)));
  // Each as soon as somebody has seen the one before, which is when the other worker may not know of it yet.
  for (let amount = 1; amount <= 100; amount++) {
    last = await price(amount);
    await expect.poll(() => shown, { interval: 1, timeout: 10_000 }).toBe(last);
  }
  finished = true;
  await Promise.all(readers);
  expect(older).toEqual([]);
  // It says something only if both served from memory while prices changed.
  expect(Math.min(...fromMemory)).toBeGreaterThan(50);
});

test("a worker that fails is replaced, and the other answers meanwhile", async () => {
  const sides = await openToBoth(3);
  const isAnswered = ({ get }: Client) =>
    get("/api/products/probe-1").then(
      ({ status }) => status === 200,
      () => false,
    );
  let finished = false;
  const failures = new Map<Client, number>();
  const reader = async (client: Client) => {
    while (!finished) {
      if (!(await isAnswered(client))) failures.set(client, (failures.get(client) ?? 0) + 1);
    }
  };
  const readers = sides.flat().map(reader);
  up.kill("SIGUSR2");
  const said = (words: string) => logged.find(({ msg }) => msg === words);
  await expect
    .poll(() => said("an API worker failed"), { interval: 5 })
    .toMatchObject({ level: 50, worker: 1, err: { message: "made to fail" } });
  // Whoever connects now is answered.
  for (let connected = 0; connected < 20; connected++) expect(await isAnswered(open())).toBe(true);
  finished = true;
  await Promise.all(readers);

  // Its own connections were cut, once each, and no other.
  const cut = sides.filter((side) => side.some((client) => failures.has(client)));
  expect([cut.length, Math.max(...failures.values())]).toEqual([1, 1]);
  const standing = sides.find((side) => !cut.includes(side));
  expect(said("actor ended; starting it again")).toMatchObject({ actor: "API worker 1", restarts: 1 });
  await openToBoth(2, standing?.[0]);
});

test("a worker that stands still is replaced as well", { timeout: 60_000 }, async () => {
  await openToBoth(1);
  const replaced = () =>
    logged.filter(({ msg, actor }) => msg === "actor ended; starting it again" && actor === "API worker 1");
  const before = replaced().length;
  up.kill("SIGPWR");
  await expect
    .poll(() => logged.find(({ msg }) => msg === "actor stands still; starting it again"), {
      timeout: 40_000,
    })
    .toMatchObject({ level: 50, actor: "API worker 1" });
  await expect.poll(() => replaced().length, { timeout: 10_000 }).toBe(before + 1);
  await openToBoth(2);
});
