import type { Identifier } from "../../streams/identifier.ts";
import type { CatalogKind } from "../../streams/subjects.ts";
import type { Random } from "./random.ts";

/** What the demo catalogue publishes, and when it says that it happened. */
export interface DemoEvent {
  readonly kind: CatalogKind;
  readonly id: Identifier;
  readonly payload: object;
}

/** An event that has yet to find its place in time, in milliseconds since 1970. */
export interface DatedEvent {
  readonly at: number;
  readonly event: DemoEvent;
}

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

export function dated(at: number, kind: CatalogKind, id: Identifier, facts: object): DatedEvent {
  return { at, event: { kind, id, payload: { ...facts, occurred_at: new Date(at).toISOString() } } };
}

/** Moments between two times, strictly rising. */
export function moments(random: Random, from: number, to: number, count: number): number[] {
  const drawn = Array.from({ length: count }, () => random.between(from, to)).sort(
    (one, other) => one - other,
  );
  let latest = Number.NEGATIVE_INFINITY;
  return drawn.map((at) => {
    latest = Math.max(at, latest + 1);
    return latest;
  });
}

export function gbp(pence: number): { readonly amount: number; readonly currency: string } {
  return { amount: pence, currency: "GBP" };
}
