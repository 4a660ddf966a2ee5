import type { EventOf } from "../streams/events.ts";

/** The regular price of a product. What sales make of it is in `sales.ts`. */

// Identity: one product. Events: price.updated.

// State

export interface Price {
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  /** The price to compare with, as the shop states it; null without one. */
  readonly list_amount: number | null;
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly updated_at: number;
}

// Evolve

export function evolvePrice(state: Price | undefined, event: EventOf<"price.updated">): Price {
  if (state !== undefined && event.sequence <= state.sequence) return state;
  const { new_price, list_price } = event.data;
  return {
    amount: new_price.amount,
    currency: new_price.currency,
    list_amount: list_price?.amount ?? null,
    sequence: event.sequence,
    updated_at: event.at,
  };
}
