import { Agent, get } from "node:http";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { encodeCallersWord } from "../../actors/hot/callers-word.ts";
import { decodeHeatWord, type HeatWord } from "../../actors/hot/heat-word.ts";
import { type Running, startRunning } from "../system/running.ts";

/** An API on a real nats-server and Redis tells what it is asked for, and hears whom to refuse. */

const patience = { timeout: 20_000, interval: 20 };
/** Each is for one test, since heat lasts for a while. */
const ids = ["lamp", "vase", "röd stol", "chair", "desk", "bed", "sofa", "alone"];
let running: Running;
let heard: HeatWord[] = [];

beforeAll(async () => {
  running = await startRunning({ callers: { trustedProxies: ["127.0.0.9"], perSecondMax: 100_000 } });
  running.catalogue.heat.listen({
    hear: (bytes) => heard.push(...[decodeHeatWord(bytes)].filter((word) => word !== undefined)),
    missed() {},
  });
  let last = 0;
  for (const id of ids) last = await running.publish("product.modified", id, { title: id });
  for (const id of ids) {
    const { status } = await running.get(`/api/products/${encodeURIComponent(id)}`, { after: last });
    expect(status).toBe(200);
  }
});
afterAll(() => running.stop());

/** 200 reads from addresses of this machine in turn; resolves with the statuses that were seen. */
async function read(
  path: string,
  addresses: readonly string[],
  headers: (at: number) => Record<string, string>,
) {
  heard = [];
  const { hostname, port } = new URL(running.url);
  const agents = addresses.map((localAddress) => new Agent({ keepAlive: true, maxSockets: 1, localAddress }));
  const ask = (at: number) =>
    new Promise<number | undefined>((resolve, reject) => {
      const agent = agents[at % agents.length];
      get({ hostname, port, path, agent, headers: headers(at) }, (response) => {
        response.resume().on("end", () => resolve(response.statusCode));
      }).on("error", reject);
    });
  const seen = await Promise.all(Array.from({ length: 200 }, (_, at) => ask(at)));
  for (const agent of agents) agent.destroy();
  return [...new Set(seen)];
}

const five = Array.from({ length: 5 }, (_, at) => `127.0.0.${at + 2}`);
const no = () => ({});
const forwarded = (at: number) => ({ "x-forwarded-for": `198.51.100.${at % 4}` });

/** The highest rate that was told of a product. */
const toldOf = (id: string) =>
  Math.max(
    0,
    ...heard.flatMap(({ products }) =>
      products.flatMap(({ key, perSecond }) => (key === id ? perSecond : [])),
    ),
  );

test.each([
  ["by the short way", "/api/products/lamp", "lamp", five, no],
  ["by the short way, details", "/api/products/vase?view=details", "vase", five, no],
  ["by its route", "/api/products/r%C3%B6d%20stol", "röd stol", five, no],
  ["its stock", "/api/products/chair/inventory", "chair", five, no],
  ["by way of a trusted proxy", "/api/products/sofa", "sofa", ["127.0.0.9"], forwarded],
])(
  "a product that is read from several addresses is told of: %s",
  async (_, path, id, addresses, headers) => {
    expect(await read(path, addresses, headers)).toEqual([200]);
    await vi.waitFor(() => expect(toldOf(id)).toBeGreaterThan(0), patience);
    // 200 reads at once show as no more than 347 a second.
    expect(toldOf(id)).toBeLessThan(360);
  },
);

test("each product of a batch is told of, also one that stands in it twice as read once", async () => {
  expect(await read("/api/products?ids=desk,bed,desk", five, no)).toEqual([200]);
  await vi.waitFor(() => expect(toldOf("desk")).toBeGreaterThan(0), patience);
  expect(toldOf("desk") / toldOf("bed")).toBeCloseTo(1, 1);
});

test("a product that is read from one address alone is not told of, the address is; headers of strangers change nothing", async () => {
  expect(await read("/api/products/alone", five.slice(0, 1), forwarded)).toEqual([200]);
  await vi.waitFor(
    () => expect(heard.at(-1)?.callers.map(({ key }) => key)).toContain("address:127.0.0.2"),
    patience,
  );
  await vi.waitFor(() => expect(heard.at(-1)?.callers).toEqual([]), patience);
  expect(toldOf("alone")).toBe(0);
});

test("whom the owner tells of is refused", async () => {
  const bytes = encodeCallersWord({
    callers: [{ key: "address:127.0.0.2", perSecond: 100_001 }],
    endpoints: [],
  });
  await vi.waitFor(async () => {
    running.catalogue.hotCallers.publish(bytes);
    expect(await read("/api/products/lamp", five.slice(0, 1), no)).toContain(429);
  }, patience);
  expect(await read("/api/products/lamp", five.slice(1), no)).toEqual([200]);
});
