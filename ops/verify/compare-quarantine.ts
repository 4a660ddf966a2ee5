import { tokenOf } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import { listQuarantine } from "../../streams/quarantine.ts";
import type { Comparison } from "./comparison.ts";
import type { Reference } from "./reference/fold.ts";
import type { Difference } from "./tally.ts";

/**
 * Every bad event is in the quarantine and no good one is. An entry that names a product is about that one
 * alone: an event that is good by itself and left the product with a sale in a foreign currency.
 */
export async function compareQuarantine(comparison: Comparison, quarantine: Log): Promise<void> {
  const { reference, tally, patience, now } = comparison;
  const due = [...reference.bad.keys()].map(String);
  const foreign = foreignSales(reference, Math.max(now(), reference.headTime));
  const listed = await patience.until(
    () => readEntries(quarantine, reference.head),
    (found) => [...due, ...foreign].every((place) => found.has(place)),
  );
  for (const place of due) {
    tally.check("quarantine", listed.has(place) ? [] : [missing(place, reference.bad.get(Number(place)))]);
  }
  for (const place of foreign) {
    tally.check("quarantine", listed.has(place) ? [] : [missing(place, "a sale in a foreign currency")]);
  }
  for (const [place, { sequence, subject, concerns, reason }] of listed) {
    const about = concerns === undefined ? "the event" : `the event, for ${concerns}`;
    const known = concerns === undefined ? reference.bad.has(sequence) : concernsOne(subject, concerns);
    if (!known)
      tally.check("quarantine", [
        { kind: "quarantine", id: place, what: about, expected: "good", found: reason },
      ]);
  }
}

interface Entry {
  readonly sequence: number;
  readonly subject: string;
  readonly concerns: string | undefined;
  readonly reason: string;
}

/** By place: the sequence, and the product's token where the entry concerns one alone. */
async function readEntries(quarantine: Log, head: number): Promise<ReadonlyMap<string, Entry>> {
  const listed = new Map<string, Entry>();
  for await (const { log, sequence, subject, product, reason } of listQuarantine(quarantine)) {
    if (log !== "catalog" || sequence > head) continue;
    const concerns = product && tokenOf(product);
    listed.set(placeOf(sequence, concerns), { sequence, subject, concerns, reason });
  }
  return listed;
}

function placeOf(sequence: number, token: string | undefined): string {
  return token === undefined ? String(sequence) : `${sequence} ${token}`;
}

function concernsOne(subject: string, token: string): boolean {
  return subject.startsWith("catalog.sale.scheduled.") || subject === `catalog.price.updated.${token}`;
}

/** Where a sale in a foreign currency had to be reported: at the later one of the sale and the price. */
function foreignSales({ products }: Reference, over: number): readonly string[] {
  const places = new Set<string>();
  for (const { id, price, sales } of products.values()) {
    if (price === null || sales === null) continue;
    for (const { currency, ends_at, sequence } of sales.entries.values()) {
      if (currency === price.currency || ends_at <= over) continue;
      places.add(placeOf(Math.max(sequence, price.sequence), tokenOf(id)));
    }
  }
  return [...places];
}

function missing(place: string, reason: string | undefined): Difference {
  return {
    kind: "quarantine",
    id: place,
    what: "the bad event",
    expected: reason,
    found: "not in the quarantine",
  };
}
