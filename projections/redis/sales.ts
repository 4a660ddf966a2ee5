import type { Identifier } from "../../streams/identifier.ts";
import type { ReadModel } from "../read-model.ts";
import type { ProductSales, Sale } from "../sales.ts";
import type { RedisConnection } from "./connection.ts";
import { keys } from "./keys.ts";
import { fenced, pipelined } from "./pipeline.ts";
import { readText, textOf } from "./text.ts";

/** `sales:{partition}` is a hash: a field for each sale with its items there, and one for each such product. */
const productPrefix = "product:";
export const productField = (id: Identifier) => `${productPrefix}${id}`;
/** Undefined for the field of a sale. */
export const productOf = (field: string): Identifier | undefined =>
  field.startsWith(productPrefix) ? (field.slice(productPrefix.length) as Identifier) : undefined;
export const saleField = (sale: Identifier) => `sale:${sale}`;

const productsPerCall = 500;

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
      const store = (answers: readonly string[], fields: readonly string[]) =>
        redis.storeFieldsIfNewer(
          2 + answers.length,
          keys.position("catalog", partition),
          keys.sales(partition),
          ...answers,
          position ?? "",
          ...fields,
        );
      await pipelined(redis, () => {
        const calls: Promise<unknown>[] = [];
        for (let at = 0; at < products.length; at += productsPerCall) {
          const some = products.slice(at, at + productsPerCall);
          calls.push(
            store(
              some.map(({ id }) => keys.answer(id)),
              some.flatMap((product) => [productField(product.id), textOf(version, product.value)]),
            ),
          );
        }
        return calls;
      });
      await fenced(store([], [saleField(sale), textOf(version, value)]));
    },
  };
}
