import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AuditReport, audit } from "../../ops/audit/audit.ts";
import { defaultBounds } from "../../ops/audit/bounds.ts";
import type { CauseCode } from "../../ops/audit/diagnose.ts";
import type { Finding, Late } from "../../ops/audit/findings.ts";
import { type AuditedSystem, startAuditedSystem } from "./system.ts";

/**
 * The auditor is proved: a message is lost on each of the three ways, and it finds the key and names the message. And of
 * what is well it says that it is well.
 */

let system: AuditedSystem;
const findings: Finding[] = [];
const stopping = new AbortController();
const enough = new AbortController();
let report: Promise<AuditReport>;
let amount = 1_000;

beforeAll(async () => {
  system = await startAuditedSystem();
  for (const product of ["skipped", "unheard", "unpurged", "well"]) {
    await system.publish("product.modified", product, { title: product });
    await price(product);
  }
  const { last } = await system.catalogue.catalog.bounds();
  report = audit({
    ...system.catalogue,
    versions: system.catalogue.versions.catalog,
    nodes: system.nodes,
    edge: system.edge,
    from: last + 1,
    bounds: defaultBounds,
    offsets: [100, 1_500, 3_000],
    enough: enough.signal,
    stop: stopping.signal,
    onFinding: (finding) => findings.push(finding),
    onProgress() {},
  });
});

afterAll(async () => {
  stopping.abort();
  await report?.catch(() => {});
  await system?.stop();
});

const price = (product: string) =>
  system.publish("price.updated", product, { new_price: { amount: amount++, currency: "GBP" } });

const isLate = (finding: Finding): finding is Late => finding.finding !== "wrong";

/**
 * The finding that names this cause, of an answer that lacks this event. On a machine that is busy a tier may be late for
 * a moment for other reasons as well, which are named as such before it.
 */
async function found(tier: RegExp, sequence: number, cause: CauseCode): Promise<Late | undefined> {
  for (const deadline = performance.now() + 7_000; performance.now() < deadline; await delay(50)) {
    const one = findings
      .filter(isLate)
      .find((late) => tier.test(late.tier) && late.missed?.sequence === sequence && late.cause === cause);
    if (one !== undefined) return one;
  }
  return undefined;
}

/** Reads until what was published is what is held everywhere. */
async function settle(product: string, sequence: number): Promise<void> {
  for (const base of [...system.nodes, system.edge]) {
    for (const deadline = performance.now() + 40_000; ; await delay(50)) {
      const response = await fetch(`${base}/api/products/${product}`);
      const { version = 0 } = (await response.json()) as { readonly version?: number };
      if (version >= sequence) break;
      if (performance.now() > deadline) throw new Error(`${base} does not come to ${sequence} of ${product}`);
    }
  }
}

/** A machine that stands still while it should be asked, or heals before it is, may hide one loss; it does not hide several. */
const attemptsMax = 5;

test("a projector that skips one event", async () => {
  system.skip("price.updated", "skipped");
  const skipped = await price("skipped");
  // The partition goes on, past it.
  await system.publish("inventory.changed", "skipped", { new_quantity: 5 });
  const finding = await found(/^redis$/, skipped, "projector-skipped");
  expect(finding).toMatchObject({
    product: "skipped",
    aspect: "price",
    missed: { sequence: skipped, subject: "catalog.price.updated.skipped" },
  });
  expect(finding?.told).toContain(`skipped event ${skipped} (catalog.price.updated.skipped)`);
});

test("an invalidation that does not reach one node", { timeout: 120_000 }, async () => {
  const [first, second] = system.nodes.map((url) => `node ${new URL(url).host}`);
  let finding: Late | undefined;
  for (let attempt = 0; finding === undefined && attempt < attemptsMax; attempt++) {
    await settle("unheard", await price("unheard"));
    system.cut.begin();
    const sequence = await price("unheard");
    finding = await found(new RegExp(`^${second}$`), sequence, "word-not-heard");
    system.cut.end();
    if (finding !== undefined) expect(finding).toMatchObject({ product: "unheard", missed: { sequence } });
  }
  expect(finding?.told).toMatch(/did not hear word \d+ of announcer [-\w]+ \(partition \d+, \d+ → \d+\)/);
  // The other one heard it.
  const deaf = findings.filter(isLate).filter(({ cause }) => cause === "word-not-heard");
  expect(deaf.map(({ tier }) => tier)).not.toContain(first);
});

test("a purge that is lost", { timeout: 120_000 }, async () => {
  let finding: Late | undefined;
  for (let attempt = 0; finding === undefined && attempt < attemptsMax; attempt++) {
    await settle("unpurged", await price("unpurged"));
    system.purges.set("ignored");
    const sequence = await price("unpurged");
    finding = await found(/^edge /, sequence, "purge-lost");
    system.purges.set("open");
    if (finding !== undefined) expect(finding).toMatchObject({ product: "unpurged", missed: { sequence } });
  }
  expect(finding?.told).toContain("the purge of the tag product-unpurged was lost or is late");
});

test("and of a product to which nothing was done nothing is said", async () => {
  const sequence = await price("well");
  await settle("well", sequence);
  await settle("well", await price("well"));
  enough.abort();
  const { tiers, changes } = await report;
  const lost: readonly CauseCode[] = ["projector-skipped", "word-not-heard", "word-ignored", "word-lost"];
  const about = findings.filter(isLate).filter(({ product }) => product === "well");
  expect(about.filter(({ cause }) => lost.includes(cause))).toEqual([]);
  expect(changes).toBeGreaterThanOrEqual(8);
  expect(tiers.map(({ tier }) => tier.split(" ")[0])).toEqual(["redis", "node", "node", "edge"]);
  for (const { offsets } of tiers) expect(offsets.at(-1)?.checked).toBeGreaterThan(0);
  expect(findings.filter(({ finding }) => finding === "wrong")).toEqual([]);
});
