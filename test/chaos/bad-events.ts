import type { Random } from "../../ops/demo/random.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { publicSubject } from "../../streams/subjects.ts";
import type { StoryEvent } from "./story.ts";

/**
 * Every way of being no event: wrong bytes, wrong fields, impossible values, subjects that name nothing or
 * spell an identifier in a second way, and sizes up to what the log refuses at the door.
 */
type Bad = readonly [subject: string, payload: string | Uint8Array, headers?: Record<string, string>];

const payloadMax = 256 * 1024;
const messageMax = 1120 * 1024;

const gbp = (amount: unknown) => JSON.stringify({ new_price: { amount, currency: "GBP" } });
const padded = (bytes: number) => `{"new_quantity":1,"note":"${"x".repeat(bytes)}"}`;

const makers: readonly ((random: Random, product: Identifier) => Bad)[] = [
  // Bytes.
  (_, product) => [publicSubject("price.updated", product), ""],
  (_, product) => [publicSubject("price.updated", product), "{"],
  (_, product) => [publicSubject("product.modified", product), "[]"],
  (_, product) => [publicSubject("inventory.changed", product), "null"],
  (random, product) => [
    publicSubject("price.updated", product),
    Uint8Array.from({ length: random.between(1, 64) }, () => random.between(0, 255)),
  ],
  (_, product) => [publicSubject("price.updated", product), `\ufeff${gbp(1)}`],
  (_, product) => [publicSubject("product.modified", product), `{"title":"\\ud800"}`],
  (_, product) => [publicSubject("product.modified", product), `${"[".repeat(20_000)}${"]".repeat(20_000)}`],
  (_, product) => [publicSubject("price.updated", product), gbp(1), { "Content-Type": "text/plain" }],
  // Fields and values.
  (_, product) => [publicSubject("price.updated", product), "{}"],
  (_, product) => [publicSubject("price.updated", product), gbp(-1)],
  (_, product) => [publicSubject("price.updated", product), gbp(1.5)],
  (_, product) => [publicSubject("price.updated", product), gbp("12")],
  (_, product) => [publicSubject("price.updated", product), gbp(2 ** 60)],
  (_, product) => [
    publicSubject("price.updated", product),
    '{"new_price":{"amount":1,"currency":"ZZZ"},"__proto__":{"amount":1}}',
  ],
  (_, product) => [publicSubject("inventory.changed", product), '{"new_quantity":-1}'],
  (_, product) => [
    publicSubject("inventory.changed", product),
    '{"new_quantity":1,"occurred_at":"yesterday"}',
  ],
  (_, product) => [publicSubject("product.modified", product), '{"title":"x","category_ids":["\\u0000"]}'],
  (_, product) => [publicSubject("review.posted", product), '{"review_id":"r1","rating":4.5}'],
  (_, product) => [
    publicSubject("sale.scheduled", product),
    '{"starts_at":"2026-01-02T00:00:00Z","ends_at":"2026-01-01T00:00:00Z","items":[]}',
  ],
  (_, product) => [publicSubject("order.placed", product), '{"order_id":"o"}'],
  (_, product) => [
    publicSubject("category.modified", product),
    JSON.stringify({ name: "Own", parent_id: product }),
  ],
  // Subjects.
  () => ["catalog.x", "{}"],
  () => ["catalog.price.cut.P-1", gbp(1)],
  () => ["catalog.price.updated.P-1.red", gbp(1)],
  () => ["catalog.price.updated.P=2D1", gbp(1)],
  () => ["catalog.price.updated.P=2d1", gbp(1)],
  () => ["log.catalog.99.price.updated.P-1", gbp(1)],
  () => ["activity.view", "{}"],
];

const largeShare = 0.02;

export function badEvent(random: Random, product: Identifier): StoryEvent {
  const [subject, payload, headers] = random.chance(largeShare)
    ? large(random, product)
    : random.pick(makers)(random, product);
  return {
    log: subject.includes("activity.") ? "activity" : "catalog",
    subject,
    payload: typeof payload === "string" ? Buffer.from(payload) : payload,
    isBad: true,
    ...(headers !== undefined && { headers }),
  };
}

/** Just above what an event may have, just below what the log takes, and what it refuses. */
function large(random: Random, product: Identifier): Bad {
  const bytes = random.pick([payloadMax, messageMax - 4 * 1024, messageMax + 4 * 1024]);
  return [publicSubject("inventory.changed", product), padded(bytes)];
}
