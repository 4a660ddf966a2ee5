import type { Log } from "../streams/log.ts";
import { publicSubject, type CatalogKind } from "../streams/subjects.ts";
import type { Identifier } from "../streams/identifier.ts";

/**
 * The payloads of the benchmarks: passes over a catalogue, in which each product gets its details (about 430
 * bytes), a price (about 90) and a stock (about 90) one after the other, as a feed has them, and every
 * twentieth a review. One product is in two of 107 categories.
 */
export const mixText = "details 430 B, price 90 B, stock 90 B for each product of a pass, a review for every 20th";

export const productId = (number: number) => `SKU-${String(number).padStart(7, "0")}` as Identifier;

export function* passOver(products: number, pass: number): Iterable<readonly [CatalogKind, Identifier, object]> {
  const occurred_at = "2026-11-01T12:00:00Z";
  for (let number = 0; number < products; number++) {
    const id = productId(number);
    yield ["product.modified", id, details(number, pass)];
    yield [
      "price.updated",
      id,
      { new_price: { amount: 499 + ((number * 7 + pass) % 20_000), currency: "GBP" }, occurred_at },
    ];
    yield [
      "inventory.changed",
      id,
      { new_quantity: (number + pass) % 500, reason: "purchase", reference: `INV-${number}`, occurred_at },
    ];
    if (number % 20 === 0) {
      yield ["review.posted", id, { review_id: `r-${pass}`, rating: 1 + (number % 5), body: "As described.", occurred_at }];
    }
  }
}

function details(number: number, pass: number): object {
  return {
    title: `Hanging heart tealight holder in white, number ${number}`,
    description: "A small holder of wrought iron for one tealight, to hang in a window or on a branch. Pass " + pass,
    brand: ["Ashcombe", "Halden & Rowe", "Studio Ellery"][number % 3],
    status: "active",
    category_ids: [`shelf-${number % 100}`, `theme-${number % 7}`],
    images: [{ url: `/images/${number}/0123456789ab.svg`, alt: "Tealight holder" }],
    specs: { colour: "white", material: "iron", height_mm: 120 + (number % 40) },
  };
}

/** Publishes passes until the log has them; returns the number of events and the bytes of their payloads. */
export async function fill(
  log: Log,
  products: number,
  passes: number,
): Promise<{ readonly events: number; readonly bytes: number }> {
  let events = 0;
  let bytes = 0;
  let window: Promise<unknown>[] = [];
  for (let pass = 0; pass < passes; pass++) {
    for (const [kind, id, payload] of passOver(products, pass)) {
      const body = Buffer.from(JSON.stringify(payload));
      events++;
      bytes += body.byteLength;
      window.push(log.append(publicSubject(kind, id), body));
      if (window.length === 512) {
        await Promise.all(window);
        window = [];
      }
    }
  }
  await Promise.all(window);
  return { events, bytes };
}
