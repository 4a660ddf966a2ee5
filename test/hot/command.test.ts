import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { hotKey } from "../../actors/hot/hot-owner.ts";
import { commandLineOn } from "../edge-purge/command-line.ts";
import { openShop, type Shop } from "../edge-purge/shop.ts";

/** The role without an edge, the operator's words to it, and the view of it, as an operator starts them. */

const patience = { timeout: 60_000, interval: 50 };
/** A refresh shows who holds a product: up to 14 s later, and twice that where an owner begins. */
const timeout = 150_000;
let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ varnish: false });
  for (const id of ["lamp", "BANK CHARGES"]) await shop.publish("product.modified", id, { title: id });
});
afterAll(() => shop.stop());

const shelfwire = commandLineOn(() => shop);

const lines = (text: string) =>
  text
    .trim()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const listed = async () => lines((await shelfwire(["hot", "list", "--json"]).ended).said);

test("what an operator adds is warm in every node until it is taken back", { timeout }, async () => {
  const running = shelfwire(["actors"], { LOG_LEVEL: "info" });
  const added = await shelfwire(["hot", "add", "lamp", "BANK CHARGES"]).ended;
  expect([added.code, added.told]).toEqual([0, ""]);
  expect(lines(added.said)).toMatchObject([
    { product: "lamp", wanted: "add", stream: "HOT" },
    { product: "BANK CHARGES", wanted: "add", stream: "HOT" },
  ]);
  await vi.waitFor(async () => {
    const hot = await listed();
    expect(hot.map(({ product }) => product).sort()).toEqual(["BANK CHARGES", "lamp"]);
    for (const one of hot)
      expect(one).toMatchObject({ state: "hot.fresh", reasons: ["operator"], holders: 1, of: 1 });
  }, patience);
  const read = await shop.get("/api/products/BANK%20CHARGES");
  expect([read.status, read.headers.get("cache-status")]).toEqual([200, "shelfwire; hit; detail=memory"]);
  const { said: table } = await shelfwire(["hot", "list"]).ended;
  expect(table).toMatch(/^PRODUCT +STATE .*\n/);
  expect(table).toMatch(/^BANK CHARGES +hot\.fresh .* operator +1 of 1 /m);

  expect((await shelfwire(["hot", "remove", "lamp"]).ended).code).toBe(0);
  await vi.waitFor(async () => {
    const lamp = (await listed()).find(({ product }) => product === "lamp");
    expect(lamp?.["state"] ?? "cold").toMatch(/^(?:cooling|cold)$/);
  }, patience);

  expect((await shop.catalogue.leases.owners()).has(hotKey)).toBe(true);
  running.kill();
  const { code, said } = await running.ended;
  expect(code).toBe(0);
  expect(said.match(/"level":[56]0/g)).toBeNull();
  expect((await shop.catalogue.leases.owners()).has(hotKey)).toBe(false);
});

test("what was hot when the owner ended is hot when the next one begins", { timeout }, async () => {
  expect((await listed()).map(({ product }) => product)).toContain("BANK CHARGES");
  const running = shelfwire(["actors"]);
  await vi.waitFor(
    async () => expect((await shop.catalogue.leases.owners()).has(hotKey)).toBe(true),
    patience,
  );
  await vi.waitFor(async () => {
    const charges = (await listed()).find(({ product }) => product === "BANK CHARGES");
    expect(charges).toMatchObject({ state: "hot.fresh", reasons: ["operator"], holders: 1, of: 1 });
  }, patience);
  running.kill();
  expect((await running.ended).code).toBe(0);
});

test.each(["..", "a".repeat(129), "tab\t"])("%j is no product, and the command says so", async (text) => {
  const { code, told } = await shelfwire(["hot", "add", "lamp", text]).ended;
  expect(code).toBe(1);
  expect(told).toMatch(/^shelfwire: ".*" is no product's identifier: 1 to 128 bytes of text/);
});
