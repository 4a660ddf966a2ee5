import { createReferenceFold, type Reference } from "../../ops/verify/reference/fold.ts";
import { type Product, ratingOf } from "../../ops/verify/reference/product.ts";
import { compareJson } from "../../ops/verify/tally.ts";
import { type Identifier, identifierOf } from "../../streams/identifier.ts";
import type { StoredMessage } from "../../streams/log.ts";

/**
 * What is true, by the second, separately written fold: the catalogue after each message of the log, so that a
 * value that claims a place in the log can be held against just that place.
 */
export interface Truth {
  readonly reference: Reference;
  take(message: StoredMessage): void;
  /** Why `value` is not what the log says of a part of a product at exactly this sequence. */
  problemAt(part: Part, id: Identifier, sequence: number, value: unknown): string | undefined;
  /**
   * The newest event that changed a part of a product at or before a place in the log; 0 where there is none. A
   * sale's event that leaves a product with the sales it had may or may not count as one about the product.
   */
  newest(part: Part, id: Identifier, until: number): number;
}

export const parts = ["product", "price", "inventory", "rating", "reviews", "sales"] as const;
export type Part = (typeof parts)[number];

interface Moment {
  readonly sequence: number;
  readonly value: unknown;
  /** When the log took the event. */
  readonly time: number;
  readonly changes: boolean;
}

export function createTruth(): Truth {
  const reference = createReferenceFold();
  const moments = new Map<string, Moment[]>();

  function remember(part: Part, id: Identifier, { sequence, time }: StoredMessage, value: unknown): void {
    const key = `${part} ${id}`;
    const earlier = moments.get(key) ?? [];
    const changes = part !== "sales" || holding(value, time) !== holding(earlier.at(-1)?.value, time);
    moments.set(key, [...earlier, { sequence, value, time, changes }]);
  }

  function rememberProduct(product: Product, message: StoredMessage): void {
    const { id, details, price, inventory, reviews, sales } = product;
    const { sequence } = message;
    if (details?.sequence === sequence) remember("product", id, message, details);
    if (price?.sequence === sequence) remember("price", id, message, price);
    if (inventory?.sequence === sequence) remember("inventory", id, message, inventory);
    if (reviews?.sequence === sequence) {
      remember("rating", id, message, { ...ratingOf(product), sequence });
      remember("reviews", id, message, { newest: reviews.newest, sequence });
    }
    if (sales?.sequence === sequence) {
      remember("sales", id, message, {
        entries: new Map(sales.entries),
        sequence,
        updated_at: sales.updated_at,
      });
    }
  }

  return {
    reference,

    take(message) {
      reference.take(message);
      if (reference.bad.has(message.sequence)) return;
      const [, , , entity, , token = ""] = message.subject.split(".");
      if (entity === "sale") {
        for (const product of reference.products.values()) rememberProduct(product, message);
        return;
      }
      const id = identifierOf(token);
      const product = id && reference.products.get(id);
      if (product !== undefined) rememberProduct(product, message);
    },

    problemAt(part, id, sequence, value) {
      const moment = moments.get(`${part} ${id}`)?.findLast((one) => one.sequence === sequence);
      if (moment === undefined) return `no event about it stands at ${sequence}`;
      const [difference] =
        part === "sales" ? compareSales(moment, value) : compareJson("product", id, moment.value, value);
      if (difference === undefined) return undefined;
      const { what, expected, found } = difference;
      return `${what} is ${JSON.stringify(found)} and was ${JSON.stringify(expected)} at ${sequence}`;
    },

    newest(part, id, until) {
      return (
        moments.get(`${part} ${id}`)?.findLast(({ sequence, changes }) => changes && sequence <= until)
          ?.sequence ?? 0
      );
    },
  };
}

interface SalesAsTrue {
  readonly entries: ReadonlyMap<Identifier, { readonly ends_at: number }>;
}

interface SalesAsStored {
  readonly entries: readonly { readonly sale_id: Identifier; readonly ends_at: number }[];
}

/** The sales of a product that are not over at a moment, for comparison. */
function holding(value: unknown, time: number): string {
  const entries = (value as SalesAsTrue | undefined)?.entries.values() ?? [];
  return JSON.stringify([...entries].filter(({ ends_at }) => ends_at > time));
}

/** Sales that had ended when the log took the event may be left out. */
function compareSales({ value, time }: Moment, found: unknown) {
  const expected = value as SalesAsTrue;
  const stored = found as SalesAsStored;
  const entries = new Map(stored.entries.map((entry) => [entry.sale_id, entry]));
  const due = [...expected.entries].filter(([id, { ends_at }]) => ends_at > time || entries.has(id));
  return compareJson(
    "sales",
    "",
    { ...expected, entries: Object.fromEntries(due) },
    { ...stored, entries: Object.fromEntries(entries) },
  );
}
