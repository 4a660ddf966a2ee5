import { expect, test } from "vitest";
import { createFloors } from "../../api/gateway/floors.ts";
import { untilReached } from "../../ops/verify/verify.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { createMemoryBroadcast } from "../../streams/memory-broadcast.ts";
import { noon } from "../verify/random-shop.ts";
import { createWorld } from "../verify/world.ts";

/**
 * Two workers of one node share what it has shown: one hears of no change any more, and still shows nothing older than
 * the other has. That one shows something at all is proven by a third, of another node, which goes on with what it held.
 */
function createNode() {
  const world = createWorld(createMemoryReadModel(), noon);
  const floors = createFloors();
  const deaf = { changes: createMemoryBroadcast() };
  return {
    ...world,
    told: world.api({ floors }),
    lagging: world.api({ floors, ...deaf }),
    elsewhere: world.api(deaf),
    async publish(...events: readonly (readonly [subject: string, payload: object])[]) {
      await world.publish(
        events.map(([subject, payload]) => ({ subject, payload: JSON.stringify(payload) })),
      );
      await untilReached(world, (await world.catalog.bounds()).last);
    },
  };
}
type Node = ReturnType<typeof createNode>;
type Worker = Node["told"];

const price = (id: string, amount: number) =>
  [`catalog.price.updated.${id}`, { new_price: { amount, currency: "GBP" } }] as const;
const product = (id: string, more: object = {}) =>
  [`catalog.product.modified.${id}`, { title: id, ...more }] as const;
const category = (name: string) => ["catalog.category.modified.shelf", { name }] as const;
const read = async (worker: Worker, path: string) => (await worker.inject(path)).json();

/** Runs with a projector, and closes everything. */
async function running(node: Node, work: () => Promise<void>): Promise<void> {
  const projector = node.project();
  await work();
  await projector.stop();
  for (const worker of [node.told, node.lagging, node.elsewhere]) await worker.close();
}

test.each([
  ["on the same route", "/api/products/mug"],
  ["as a price alone", "/api/products/mug/price"],
  ["by a strong read", "/api/products/mug/price?consistency=strong"],
])("a price that one worker has shown %s is not followed by an older one from another", async (_, path) => {
  const node = createNode();
  const amount = async (worker: Worker) => (await read(worker, "/api/products/mug")).price.amount;
  await running(node, async () => {
    await node.publish(product("mug"), price("mug", 5));
    const all = [node.told, node.lagging, node.elsewhere];
    expect(await Promise.all(all.map(amount))).toEqual([5, 5, 5]);
    await node.publish(price("mug", 7));
    expect([await amount(node.lagging), await amount(node.elsewhere)]).toEqual([5, 5]);
    expect((await read(node.told, path)).price.amount).toBe(7);
    expect([await amount(node.lagging), await amount(node.elsewhere)]).toEqual([7, 5]);
  });
});

test("nor is that of a variant, in the answer around another product", async () => {
  const node = createNode();
  const variants = async (worker: Worker) =>
    JSON.stringify((await read(worker, "/api/products/mug")).variants);
  await running(node, async () => {
    const of = { group_id: "mugs" };
    await node.publish(product("mug", of), product("jug", of), price("jug", 5));
    const before = await variants(node.lagging);
    expect(await variants(node.elsewhere)).toBe(before);
    await node.publish(price("jug", 7));
    const after = await variants(node.told);
    expect(after).not.toBe(before);
    expect([await variants(node.lagging), await variants(node.elsewhere)]).toEqual([after, before]);
  });
});

test("nor is one in a list, where another worker has shown the product by itself", async () => {
  const node = createNode();
  const listed = async (worker: Worker) =>
    (await read(worker, "/api/categories/shelf/products")).items[0].price.amount;
  await running(node, async () => {
    await node.publish(category("Shelf"), product("mug", { category_ids: ["shelf"] }), price("mug", 5));
    expect([await listed(node.lagging), await listed(node.elsewhere)]).toEqual([5, 5]);
    await node.publish(price("mug", 7));
    expect((await read(node.told, "/api/products/mug")).price.amount).toBe(7);
    expect([await listed(node.lagging), await listed(node.elsewhere)]).toEqual([7, 5]);
  });
});

test("a product that one worker has shown is there for another that knew of none", async () => {
  const node = createNode();
  const status = async (worker: Worker) => (await worker.inject("/api/products/mug")).statusCode;
  await running(node, async () => {
    await node.publish(product("jug"));
    expect([await status(node.lagging), await status(node.elsewhere)]).toEqual([404, 404]);
    await node.publish(product("mug"));
    expect([await status(node.told), await status(node.lagging), await status(node.elsewhere)]).toEqual([
      200, 200, 404,
    ]);
  });
});

test("a category that one worker has shown keeps its name on another", async () => {
  const node = createNode();
  const name = async (worker: Worker) => (await read(worker, "/api/categories")).categories[0].name;
  await running(node, async () => {
    await node.publish(category("Old"));
    expect([await name(node.lagging), await name(node.elsewhere)]).toEqual(["Old", "Old"]);
    await node.publish(category("New"));
    expect([await name(node.told), await name(node.lagging), await name(node.elsewhere)]).toEqual([
      "New",
      "New",
      "Old",
    ]);
  });
});
