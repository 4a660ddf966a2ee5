import { beforeEach, expect, test } from "vitest";
import { createReviewWriter } from "../../projections/catalog/reviews.ts";
import { createSaleWriter } from "../../projections/catalog/sales.ts";
import { createDerivedBuffer, type DerivedBuffer } from "../../projections/derived-buffer.ts";
import { createLogReader } from "../../projections/log-reader.ts";
import { createMemoryReadModel, type MemoryReadModel } from "../../projections/memory/read-model.ts";
import type { Standing } from "../../projections/projection.ts";
import { PositionMoved } from "../../projections/read-model.ts";
import type { EventOf } from "../../streams/events.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { id } from "../streams/id.ts";
import { append } from "../streams/reading.ts";
import { happened } from "./happened.ts";
import { silent } from "./projecting.ts";
import { partitionOfId, v } from "./read-model-adapters.ts";

/** What folds on top of what is stored, when that was evicted, or emptied a moment ago: the smallest cases. */

const lamp = id("lamp");
const partition = partitionOfId(lamp);
const moment = Date.parse("2026-11-27T00:00:00Z");

let model: MemoryReadModel;
let catalog: Log;
let derived: Log;
let buffer: DerivedBuffer;

beforeEach(async () => {
  model = createMemoryReadModel();
  catalog = createMemoryLog({ stream: "CATALOG", now: () => moment });
  derived = createMemoryLog({ stream: "DERIVED", now: () => moment, perSubject: 1 });
  buffer = createDerivedBuffer(derived, silent);
  await buffer.adopt(partition);
});

/** The partition stands where its owner found it, at this sequence. */
async function standAt(sequence: number): Promise<Standing> {
  const from = (await model.positions("catalog", [partition])).get(partition)?.version;
  await model.advance("catalog", [{ partition, from, to: v(sequence), headAt: 0 }]);
  return new Map([[partition, { sequence, fence: { partition, position: v(sequence) } }]]);
}

const review = (sequence: number, review_id: string) =>
  happened(sequence, "review.posted", "lamp", { review_id, rating: 4 });
const byProduct = (...events: readonly EventOf<"review.posted">[]) =>
  new Map<Identifier, readonly EventOf<"review.posted">[]>(events.length === 0 ? [] : [[lamp, events]]);
const newest = async () =>
  (await model.readReviews([lamp]))[0]?.value?.newest.map(({ review_id }) => review_id);

const reviewWriter = () => createReviewWriter({ readModel: model, derived, buffer, versions: v });

test("newest reviews that were evicted before they came to the derived stream are not forgotten", async () => {
  const writer = reviewWriter();
  await writer.apply(byProduct(review(1, "r1")), [], await standAt(0));
  model.evict(() => true);
  await writer.apply(byProduct(review(2, "r2")), [], await standAt(1));
  expect(await newest()).toEqual(["r2", "r1"]);
});

test("on the way through what is held already no list of the past takes the place of an evicted one", async () => {
  await reviewWriter().apply(byProduct(review(1, "r1"), review(2, "r2")), [], await standAt(0));
  model.evict(() => true);
  const standing = await standAt(2);
  // Its owner died before the derived stream had them; the next one goes through them again.
  buffer = createDerivedBuffer(derived, silent);
  await buffer.adopt(partition);
  const writer = reviewWriter();
  await writer.apply(byProduct(), [review(1, "r1")], standing);
  expect(await newest()).toBeUndefined();
  await writer.apply(byProduct(), [review(2, "r2")], standing);
  expect(await newest()).toEqual(["r2", "r1"]);
});

test("a list follows every event, also where an owner that died had brought the rating further", async () => {
  const standing = await standAt(0);
  const [first, again, second] = [review(1, "r1"), review(2, "r1"), review(3, "r2")];
  // It came to the rating and no further; the next owner's batches end elsewhere.
  const dying = { ...model, putReviews: () => Promise.reject(new Error("died")) };
  const writer = createReviewWriter({ readModel: dying, derived, buffer, versions: v });
  await expect(writer.apply(byProduct(first, again, second), [], standing)).rejects.toThrow("died");
  await reviewWriter().apply(byProduct(first, again), [], standing);
  const stored = (await model.readReviews([lamp]))[0];
  expect(stored?.value).toMatchObject({ sequence: 2, newest: [{ review_id: "r1", sequence: 2 }] });
});

test("a rating that is gone with its position stops the way through what was held", async () => {
  const writer = reviewWriter();
  await writer.apply(byProduct(review(1, "r1")), [], await standAt(0));
  const standing = await standAt(1);
  await model.clear();
  await expect(writer.apply(byProduct(), [review(1, "r1")], standing)).rejects.toBeInstanceOf(PositionMoved);
});

const sale = (sequence: number, name: string) =>
  happened(sequence, "sale.scheduled", name, {
    starts_at: "1970-01-01T00:00:00Z",
    ends_at: "2026-11-28T00:00:00Z",
    items: [{ product_id: "lamp", sale_price: { amount: 5, currency: "GBP" } }],
  });
const messageOf = ({ sequence }: EventOf<"sale.scheduled">) => ({
  sequence,
  time: moment,
  subject: "",
  payload: Buffer.from(""),
});

function saleWriter(log = catalog) {
  const reader = createLogReader(log, derived);
  return createSaleWriter({ readModel: model, reader, buffer, versions: v, now: () => moment });
}

test("sales that are gone with their position stop the way through what was held", async () => {
  const writer = saleWriter();
  const [friday, monday] = [sale(1, "friday"), sale(2, "monday")];
  await writer.apply(messageOf(friday), friday, await standAt(0));
  await writer.apply(messageOf(monday), monday, await standAt(1));
  const standing = await standAt(2);
  await model.clear();
  await expect(writer.apply(messageOf(monday), monday, standing)).rejects.toBeInstanceOf(PositionMoved);
  await buffer.flush([], 0);
  // What went to the derived stream before lacks nothing.
  const kept = await derived.last(`derived.${partition}.sales.lamp`);
  expect(JSON.parse(Buffer.from(kept?.payload ?? "null").toString())).toMatchObject({
    sequence: 2,
    entries: [{}, {}],
  });
});

test("a listing gets its amount from the log's leader where the price was evicted", async () => {
  const behind: Log = {
    ...catalog,
    last: async (subject, from) => (from === "any" ? undefined : catalog.last(subject)),
  };
  await append(catalog, "catalog.price.updated.lamp", '{"new_price":{"amount":9,"currency":"GBP"}}');
  const friday = sale(2, "friday");
  await saleWriter(behind).apply(messageOf(friday), friday, await standAt(1));
  expect((await model.readRows(partition, [lamp]))[0]).toMatchObject({ amount: 5, priced: v(2) });
});
