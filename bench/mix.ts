import { connect } from "nats";
import { publicSubject, type CatalogKind } from "../streams/subjects.ts";
import type { Identifier } from "../streams/identifier.ts";

/**
 * The payloads of the benchmarks, in rounds over a catalogue. A round is five passes over all products: a
 * feed's details (about 430 bytes), price (90) and stock (90), then stock, price and stock, stock, stock; and
 * a review for every twentieth product. A real shop's log has far more of the small ones: the invoices that
 * the importer reads make 30 prices and 90 stock changes for each document. A product is in two of 107
 * categories.
 */
export const mixText = "1 document of 430 B, 2 prices and 5 stock changes of 90 B a product and round, a review for every 20th";

export const productId = (number: number) => `SKU-${String(number).padStart(7, "0")}` as Identifier;

type Published = readonly [CatalogKind, Identifier, object];

export function* roundOver(products: number, round: number): Iterable<Published> {
  for (const pass of [0, 1, 2, 3, 4]) {
    for (let number = 0; number < products; number++) {
      const id = productId(number);
      if (pass === 0) yield ["product.modified", id, details(number, round)];
      if (pass === 0 || pass === 2) yield ["price.updated", id, price(number, round + pass)];
      yield ["inventory.changed", id, stock(number, round + pass)];
      if (pass === 4 && number % 20 === 0) yield ["review.posted", id, review(number, round)];
    }
  }
}

const occurred_at = "2026-11-01T12:00:00Z";

const price = (number: number, turn: number) => ({
  new_price: { amount: 499 + ((number * 7 + turn * 31) % 20_000), currency: "GBP" },
  occurred_at,
});

const stock = (number: number, turn: number) => ({
  new_quantity: (number + turn) % 500,
  reason: "purchase",
  reference: `INV-${number}`,
  occurred_at,
});

const review = (number: number, round: number) => ({
  review_id: `r-${round}`,
  rating: 1 + (number % 5),
  body: "As described.",
  occurred_at,
});

function details(number: number, round: number): object {
  return {
    title: `Hanging heart tealight holder in white, number ${number}`,
    description: "A small holder of wrought iron for one tealight, to hang in a window or on a branch. Round " + round,
    brand: ["Ashcombe", "Halden & Rowe", "Studio Ellery"][number % 3],
    status: "active",
    category_ids: [`shelf-${number % 100}`, `theme-${number % 7}`],
    images: [{ url: `/images/${number}/0123456789ab.svg`, alt: "Tealight holder" }],
    specs: { colour: "white", material: "iron", height_mm: 120 + (number % 40) },
  };
}

/**
 * Publishes rounds as systems of record do, without headers, until the log has them. Returns the number of
 * events and the bytes of their payloads.
 */
export async function fill(
  natsPort: number,
  products: number,
  rounds: number,
): Promise<{ readonly events: number; readonly bytes: number }> {
  const connection = await connect({ port: natsPort, noAsyncTraces: true });
  let events = 0;
  let bytes = 0;
  let window: Promise<unknown>[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [kind, id, payload] of roundOver(products, round)) {
      const body = Buffer.from(JSON.stringify(payload));
      events++;
      bytes += body.byteLength;
      window.push(connection.request(publicSubject(kind, id), body, { timeout: 30_000 }));
      if (window.length === 512) {
        await Promise.all(window);
        window = [];
      }
    }
  }
  await Promise.all(window);
  await connection.close();
  return { events, bytes };
}
