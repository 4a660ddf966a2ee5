import { z } from "zod";
import { decodeEvent, type EventOf, isBad } from "../../../streams/events.ts";
import { type Identifier, tokenOf } from "../../../streams/identifier.ts";
import type { Log } from "../../../streams/log.ts";
import { createSlots } from "../../../streams/slots.ts";
import { storedSubject } from "../../../streams/subjects.ts";
import { onlineRetailCategory } from "./category.ts";

/**
 * What the catalogue holds of a product before a file speaks of it. The file's events are computed from
 * this, so the ledger remembers it as rows.
 */

export interface Standing {
  /** Minor units in the import's currency; undefined where the log has no such price. */
  readonly price: number | undefined;
  readonly stock: number | undefined;
  /** Undefined where the product is not there, or is not listed in the import's category. */
  readonly title: string | undefined;
  /** When the title was set, RFC 3339. */
  readonly titleAt: string;
}

export const nothingStanding: Standing = {
  price: undefined,
  stock: undefined,
  title: undefined,
  titleAt: "",
};

export type Base = ReadonlyMap<Identifier, Standing>;

const readsInFlightMax = 256;

/**
 * Reads the standing of each product from the log's leader, because a replica may not have what the file
 * before this one just published. Three reads a product; what is not there is left out.
 * `imagined` goes before what the log says.
 */
export async function readBase(
  catalog: Log,
  products: Iterable<Identifier>,
  currency: string,
  imagined: ReadonlyMap<Identifier, Standing>,
): Promise<Map<Identifier, Standing>> {
  const slots = createSlots(readsInFlightMax);
  const newest = async <Kind extends "product.modified" | "price.updated" | "inventory.changed">(
    kind: Kind,
    product: Identifier,
  ): Promise<EventOf<Kind> | undefined> => {
    const message = await slots.run(() => catalog.last(storedSubject(kind, tokenOf(product)), "leader"));
    const event = message === undefined ? undefined : decodeEvent(message);
    return event === undefined || isBad(event) ? undefined : (event as EventOf<Kind>);
  };
  const base = new Map<Identifier, Standing>();
  await Promise.all(
    Array.from(products, async (product) => {
      const known = imagined.get(product);
      if (known !== undefined) {
        base.set(product, known);
        return;
      }
      const [modified, priced, moved] = await Promise.all([
        newest("product.modified", product),
        newest("price.updated", product),
        newest("inventory.changed", product),
      ]);
      if (modified === undefined && priced === undefined && moved === undefined) return;
      const money = priced?.data.new_price;
      const listed =
        modified?.data.category_ids?.includes(onlineRetailCategory.id) === true ? modified : undefined;
      base.set(product, {
        price: money?.currency === currency ? money.amount : undefined,
        stock: moved?.data.new_quantity,
        title: listed?.data.title,
        titleAt: listed === undefined ? "" : `${new Date(listed.at).toISOString().slice(0, 19)}Z`,
      });
    }),
  );
  return base;
}

const row = z.tuple([
  z.string(),
  z.number().nullable(),
  z.number().nullable(),
  z.string().nullable(),
  z.string(),
]);

export function rowsOfBase(base: Base): z.infer<typeof row>[] {
  return Array.from(base, ([product, { price, stock, title, titleAt }]) => [
    product,
    price ?? null,
    stock ?? null,
    title ?? null,
    titleAt,
  ]);
}

export function baseOfRows(rows: readonly unknown[]): Map<Identifier, Standing> {
  return new Map(
    rows.map((value) => {
      const [product, price, stock, title, titleAt] = row.parse(value);
      return [
        product as Identifier,
        { price: price ?? undefined, stock: stock ?? undefined, title: title ?? undefined, titleAt },
      ];
    }),
  );
}
