import { isDeepStrictEqual } from "node:util";
import { type Aspects, aspects } from "../../projections/aspects.ts";
import type { ProductRead, Versioned } from "../../projections/read-model.ts";
import type { ProductSales } from "../../projections/sales.ts";
import { sequenceOf } from "../../projections/version.ts";
import type { Shown } from "../verify/reference/product.ts";
import type { History } from "./history.ts";
import { judge, type Judgement, type Moment, type Part, upToDate } from "./judge.ts";

/**
 * What stands in the read models about a product: its registers, its rating and its sales, read at one moment. A
 * register that is not there says nothing, since it may be evicted and is made again by the next reader.
 */
export function judgeRegisters(history: History, read: ProductRead, moment: Moment, head: number): Judgement {
  const { product, price, inventory, rating, sales } = read;
  if (product === undefined && price === undefined && inventory === undefined)
    return { verdict: "unchecked", reason: "absent" };
  const registers = [product, price, inventory].filter((register) => register !== undefined);
  const sequences = registers.map(({ version }) => sequenceOf(version));
  const version = Math.max(...sequences, rating?.sequence ?? 0, sales?.sequence ?? 0);
  const parts = [
    ...ofRegister(aspects.details, "product", product, ({ details }) => details),
    ...ofRegister(aspects.price, "price", price, (shown) => shown.price),
    ...ofRegister(aspects.quantity, "inventory", inventory, (shown) => shown.inventory),
    ...stockOf(inventory),
    part(aspects.rating, "rating", rating ?? null, (shown) => shown.rating),
    salesPart(sales, moment),
  ];
  return judge(history, version, parts, head);
}

function part(aspect: Aspects, name: string, found: unknown, expected: (shown: Shown) => unknown): Part {
  return {
    aspect,
    name,
    found,
    expected: ({ shown }) => expected(shown),
    agrees: ({ shown }) => (isDeepStrictEqual(expected(shown), found) ? upToDate : undefined),
  };
}

function ofRegister(
  aspect: Aspects,
  name: string,
  register: Versioned<object> | undefined,
  expected: (shown: Shown) => unknown,
): readonly Part[] {
  return register === undefined ? [] : [part(aspect, name, register.value, expected)];
}

function stockOf(register: ProductRead["inventory"]): readonly Part[] {
  if (register === undefined) return [];
  const found = register.value && register.value.quantity > 0;
  return [part(aspects.stock, "in stock", found, ({ inventory }) => inventory && inventory.quantity > 0)];
}

/**
 * Sales that are over may be kept or dropped; all others must be there. Over by the time of the answer: in one that takes its
 * time there may be an event that was not there when it was asked for, and that dropped what had ended meanwhile.
 */
function salesPart(sales: ProductSales | undefined, { answeredAt }: Moment): Part {
  const stored = new Map(sales?.entries.map((entry) => [entry.sale_id, entry]));
  const found = sales && {
    sequence: sales.sequence,
    updated_at: sales.updated_at,
    entries: Object.fromEntries(stored),
  };
  const expected = ({ sales: known }: Shown) =>
    known === null
      ? undefined
      : {
          sequence: known.sequence,
          updated_at: known.updated_at,
          entries: Object.fromEntries(
            known.entries
              .filter(({ ends_at, sale_id }) => ends_at > answeredAt || stored.has(sale_id))
              .map((entry) => [entry.sale_id, entry]),
          ),
        };
  return part(aspects.price, "sales", found, expected);
}
