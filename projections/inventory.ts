import type { EventOf } from "../streams/events.ts";

/** What is in stock of a product. */

// Identity: one product. Events: inventory.changed.

// State

export interface Inventory {
  readonly quantity: number;
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly updated_at: number;
  /** When it is gone at the rate at which it sold then, where somebody said so; milliseconds since 1970. */
  readonly sells_out_at?: number;
}

// Evolve

export function evolveInventory(
  state: Inventory | undefined,
  event: EventOf<"inventory.changed">,
): Inventory {
  if (state !== undefined && event.sequence <= state.sequence) return state;
  const { sells_out_at } = event.data;
  const counted = { quantity: event.data.new_quantity, sequence: event.sequence, updated_at: event.at };
  return sells_out_at == null ? counted : { ...counted, sells_out_at };
}

// Queries

export function inStock(inventory: Inventory): boolean {
  return inventory.quantity > 0;
}

/** An end that is farther away than this when it is told is no reason to hurry. */
export const sellsOutMsMax = 60_000;
/** How long an estimate that has proved wrong still counts: the next sale brings a better one. */
const lateMs = 5_000;

/**
 * Until when pages must follow the quantity closely, because the last units are being sold; undefined where that is not so.
 * Also past that moment, since nothing is published then.
 */
export function lastCallUntil({ quantity, updated_at, sells_out_at }: Inventory): number | undefined {
  const isNear = quantity > 0 && sells_out_at !== undefined && sells_out_at - updated_at <= sellsOutMsMax;
  return isNear ? sells_out_at + lateMs : undefined;
}
