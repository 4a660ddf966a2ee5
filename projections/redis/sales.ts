import type { Identifier } from "../../streams/identifier.ts";
import type { ReadModel } from "../read-model.ts";
import type { ProductSales, Sale } from "../sales.ts";
import type { RedisConnection } from "./connection.ts";
import { keys } from "./keys.ts";
import { pipelined } from "./pipeline.ts";
import { readText, textOf } from "./text.ts";

/** `sales:{partition}` is a hash: a field for each sale with its items there, and one for each such product. */
export const productField = (id: Identifier) => `product:${id}`;
export const saleField = (sale: Identifier) => `sale:${sale}`;

export function redisSales(redis: RedisConnection): Pick<ReadModel, "readSale" | "readSalesOf" | "putSale"> {
  return {
    async readSale(partition, sale) {
      return readText<Sale>(await redis.hget(keys.sales(partition), saleField(sale)))?.value ?? undefined;
    },

    async readSalesOf(partition, products) {
      if (products.length === 0) return [];
      const texts = await redis.hmget(keys.sales(partition), ...products.map(productField));
      return texts.map((text) => readText<ProductSales>(text)?.value ?? undefined);
    },

    async putSale({ partition, position }, { sale, version, value, products }) {
      // In bounded calls, the sale itself last: while it is missing, its event will be folded again.
      const fields = [
        ...products.map((product) => [productField(product.id), textOf(version, product.value)]),
        [saleField(sale), textOf(version, value)],
      ];
      await pipelined(redis, (pipeline) => {
        for (let at = 0; at < fields.length; at += 500) {
          pipeline.storeFieldsIfNewer(
            keys.position("catalog", partition),
            keys.sales(partition),
            position ?? "",
            ...fields.slice(at, at + 500).flat(),
          );
        }
      });
    },
  };
}
