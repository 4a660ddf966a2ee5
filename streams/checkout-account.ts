import { type Identifier, tokenOf } from "./identifier.ts";
import {
  fieldsOf,
  identifierOf,
  listOf,
  must,
  positiveOf,
  readJson,
  textOf,
  wholeOf,
} from "./strict-json.ts";

/**
 * What a user has lately begun to reserve, as one message of the log CHECKOUT on `checkout.<user>.account`: the newest says
 * all of it. It stands beside the reservations themselves, since to look those of one user up costs some servers a walk
 * through the whole log.
 */
export interface AccountEntry {
  readonly reservation: string;
  /** When it was begun, in milliseconds since 1970. */
  readonly at: number;
  /** When it ends by itself; 0 once it is known to have ended. */
  readonly until: number;
  /** Whether something in it is of a sale. */
  readonly inSale: boolean;
  /** Units of sales that have a limit for each buyer. */
  readonly limited: readonly LimitedUnits[];
}

export interface LimitedUnits {
  readonly sale: Identifier;
  readonly product: Identifier;
  readonly units: number;
  /** When the sale ends, in milliseconds since 1970. */
  readonly ends: number;
}

export const accountSubject = (user: Identifier): string => `checkout.${tokenOf(user)}.account`;

const version = 1;

export function encodeAccount(entries: readonly AccountEntry[]): Buffer {
  const reservations = entries.map(({ limited, inSale, ...entry }) => ({
    ...entry,
    in_sale: inSale,
    limited: limited.map(({ product, ...units }) => ({ product_id: product, ...units })),
  }));
  return Buffer.from(JSON.stringify({ v: version, reservations }));
}

/** Undefined for what is none. Never throws. */
export const decodeAccount = (payload: Uint8Array): readonly AccountEntry[] | undefined =>
  readJson(payload, ({ v, reservations }) => {
    must(v === version);
    return listOf(reservations, entryOf);
  });

function entryOf(value: unknown): AccountEntry {
  const { reservation, at, until, in_sale: inSale, limited } = fieldsOf(value);
  must(typeof inSale === "boolean");
  return {
    reservation: textOf(reservation),
    at: wholeOf(at),
    until: wholeOf(until),
    inSale: inSale === true,
    limited: listOf(limited, unitsOf),
  };
}

function unitsOf(value: unknown): LimitedUnits {
  const { sale, product_id, units, ends } = fieldsOf(value);
  return {
    sale: identifierOf(sale),
    product: identifierOf(product_id),
    units: positiveOf(units),
    ends: wholeOf(ends),
  };
}
