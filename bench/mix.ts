import { connect } from "nats";
import { publicSubject, type CatalogKind } from "../streams/subjects.ts";
import type { Identifier } from "../streams/identifier.ts";
import { createRandom } from "./random.ts";

/**
 * The payloads of the benchmarks, in rounds over a catalogue. A round is a feed with each product's details
 * (about 430 bytes), price (90) and stock (90), then three changes a product, one in five a price and the rest
 * stock, that fall on products by Zipf's law with exponent 1.0, and a review for every twentieth product. A
 * real shop's log has far more of the small ones: the invoices that the importer reads make 30 prices and 90
 * stock changes for each document. A product is in two of 107 categories.
 */
export const mixText =
  "a round: 1 document of 430 B, 1 price, 1 stock of 90 B a product, then 3 changes a product by Zipf 1.0 (1 price : 4 stock), 0.05 reviews";

export const productId = (number: number) => `SKU-${String(number).padStart(7, "0")}` as Identifier;

type Published = readonly [CatalogKind, Identifier, object];

export function* roundOver(products: number, round: number): Iterable<Published> {
  for (let number = 0; number < products; number++) {
    const id = productId(number);
    yield ["product.modified", id, details(number, round)];
    yield ["price.updated", id, price(number, round)];
    yield ["inventory.changed", id, stock(number, round)];
    if (number % 20 === 0) yield ["review.posted", id, review(number, round)];
  }
  const random = createRandom(round + 1);
  for (let change = 0; change < 3 * products; change++) {
    // Exponent 1: the logarithm of the rank is uniform. Neighbouring ranks are spread over the catalogue.
    const rank = Math.floor(products ** random()) - 1;
    const number = (rank * 7_919) % products;
    if (change % 5 === 0) yield ["price.updated", productId(number), price(number, round + change)];
    else yield ["inventory.changed", productId(number), stock(number, change)];
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
    description:
      "A small holder of wrought iron for one tealight, to hang in a window or on a branch. Round " + round,
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
