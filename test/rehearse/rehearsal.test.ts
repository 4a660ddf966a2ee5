import { afterAll, beforeAll, expect, test } from "vitest";
import { runRehearse, parseRehearse } from "../../ops/commands/rehearse.ts";
import { createLogger } from "../../ops/logger.ts";
import { Refused } from "../../ops/refused.ts";
import { processesListeningOn, processorSeconds } from "../../ops/rehearse/processes.ts";
import { rehearse, type Rehearsed } from "../../ops/rehearse/rehearsal.ts";
import { tableOf } from "../../ops/rehearse/report.ts";
import { type Running, startRunning } from "../system/running.ts";

/** A rehearsal of a few seconds on a whole small system. Its figures are of no meaning here; that there are all of them is. */

let running: Running;
const products = 60;

beforeAll(async () => {
  running = await startRunning();
  for (let at = 0; at < products; at++) {
    const product = `lamp ${at}`;
    await running.publish("product.modified", product, { title: product });
    await running.publish("price.updated", product, { new_price: { amount: 1_000 + at, currency: "GBP" } });
    await running.publish("inventory.changed", product, { new_quantity: 100 });
  }
  const last = await running.publish("product.modified", "unpriced", { title: "unpriced" });
  await running.get("/api/products/unpriced", { after: last });
});

afterAll(async () => {
  await running?.stop();
});

const settings = {
  seconds: { steady: 2, bursts: 2, warming: 2, ramp: 2, peak: 2, cooling: 2 },
  peak: 200,
  share: 0.6,
  cores: undefined,
  zipf: 1,
  deals: 3,
  dealShare: 0.5,
  changesPerSecond: 20,
  seed: 7,
  trialMs: 200,
};

const play = (wanted: Partial<typeof settings> = {}, stop = new AbortController().signal) =>
  rehearse({
    ...running.catalogue,
    nodes: [running.url],
    ids: undefined,
    settings: { ...settings, ...wanted },
    stop,
    onProgress() {},
  });

async function pricesAndStock() {
  const all: string[] = [];
  const { last } = await running.catalogue.catalog.bounds();
  for (let at = 0; at < products; at++) {
    const { body } = await running.get(`/api/products/${encodeURIComponent(`lamp ${at}`)}`, { after: last });
    const { price, inventory } = body as {
      readonly price: { readonly amount: number; readonly sale: object | null };
      readonly inventory: { readonly quantity: number };
    };
    all.push(`${price.amount} ${price.sale} ${inventory.quantity}`);
  }
  return all;
}

test("it certifies, without errors, and leaves prices and stock as it found them", async () => {
  const before = await pricesAndStock();
  const { certificate, products: known }: Rehearsed = await play();
  expect(known).toBe(products + 1);
  expect(certificate.phases.map(({ name, errorsBy }) => ({ name, errorsBy }))).toEqual(
    ["steady", "bursts", "warming", "ramp", "peak", "cooling"].map((name) => ({ name, errorsBy: {} })),
  );
  const requests = Object.fromEntries(certificate.phases.map(({ name, requests: count }) => [name, count]));
  expect(requests["peak"]).toBeGreaterThanOrEqual(399);
  expect(requests["peak"]).toBeLessThanOrEqual(401);
  expect(requests["steady"]).toBeLessThanOrEqual(5);
  for (const { hot } of certificate.phases.slice(3)) expect(hot["memory"]).toBeGreaterThan(0);
  expect(certificate.start.flippedMs).toBeDefined();
  expect(certificate.end.flippedMs).toBeDefined();
  expect(certificate.start.early + certificate.end.early).toBe(0);
  expect(certificate.changes.onDeals).toBeGreaterThan(0);
  expect(certificate.changes.failed).toBe(0);
  // Nobody tells who is hot here.
  expect(certificate.detection).toEqual({ bursts: 2, tookMs: [] });
  if (process.platform === "linux") expect(certificate.perCore?.by).toBe("processor");
  const text = tableOf(certificate, { machine: "a machine", at: "now", settings: { seed: 7 } });
  expect(text).toMatch(/^pass {2}no errors in any phase: 0$/m);
  expect(await pricesAndStock()).toEqual(before);
}, 120_000);

test("ended before its time it certifies nothing, and puts everything back", async () => {
  const before = await pricesAndStock();
  const stopping = new AbortController();
  const seconds = { ...settings.seconds, cooling: 600 };
  const refused = expect(play({ seconds }, stopping.signal)).rejects.toThrow(Refused);
  setTimeout(() => stopping.abort(), 7_000);
  await refused;
  expect(await pricesAndStock()).toEqual(before);
}, 120_000);

test("more deals than there are products with a price are refused", async () => {
  await expect(play({ deals: products + 1 })).rejects.toThrow(/--deals 61: of 61 products only 60/);
});

test("a node that is elsewhere is refused, unless it is meant", async () => {
  const wanted = parseRehearse({ node: ["http://shop.example:8080"] });
  const run = (own: boolean, given = wanted) =>
    runRehearse(running.catalogue, { own, http: undefined }, createLogger("silent"), given, () => {});
  await expect(run(false)).rejects.toThrow(/shop\.example:8080 is not on this machine/);
  await expect(run(true)).rejects.toThrow(/no Shelfwire runs here/);
  await expect(run(false, parseRehearse({}))).rejects.toThrow(/no node is known/);
});

test.runIf(process.platform === "linux")(
  "who listens on a port is found, with what he has had of his core",
  () => {
    const port = Number(new URL(running.url).port);
    expect(processesListeningOn(port)).toEqual([process.pid]);
    const before = processorSeconds([process.pid]);
    for (const until = performance.now() + 100; performance.now() < until; );
    for (let wait = 0; processorSeconds([process.pid]) <= before; wait++) if (wait > 1e6) break;
    expect(processorSeconds([process.pid])).toBeGreaterThan(before);
  },
);
