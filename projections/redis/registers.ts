import type { Identifier } from "../../streams/identifier.ts";
import { partitionOf } from "../../streams/partition.ts";
import { tokenOf } from "../../streams/identifier.ts";
import type { Details } from "../details.ts";
import type { Inventory } from "../inventory.ts";
import type { Price } from "../price.ts";
import type { ReadModel, RegisterKey, RegisterPut } from "../read-model.ts";
import type { Rating, Reviews } from "../reviews.ts";
import type { ProductSales } from "../sales.ts";
import type { RedisConnection } from "./connection.ts";
import { keys } from "./keys.ts";
import { pipelined } from "./pipeline.ts";
import { readPosition } from "./positions.ts";
import { ratingField } from "./ratings.ts";
import { productField } from "./sales.ts";
import { readText, textOf } from "./text.ts";

/**
 * Registers have a time to live only so that `volatile-lfu` may evict them when memory runs short; it is so
 * long that none ever ends by time.
 */
const secondsToLive = String(10 * 365 * 24 * 3600);

type RegisterPart = Pick<ReadModel, "putRegisters" | "dropRegisters" | "readProducts" | "readReviews">;

export function redisRegisters(redis: RedisConnection): RegisterPart {
  return {
    async putRegisters(puts) {
      const byId = new Map<Identifier, RegisterPut[]>();
      for (const put of puts) {
        const same = byId.get(put.id);
        if (same === undefined) byId.set(put.id, [put]);
        else same.push(put);
      }
      const groups = [...byId.values()];
      const masks = await pipelined(redis, (pipeline) => {
        for (const group of groups) {
          pipeline.storeIfNewer(
            group.length,
            ...group.map(({ register, id }) => keys.register(register, id)),
            secondsToLive,
            ...group.map(({ version, value }) => textOf(version, value)),
          );
        }
      });
      const created: RegisterKey[] = [];
      for (const [at, group] of groups.entries()) {
        const mask = masks[at] as number;
        if (mask !== 0) for (const [bit, put] of group.entries()) if (mask & (1 << bit)) created.push(put);
      }
      return created;
    },

    async dropRegisters(drops) {
      await pipelined(redis, (pipeline) => {
        for (const { register, id, version } of drops) pipeline.dropIfVersion(keys.register(register, id), version);
      });
    },

    async readProducts(ids) {
      // The position is read before what it covers, or it could promise more than the values hold.
      const results = await pipelined(redis, (pipeline) => {
        for (const id of ids) {
          const partition = partitionOf(tokenOf(id));
          pipeline.get(keys.position("catalog", partition));
          pipeline.mget(keys.register("product", id), keys.register("price", id), keys.register("inventory", id));
          pipeline.hget(keys.ratings(id), ratingField);
          pipeline.hget(keys.sales(partition), productField(id));
        }
      });
      return ids.map((_, at) => {
        const [position, registers, rating, sales] = results.slice(at * 4, at * 4 + 4) as [
          string | null,
          (string | null)[],
          string | null,
          string | null,
        ];
        return {
          position: readPosition(position),
          product: readText<Details>(registers[0]),
          price: readText<Price>(registers[1]),
          inventory: readText<Inventory>(registers[2]),
          rating: readText<Rating>(rating)?.value ?? undefined,
          sales: readText<ProductSales>(sales)?.value ?? undefined,
        };
      });
    },

    async readReviews(ids) {
      const results = await pipelined(redis, (pipeline) => {
        for (const id of ids) pipeline.get(keys.register("reviews", id));
      });
      return results.map((text) => readText<Reviews>(text as string | null));
    },
  };
}
