import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createIdentity } from "../../api/identity/identity.ts";
import { secretKey } from "../../api/identity/keys.ts";
import { imageHash } from "../../api/image.ts";
import { untilReached } from "../../ops/verify/verify.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { createWorld, type Running, type World } from "../verify/world.ts";
import { hmac, jws } from "./identity/issuer.ts";

/** The matrix of the contract's cache policy, row by row: what browsers and CDNs are told, and by what they may purge. */

const noon = Date.parse("2026-11-23T12:00:00Z");
const secret = "a secret of more than thirty-two bytes";
const bearer = `Bearer ${jws({ alg: "HS256" }, { sub: "ann", exp: noon / 1_000 + 60 }, hmac(secret))}`;

let world: World;
let api: FastifyInstance;
let projecting: Running;
beforeEach(async () => {
  world = createWorld(createMemoryReadModel(), noon);
  await publish("category.modified", "home", { name: "Home" });
  await publish("category.modified", "light", { name: "Lighting", parent_id: "home" });
  await publish("category.modified", "spots", { name: "Spots", parent_id: "light" });
  await publish("product.modified", "lamp", { title: "Lamp", category_ids: ["light"] });
  await publish("price.updated", "lamp", { new_price: { amount: 2_000, currency: "GBP" } });
  for (const id of ["vase=20red", "vase=20blue"])
    await publish("product.modified", id, { title: id, group_id: "vases", category_ids: ["spots"] });
  projecting = world.project();
  await level();
  const keys = secretKey(secret);
  api = world.api({ identity: createIdentity({ keys, now: () => world.clock.now }) });
});
afterEach(async () => {
  await api.close();
  await projecting.stop();
});

const publish = (kind: string, token: string, payload: object) =>
  world.publish([{ subject: `catalog.${kind}.${token}`, payload: JSON.stringify(payload) }]);
const level = async () => untilReached(world, (await world.catalog.bounds()).last);
const get = (url: string, headers: Record<string, string> = {}) => api.inject({ url, headers });
type Reply = Awaited<ReturnType<typeof get>>;

interface Told {
  readonly browser: string;
  readonly cdn: string | undefined;
  readonly vary?: string;
  readonly tags?: readonly string[];
}

function toldBy({ headers }: Reply) {
  const keys = headers["surrogate-key"];
  return {
    browser: headers["cache-control"],
    cdn: headers["cdn-cache-control"],
    vary: headers["vary"],
    tags: keys === undefined ? undefined : String(keys).split(" "),
  };
}

const anonymous = "Accept-Encoding, Accept-Language, Authorization";
const signedIn = "Authorization, Accept-Encoding";
const minute = "public, max-age=60, stale-while-revalidate=30";
const everyLook = { browser: "private, max-age=0, must-revalidate", cdn: "no-store", vary: signedIn };
const uncached = { browser: "no-cache, no-store, must-revalidate", cdn: "no-store" };
const image = `/images/lamp/${imageHash("lamp" as Identifier)}.svg`;

/** `forUsers`: where it differs for callers who are signed in. */
const rows: readonly {
  readonly content: string;
  readonly path: string;
  readonly forAll: Told;
  readonly forUsers?: Told;
}[] = [
  {
    content: "product images",
    path: image,
    forAll: { browser: "public, max-age=604800", cdn: "public, max-age=604800", tags: ["product-lamp"] },
  },
  {
    content: "product details",
    path: "/api/products/lamp?view=details",
    forAll: { browser: minute, cdn: minute, vary: anonymous, tags: ["product-lamp"] },
    forUsers: everyLook,
  },
  {
    content: "a product",
    path: "/api/products/lamp",
    forAll: {
      browser: "public, max-age=5",
      cdn: "public, max-age=25, stale-while-revalidate=5",
      vary: anonymous,
      tags: ["product-lamp"],
    },
    forUsers: everyLook,
  },
  {
    content: "a product with variants",
    path: "/api/products/vase%20red",
    forAll: {
      browser: "public, max-age=5",
      cdn: "public, max-age=25, stale-while-revalidate=5",
      vary: anonymous,
      tags: ["product-vase=20red", "product-vase=20blue"],
    },
    forUsers: everyLook,
  },
  { content: "a price", path: "/api/products/lamp/price", forAll: uncached, forUsers: uncached },
  { content: "stock", path: "/api/products/lamp/inventory", forAll: uncached, forUsers: uncached },
  { content: "a batch", path: "/api/products?ids=lamp", forAll: uncached, forUsers: uncached },
  {
    content: "a category page with prices",
    path: "/api/categories/home/products",
    forAll: {
      browser: "public, max-age=5",
      cdn: "public, max-age=5",
      vary: anonymous,
      tags: ["category-home", "product-vase=20blue", "product-vase=20red", "product-lamp"],
    },
    forUsers: { browser: "public, max-age=5", cdn: "public, max-age=5", vary: signedIn },
  },
  {
    content: "a category page without",
    path: "/api/categories/light/products?view=details",
    forAll: {
      browser: minute,
      cdn: "public, max-age=60",
      vary: anonymous,
      tags: ["category-light", "product-vase=20blue", "product-vase=20red", "product-lamp"],
    },
    forUsers: { browser: minute, cdn: "public, max-age=60", vary: signedIn },
  },
  {
    content: "the category tree",
    path: "/api/categories",
    forAll: { browser: minute, cdn: "public, max-age=60", vary: anonymous, tags: ["category-home"] },
    forUsers: { browser: minute, cdn: "public, max-age=60", vary: signedIn },
  },
  {
    content: "a category with its path and children",
    path: "/api/categories/light",
    forAll: {
      browser: minute,
      cdn: "public, max-age=60",
      vary: anonymous,
      tags: ["category-light", "category-home", "category-spots"],
    },
    forUsers: { browser: minute, cdn: "public, max-age=60", vary: signedIn },
  },
  {
    content: "reviews",
    path: "/api/products/lamp/reviews",
    forAll: { browser: minute, cdn: "public, max-age=60", vary: anonymous, tags: ["product-lamp"] },
    forUsers: { browser: minute, cdn: "public, max-age=60", vary: signedIn },
  },
  {
    content: "what is for one user",
    path: "/api/me/cart",
    forAll: { browser: "no-store", cdn: undefined },
    forUsers: { browser: "no-store", cdn: undefined },
  },
  {
    content: "what does not exist",
    path: "/api/products/nobody",
    forAll: { browser: "no-store", cdn: undefined },
    forUsers: { browser: "no-store", cdn: undefined },
  },
];

