import { expect, test } from "vitest";
import { untilReached } from "../../ops/verify/verify.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { type Log, LogUnavailable } from "../../streams/log.ts";
import { createWorld } from "../verify/world.ts";

/** A product's group in bad times: what one member lacks must not cost the answer about another. */

const noon = Date.parse("2026-11-23T12:00:00Z");
const document = (title: string) => JSON.stringify({ title, group_id: "lamps" });

test("a member that no tier can give leaves the product as it is, marked degraded", async () => {
  const readModel = createMemoryReadModel();
  const world = createWorld(readModel, noon);
  await world.publish([
    { subject: "catalog.product.modified.lamp", payload: document("Lamp") },
    { subject: "catalog.product.modified.lantern", payload: document("Lantern") },
    {
      subject: "catalog.price.updated.lantern",
      payload: '{"new_price":{"amount":5,"currency":"GBP"}}',
    },
  ]);
  const projecting = world.project();
  await untilReached(world, (await world.catalog.bounds()).last);
  await projecting.stop();
  const away = async () => {
    throw new LogUnavailable("cut off");
  };
  const cutOff: Log = { ...world.catalog, last: away, next: away, bounds: away };
  /** By a node that holds nothing yet. */
  const read = async () => {
    const answer = await world.api({ catalog: cutOff }).inject({
      url: "/api/products/lamp",
      headers: { "catalog-min-version": "CATALOG/3" },
    });
    const { variants, degraded } = answer.json();
    return [answer.statusCode, variants?.map(({ id }: { id: string }) => id), degraded];
  };
  // A register that nobody read yet is absent and read from the log, which fills it.
  await world.api().inject({ url: "/api/products?ids=lamp,lantern" });
  expect(await read()).toEqual([200, ["lamp", "lantern"], undefined]);
  readModel.evict((what, id) => what === "price" && id === "lantern");
  expect(await read()).toEqual([200, ["lamp", "lantern"], true]);
  readModel.evict((what, id) => what === "product" && id === "lantern");
  expect(await read()).toEqual([200, ["lamp"], true]);
});
