import { randomUUID } from "node:crypto";
import { jetstreamManager } from "@nats-io/jetstream";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { encodeHeatWord } from "../../actors/hot/heat-word.ts";
import { createHotOwner } from "../../actors/hot/hot-owner.ts";
import { readHotReports } from "../../actors/hot/hot-report.ts";
import { decodeHotWord, encodeHeldWord } from "../../actors/hot/hot-word.ts";
import { commandSubject, encodeCommand, transitionSubject } from "../../actors/hot/transitions.ts";
import { type Supervisor, supervise } from "../../actors/supervisor.ts";
import { type Catalogue, openCatalogue } from "../../ops/catalogue.ts";
import { createLogger } from "../../ops/logger.ts";
import { connectNats } from "../../streams/jetstream/connection.ts";
import { publicSubject } from "../../streams/subjects.ts";
import { id } from "../streams/id.ts";
import { startServers, type TestServers } from "../servers.ts";

/** The owner of hot products on a real nats-server, with one API worker as far as it sees one. */

const patience = { timeout: 30_000, interval: 20 };
const logger = createLogger("silent");
let servers: TestServers;
let catalogue: Catalogue;
let owner: Supervisor;
let speaking: NodeJS.Timeout;
let reads: Readonly<Record<string, number>> = {};
/** What the worker holds. */
const held = new Map<string, string>();

const start = () =>
  supervise(
    "hot",
    () =>
      createHotOwner({
        ...catalogue,
        held: catalogue.hotHeld,
        pushed: catalogue.hotValues,
        callers: catalogue.hotCallers,
        values: { load: async (product) => ({ value: `"${product}"`, sequence: 1 }) },
        versions: catalogue.versions.catalog,
        hotMax: 10,
        warmBeforeMs: 300_000,
        about: () => "owner",
        newId: randomUUID,
        now: () => Date.now(),
        clock: () => performance.now(),
        journal: logger,
      }),
    { journal: logger, now: () => performance.now() },
  );
const states = async () =>
  Object.fromEntries(
    (await readHotReports(catalogue.hot, Date.now())).map(({ product, state, holders, of }) => [
      product,
      `${state} ${holders}/${of}`,
    ]),
  );

beforeAll(async () => {
  servers = await startServers("nats", "redis");
  const { natsUrl, redisUrl } = servers;
  catalogue = await openCatalogue({
    servers: { natsUrls: [natsUrl], redisUrl, logBytesMax: 2 ** 30 },
    role: "test",
    replicas: 1,
    logger,
    redisTimeoutMs: 2_000,
  });
  let count = 0;
  speaking = setInterval(() => {
    const products = Object.entries(reads).map(([key, perSecond]) => ({ key, perSecond }));
    const word = { by: "worker", count: ++count, holds: true, products, callers: [], endpoints: [] };
    catalogue.heat.publish(encodeHeatWord(word));
  }, 50);
  catalogue.hotValues.listen({
    missed: () => {},
    hear(bytes) {
      const word = decodeHotWord(bytes);
      if (word?.kind === "cool") held.delete(word.id);
      if (word?.kind !== "value") return;
      held.set(word.id, word.value);
      catalogue.hotHeld.publish(encodeHeldWord({ by: "worker", held: [word.push] }));
    },
  });
  owner = start();
});
afterAll(async () => {
  clearInterval(speaking);
  await owner.stop();
  await catalogue.close();
  await servers.stop();
});

test("what is read often is hot, and held by the worker", async () => {
  reads = { lamp: 90, "BANK CHARGES": 80 };
  const wanted = { lamp: "hot.fresh 1/1", "BANK CHARGES": "hot.fresh 1/1" };
  await vi.waitFor(async () => expect(await states()).toEqual(wanted), patience);
  expect(held.get("BANK CHARGES")).toBe('"BANK CHARGES"');
});

test("sales and operators' commands are followed", async () => {
  const payload = {
    starts_at: new Date(Date.now() + 60_000).toISOString(),
    ends_at: new Date(Date.now() + 600_000).toISOString(),
    items: [{ product_id: "chair", sale_price: { amount: 1, currency: "EUR" } }],
  };
  const sale = publicSubject("sale.scheduled", id("deal"));
  await catalogue.catalog.append(sale, Buffer.from(JSON.stringify(payload)));
  const add = encodeCommand({ command: "add", at: Date.now() });
  await catalogue.hot.append(commandSubject(id("röd stol")), add);
  await vi.waitFor(
    () => expect([...held.keys()]).toEqual(expect.arrayContaining(["chair", "röd stol"])),
    patience,
  );
});

test("a transition that the stream has forgotten costs its product nothing, and the owner not its life", async () => {
  const chair = id("röd stol");
  await vi.waitFor(async () => expect(await states()).toHaveProperty(chair, "hot.fresh 1/1"), patience);
  const { restarts } = owner;
  const connection = await connectNats({ servers: [servers.natsUrl], name: "test" });
  const manager = await jetstreamManager(connection);
  await manager.streams.purge("HOT", { filter: transitionSubject(chair) });
  await connection.close();
  expect(await states()).not.toHaveProperty(chair);
  for (const [command, state] of [
    ["remove", /^cooling/],
    ["add", /^hot/],
  ] as const) {
    await catalogue.hot.append(commandSubject(chair), encodeCommand({ command, at: Date.now() }));
    await vi.waitFor(async () => expect((await states())[chair]).toMatch(state), patience);
  }
  expect(owner.restarts).toBe(restarts);
});

test("nats-server is killed, and an owner ends: the next one goes on with what is written", async () => {
  servers.signal("nats", "SIGKILL");
  const chair = publicSubject("sale.cancelled", id("deal"));
  await vi.waitFor(() => catalogue.catalog.append(chair, Buffer.from("{}")), patience);
  await vi.waitFor(() => expect(held.has("chair")).toBe(false), patience);
  await owner.stop();
  reads = { lamp: 90 };
  owner = start();
  await vi.waitFor(async () => {
    const now = await states();
    expect(now).toMatchObject({ lamp: "hot.fresh 1/1", "röd stol": "hot.fresh 1/1" });
    expect(now["BANK CHARGES"]).toMatch(/^cooling/);
  }, patience);
});