test.each(rows)("$content: $path", async ({ path, forAll, forUsers }) => {
  const nothing = { vary: undefined, tags: undefined };
  const plain = await get(path);
  expect(toldBy(plain)).toEqual({ ...nothing, ...forAll });
  const known = await get(path, { authorization: bearer });
  if (forUsers !== undefined) expect(toldBy(known)).toEqual({ ...nothing, ...forUsers });
  if (plain.statusCode !== 200) return;
  expect(known.body).toBe(plain.body);
  for (const [reply, headers] of [
    [plain, {}],
    [known, { authorization: bearer }],
  ] as const) {
    const validators = { ...headers, "if-none-match": String(reply.headers["etag"]) };
    const again = await get(path, validators);
    expect([again.statusCode, again.body, toldBy(again)]).toEqual([304, "", toldBy(reply)]);
  }
});

test("a product from the gateway's memory and from its routes says the same", async () => {
  const [first, second] = [await get("/api/products/lamp"), await get("/api/products/lamp")];
  const listed = await api.inject({ method: "HEAD", url: "/api/products/lamp" });
  expect(second.headers["cache-status"]).toContain("memory");
  expect([toldBy(second), toldBy(listed)]).toEqual([toldBy(first), toldBy(first)]);
});

test("the same tags stand in the three forms that caches understand", async () => {
  const { headers } = await get("/api/products/vase%20red");
  expect(headers).toMatchObject({
    "surrogate-key": "product-vase=20red product-vase=20blue",
    "cache-tag": "product-vase=20red,product-vase=20blue",
    "cache-groups": '"product-vase=20red", "product-vase=20blue"',
  });
});

test("a page of a hundred has at most fifty tags, its own first", async () => {
  const ids = Array.from({ length: 120 }, (_, at) => `item-${at}`);
  for (const id of ids) await publish("product.modified", id, { title: id, category_ids: ["spots"] });
  await level();
  const { headers } = await get("/api/categories/spots/products?page_size=100");
  const tags = String(headers["surrogate-key"]).split(" ");
  expect([tags.length, tags[0]]).toEqual([50, "category-spots"]);
  expect(new Set(tags.slice(1)).size).toBe(49);
});

test("identifiers of any text make tags of plain bytes, and no more of them than a header should have", async () => {
  const ids = Array.from({ length: 60 }, (_, at) => `${'ä,"'.repeat(20)} ${at}` as Identifier);
  for (const id of ids)
    await publish("product.modified", tokenOf(id), { title: "x", category_ids: ["spots"] });
  await level();
  const { headers } = await get("/api/categories/spots/products?page_size=100");
  const keys = String(headers["surrogate-key"]);
  expect(keys).toMatch(/^category-spots( product-[\w=-]+)+$/);
  expect(keys.length).toBeLessThanOrEqual(4_096);
});

