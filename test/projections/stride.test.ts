import { describe, expect, test } from "vitest";
import { createCatalogProjection } from "../../projections/catalog/projection.ts";
import { decodeBatch } from "../../projections/decode-batch.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import type { Standing } from "../../projections/projection.ts";
import { beginStride } from "../../projections/stride.ts";
import type { StoredMessage } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { allPartitions } from "../../streams/partition.ts";
import { type CatalogKind, publicSubject, storedSubjectOf } from "../../streams/subjects.ts";
import { v } from "./read-model-adapters.ts";
import { silent } from "./projecting.ts";
import { id } from "../streams/id.ts";

/** Batches are joined for as long as what they hold is little and written together. */
const now = () => 0;
const catalog = createMemoryLog({ stream: "CATALOG", now });
const standing: Standing = new Map(
  allPartitions.map((partition) => [partition, { sequence: 0, fence: { partition, position: undefined } }]),
);
const projection = createCatalogProjection({
  catalog,
  derived: createMemoryLog({ stream: "DERIVED", now, perSubject: 1 }),
  readModel: createMemoryReadModel(),
  versions: v,
  now,
  journal: silent,
});

let sequence = 0;
const message = (kind: CatalogKind, about: string, payload: object | string): StoredMessage => ({
  sequence: ++sequence,
  time: 0,
  subject: storedSubjectOf(publicSubject(kind, id(about))),
  payload: Buffer.from(typeof payload === "string" ? payload : JSON.stringify(payload)),
});
const stock = (about: string) => message("inventory.changed", about, { new_quantity: 3 });
const sale = () =>
  message("sale.scheduled", "spring", {
    starts_at: "2027-03-01T00:00:00Z",
    ends_at: "2027-03-02T00:00:00Z",
    items: [{ product_id: "lamp", sale_price: { amount: 100, currency: "GBP" } }],
  });
const many = (count: number, make: (at: number) => StoredMessage) =>
  Array.from({ length: count }, (_, at) => make(at));

function stride() {
  const begun = beginStride(catalog.tail({ from: 1 }), projection, 1_000);
  return Object.assign(begun, {
    async take(messages: readonly StoredMessage[], takenAt = 1_000, isEnd = false) {
      begun.add(await decodeBatch(messages, () => true), messages, standing, takenAt, isEnd);
    },
  });
}

describe("a stride", () => {
  test("takes what changes the same products for a long time", async () => {
    const begun = stride();
    for (let batch = 0; batch < 10; batch++) {
      await begun.take(many(4_096, (at) => stock(`lamp-${at % 50}`)));
      expect(begun.isFull).toBe(false);
    }
  });

  test.each([
    ["values", () => many(32_768, (at) => stock(`lamp-${at}`))],
    ["what was refused", () => many(4_096, (at) => message("inventory.changed", `lamp-${at}`, "{"))],
    [
      "reviews",
      () => many(4_096, (at) => message("review.posted", "lamp", { review_id: `r-${at}`, rating: 5 })),
    ],
    ["a sale, which is written by itself", () => [stock("lamp"), sale()]],
    ["a category", () => [message("category.modified", "shelf", { name: "Shelf" }), stock("lamp")]],
    ["bytes", () => many(130, () => message("product.modified", "lamp", { title: "x".repeat(256 * 1024) }))],
  ])("is full of %s", async (_, messages) => {
    const begun = stride();
    await begun.take([stock("lamp")]);
    expect(begun.isFull).toBe(false);
    await begun.take(messages());
    expect(begun.isFull).toBe(true);
  });

  test("is full a second after it was begun", async () => {
    const begun = stride();
    await begun.take([stock("lamp")], 1_999);
    expect(begun.isFull).toBe(false);
    await begun.take([stock("lamp")], 2_000);
    expect(begun.isFull).toBe(true);
  });

  test("ends where its last batch does", async () => {
    const begun = stride();
    await begun.take([stock("lamp"), stock("vase")], 1_100, true);
    expect([begun.last, begun.headAt]).toEqual([sequence, 1_100]);
    await begun.take([stock("lamp")], 1_200);
    expect([begun.last, begun.headAt]).toEqual([sequence, undefined]);
  });
});
