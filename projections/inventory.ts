import type { EventOf } from "../streams/events.ts";

/** What is in stock of a product. */

// Identity: one product. Events: inventory.changed.

// State

export interface Inventory {
  readonly quantity: number;
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly updated_at: number;
}

// Evolve

export function evolveInventory(
  state: Inventory | undefined,
  event: EventOf<"inventory.changed">,
): Inventory {
  if (state !== undefined && event.sequence <= state.sequence) return state;
  return { quantity: event.data.new_quantity, sequence: event.sequence, updated_at: event.at };
}

// Queries

export function inStock(inventory: Inventory): boolean {
  return inventory.quantity > 0;
}