describe("a known future ends every lifetime", () => {
  const second = 1_000;
  const startsAt = noon + 20.4 * second;
  const endsAt = startsAt + 12.5 * second;
  const at = (ms: number) => new Date(ms).toISOString();

  beforeEach(async () => {
    await publish("sale.scheduled", "flash", {
      starts_at: at(startsAt),
      ends_at: at(endsAt),
      items: [{ product_id: "lamp", sale_price: { amount: 1_500, currency: "GBP" } }],
    });
    await level();
  });

  async function told(path: string, now: number) {
    world.clock.now = now;
    const reply = await get(path);
    const { browser, cdn } = toldBy(reply);
    const until = reply.headers["catalog-valid-until"];
    return [browser, cdn, until === undefined ? undefined : Number(until) - noon];
  }

  test("of a product, in whole seconds, stale time included", async () => {
    const lamp = (now: number) => told("/api/products/lamp", now);
    expect(await lamp(noon)).toEqual(["public, max-age=5", "public, max-age=20", 20_400]);
    expect(await lamp(startsAt - 3_400)).toEqual(["public, max-age=3", "public, max-age=3", 20_400]);
    expect(await lamp(startsAt - 400)).toEqual(["public, max-age=0", "public, max-age=0", 20_400]);
    expect(await lamp(startsAt)).toEqual(["public, max-age=5", "public, max-age=12", 32_900]);
    expect(await lamp(endsAt)).toEqual([
      "public, max-age=5",
      "public, max-age=25, stale-while-revalidate=5",
      undefined,
    ]);
  });

  test("of a page that shows it with its price, not of one that does not", async () => {
    const page = "/api/categories/home/products";
    // Degraded until the projector has said that it is at the head at this moment as well.
    await expect
      .poll(() => told(page, startsAt - 2_500))
      .toEqual(["public, max-age=2", "public, max-age=2", 20_400]);
    expect(await told(`${page}?view=details`, startsAt - 2_500)).toEqual([
      minute,
      "public, max-age=60",
      undefined,
    ]);
  });

  test("its bytes and its ETag change with the clock alone", async () => {
    world.clock.now = startsAt - 1;
    const before = await get("/api/products/lamp");
    world.clock.now = startsAt;
    const validator = { "if-none-match": String(before.headers["etag"]) };
    const after = await get("/api/products/lamp", validator);
    expect([before.json().price.amount, after.statusCode, after.json().price.amount]).toEqual([
      2_000, 200, 1_500,
    ]);
  });
});

describe("while the last units are being sold", () => {
  const at = (ms: number) => new Date(noon + ms).toISOString();
  const selling = (new_quantity: number, endsIn: number) =>
    publish("inventory.changed", "lamp", { new_quantity, sells_out_at: at(endsIn) });
  const lamp = (path = "", headers = {}) => get(`/api/products/lamp${path}`, headers);
  const second = { browser: "public, max-age=1", cdn: "public, max-age=1" };
  const usual = { browser: "public, max-age=5", cdn: "public, max-age=25, stale-while-revalidate=5" };

  test("its page lives for a second, from memory and from its routes, and nothing else does", async () => {
    expect(toldBy(await lamp())).toMatchObject(usual);
    await selling(3, 10_000);
    await level();
    const byRoute = await api.inject({ method: "HEAD", url: "/api/products/lamp" });
    for (const reply of [await lamp(), await lamp(), byRoute])
      expect(toldBy(reply)).toMatchObject({ ...second, vary: anonymous, tags: ["product-lamp"] });
    expect(toldBy(await lamp("?view=details"))).toMatchObject({ browser: minute, cdn: minute });
    expect(toldBy(await lamp("", { authorization: bearer }))).toMatchObject(everyLook);
    expect(toldBy(await get("/api/categories/home/products"))).toMatchObject({ cdn: "public, max-age=5" });
  });

  test("it lives as usual again some seconds past an end that did not come, and when more are there", async () => {
    await selling(3, 10_000);
    await level();
    world.clock.now = noon + 14_999;
    expect(toldBy(await lamp())).toMatchObject(second);
    world.clock.now = noon + 15_000;
    expect(toldBy(await lamp())).toMatchObject(usual);
    world.clock.now = noon;
    await publish("inventory.changed", "lamp", { new_quantity: 300 });
    await level();
    expect(toldBy(await lamp())).toMatchObject(usual);
  });

  test("its quantity is asked of the log where nobody has said for two seconds that it is true", async () => {
    await selling(3, 20_000);
    await publish("inventory.changed", "vase=20red", { new_quantity: 3 });
    await level();
    await projecting.stop();
    await selling(2, 20_000);
    await publish("inventory.changed", "vase=20red", { new_quantity: 2 });
    const shown = async () => {
      const both = await Promise.all([lamp("/inventory"), get("/api/products/vase%20red/inventory")]);
      return both.map((reply) => reply.json().inventory.quantity);
    };
    world.clock.now = noon + 1_900;
    expect(await shown()).toEqual([3, 3]);
    world.clock.now = noon + 2_100;
    expect(await shown()).toEqual([2, 3]);
  });
});
