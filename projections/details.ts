import type { EventOf } from "../streams/events.ts";
import type { Payload } from "../streams/payloads.ts";
import type { Identifier } from "../streams/identifier.ts";

/** Product details: the whole document that the last product.modified brought. */

// Identity: one product. Events: product.modified.

// State

export interface Details {
  readonly title: string;
  readonly description: string | null;
  readonly brand: string | null;
  readonly gtin: string | null;
  readonly status: "active" | "discontinued";
  readonly category_ids: readonly Identifier[];
  readonly images: readonly { readonly url: string; readonly alt: string | null }[];
  readonly specs: Attributes;
  readonly group_id: Identifier | null;
  readonly options: Attributes;
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly updated_at: number;
}

export type Attributes = Readonly<Record<string, string | number | boolean>>;

// Evolve

export function evolveDetails(state: Details | undefined, event: EventOf<"product.modified">): Details {
  if (state !== undefined && event.sequence <= state.sequence) return state;
  const document: Payload<"product.modified"> = event.data;
  return {
    title: document.title,
    description: document.description ?? null,
    brand: document.brand ?? null,
    gtin: document.gtin ?? null,
    status: document.status ?? "active",
    category_ids: [...new Set(document.category_ids)],
    images: (document.images ?? []).map(({ url, alt }) => ({ url, alt: alt ?? null })),
    specs: document.specs ?? {},
    group_id: document.group_id ?? null,
    options: document.options ?? {},
    sequence: event.sequence,
    updated_at: event.at,
  };
}

// Queries

/** The categories that list the product itself; a discontinued product is in no list. */
export function listedIn(details: Details): readonly Identifier[] {
  return details.status === "active" ? details.category_ids : [];
}

/** The group that shows the product among its variants. */
export function groupOf(details: Details): Identifier | null {
  return details.status === "active" ? details.group_id : null;
}
