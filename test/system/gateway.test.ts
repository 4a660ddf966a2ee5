import { afterAll, beforeAll, expect, test } from "vitest";
import { type Running, startRunning } from "./running.ts";

/** The gateway's cache over real servers: what is held, and how soon a change is seen through it. */

let shop: Running;
beforeAll(async () => {
  shop = await startRunning();
});
afterAll(() => shop.stop());

const gbp = (amount: number) => ({ new_price: { amount, currency: "GBP" } });
const tierOf = (headers: Headers) => /detail=(\w+)/.exec(headers.get("cache-status") ?? "")?.[1];

test("a product is held, and shows a new price as soon as its projector has told of it", async () => {
  await shop.publish("product.modified", "pot", { title: "Pot" });
  const first = await shop.publish("price.updated", "pot", gbp(100));
  await shop.get("/api/products/pot", { after: first });
  await expect.poll(async () => tierOf((await shop.get("/api/products/pot")).headers)).toBe("memory");
  const before = await shop.get("/api/products/pot");
  for (let amount = 101; amount < 120; amount++) {
    const after = await shop.publish("price.updated", "pot", gbp(amount));
    await expect
      .poll(async () => (await shop.get("/api/products/pot")).body, { interval: 2 })
      .toMatchObject({ price: { amount, version: after } });
  }
  const now = await shop.get("/api/products/pot");
  expect(now.headers.get("etag")).not.toBe(before.headers.get("etag"));
  const again = await shop.get("/api/products/pot", {
    headers: { "if-none-match": now.headers.get("etag") ?? "" },
  });
  expect([again.status, again.text]).toEqual([304, ""]);
});

test("a batch is put together from what is held", async () => {
  await shop.publish("product.modified", "cup", { title: "Cup" });
  const after = await shop.publish("product.modified", "jug", { title: "Jug" });
  const paths = ["/api/products/cup", "/api/products/jug"];
  for (const path of paths) {
    await shop.get(path, { after });
    await expect.poll(async () => tierOf((await shop.get(path)).headers)).toBe("memory");
  }
  const singles = await Promise.all(paths.map(async (path) => (await shop.get(path)).body));
  const batch = await shop.get("/api/products?ids=jug,nothing,cup");
  expect(batch.body).toEqual({ items: [singles[1], singles[0]], missing: ["nothing"] });
  expect(tierOf(batch.headers)).toBe("memory");
});

test("a product that did not exist is there as soon as it does", async () => {
  expect((await shop.get("/api/products/newborn")).status).toBe(404);
  await shop.publish("product.modified", "newborn", { title: "Newborn" });
  await expect.poll(async () => (await shop.get("/api/products/newborn")).status, { interval: 2 }).toBe(200);
});

test("a variant that joins a group, changes and leaves it is seen around the others", async () => {
  const shirt = (size: string, group: string | null) => ({
    title: `Shirt ${size}`,
    group_id: group,
    options: { size },
  });
  const variants = async () =>
    ((await shop.get("/api/products/shirt-s")).body["variants"] as { id: string; title: string }[]).map(
      ({ title }) => title,
    );
  const soon = (titles: readonly string[]) => expect.poll(variants, { interval: 2 }).toEqual(titles);
  await shop.publish("product.modified", "shirt-s", shirt("S", "shirt"));
  await soon(["Shirt S"]);
  await expect.poll(async () => tierOf((await shop.get("/api/products/shirt-s")).headers)).toBe("memory");
  await shop.publish("product.modified", "shirt-m", shirt("M", "shirt"));
  await soon(["Shirt M", "Shirt S"]);
  await shop.publish("product.modified", "shirt-m", shirt("medium", "shirt"));
  await soon(["Shirt medium", "Shirt S"]);
  await shop.publish("product.modified", "shirt-m", shirt("M", null));
  await soon(["Shirt S"]);
});

test("the answer comes from memory while Redis is away, and while NATS is", async () => {
  const after = await shop.publish("product.modified", "vase", { title: "Vase" });
  await shop.get("/api/products/vase", { after });
  await expect.poll(async () => tierOf((await shop.get("/api/products/vase")).headers)).toBe("memory");
  const { redis, nats } = shop.pids();
  for (const pid of [redis, nats]) {
    if (pid === undefined) throw new Error("a server is not there");
    process.kill(pid, "SIGSTOP");
    try {
      const { status, headers, body } = await shop.get("/api/products/vase");
      expect([status, tierOf(headers), body["title"]]).toEqual([200, "memory", "Vase"]);
    } finally {
      process.kill(pid, "SIGCONT");
    }
  }
});
