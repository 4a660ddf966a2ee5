import { describe, expect, test } from "vitest";
import { evolveDetails, groupOf, listedIn } from "../../projections/details.ts";
import { evolveInventory, inStock, lastCallUntil } from "../../projections/inventory.ts";
import { evolvePrice } from "../../projections/price.ts";
import {
  averageOf,
  evolveRating,
  evolveReviews,
  type GivenRating,
  newestReviewsMax,
  type Rating,
} from "../../projections/reviews.ts";
import type { EventOf } from "../../streams/events.ts";
import { happened, specifying } from "./happened.ts";

describe("details", () => {
  const { given } = specifying(evolveDetails);
  const modified = (sequence: number, document: object) =>
    happened(sequence, "product.modified", "lamp", document);

  test("given nothing, when a product is modified with a title alone, then the rest has its defaults", () => {
    given()
      .when(modified(3, { title: "Lamp" }))
      .shows((lamp) =>
        expect(lamp).toEqual({
          title: "Lamp",
          description: null,
          brand: null,
          gtin: null,
          status: "active",
          category_ids: [],
          images: [],
          specs: {},
          group_id: null,
          options: {},
          sequence: 3,
          updated_at: 3_000,
        }),
      );
  });

  test("given a full document, when a bare one follows, then nothing of the first is left", () => {
    given(modified(1, { title: "Lamp", brand: "Acme", specs: { colour: "red" }, group_id: "family" }))
      .when(modified(2, { title: "Desk" }))
      .shows((desk) => expect(desk).toMatchObject({ title: "Desk", brand: null, specs: {}, group_id: null }));
  });

  test("given a newer document, when an older one comes again, then the newer stands", () => {
    given(modified(5, { title: "New" }))
      .when(modified(4, { title: "Old" }), modified(5, { title: "Forged" }))
      .shows((lamp) => expect(lamp).toMatchObject({ title: "New", sequence: 5 }));
  });

  test("when a category is named twice, then the product is in it once", () => {
    given()
      .when(modified(1, { title: "Lamp", category_ids: ["b", "a", "b"], images: [{ url: "/a.svg" }] }))
      .shows((lamp) =>
        expect(lamp).toMatchObject({ category_ids: ["b", "a"], images: [{ url: "/a.svg", alt: null }] }),
      );
  });

  test("when it is discontinued, then it is in no list and no group", () => {
    given(modified(1, { title: "Lamp", category_ids: ["a"], group_id: "family" }))
      .when(modified(2, { title: "Lamp", category_ids: ["a"], group_id: "family", status: "discontinued" }))
      .shows((lamp) => expect([listedIn(lamp), groupOf(lamp), lamp.category_ids]).toEqual([[], null, ["a"]]));
  });
});

describe("price", () => {
  const { given } = specifying(evolvePrice);
  const gbp = (amount: number) => ({ amount, currency: "GBP" });
  const updated = (sequence: number, payload: object) => happened(sequence, "price.updated", "lamp", payload);

  test("when a price comes, then it stands with the price to compare with", () => {
    given()
      .when(updated(2, { new_price: gbp(1999), list_price: gbp(2499), old_price: gbp(1) }))
      .shows((price) =>
        expect(price).toEqual({
          amount: 1999,
          currency: "GBP",
          list_amount: 2499,
          sequence: 2,
          updated_at: 2_000,
        }),
      );
  });

  test("given a list price, when a price without one follows, then there is none, also in another currency", () => {
    given(updated(1, { new_price: gbp(5), list_price: gbp(9) }))
      .when(updated(2, { new_price: { amount: 700, currency: "JPY" } }))
      .shows((price) => expect(price).toMatchObject({ amount: 700, currency: "JPY", list_amount: null }));
  });

  test("given a newer price, when an older one comes late, then the newer stands", () => {
    given(updated(9, { new_price: gbp(9) }))
      .when(updated(3, { new_price: gbp(3) }))
      .shows((price) => expect(price.amount).toBe(9));
  });

  test("the log's order decides, not the publisher's clock", () => {
    given(updated(1, { new_price: gbp(1), occurred_at: "1970-01-01T00:00:00.500Z" }))
      .when(updated(2, { new_price: gbp(2), occurred_at: "1970-01-01T00:00:00.100Z" }))
      .shows((price) => expect(price).toMatchObject({ amount: 2, updated_at: 100 }));
  });
});

describe("inventory", () => {
  const { given } = specifying(evolveInventory);
  const changed = (sequence: number, new_quantity: number) =>
    happened(sequence, "inventory.changed", "lamp", { new_quantity, reason: "adjustment" });

  test("when it changes, then the new quantity stands, whatever it was", () => {
    given(changed(1, 5), changed(2, 3))
      .when(changed(3, 0))
      .shows((inventory) => {
        expect(inventory).toEqual({ quantity: 0, sequence: 3, updated_at: 3_000 });
        expect(inStock(inventory)).toBe(false);
      });
  });

  test("given a newer quantity, when an older one comes late, then the newer stands", () => {
    given(changed(3, 7))
      .when(changed(2, 1))
      .shows((inventory) => expect([inventory.quantity, inStock(inventory)]).toEqual([7, true]));
  });

  const sellingOut = (sequence: number, new_quantity: number, sells_out_at: unknown) =>
    happened(sequence, "inventory.changed", "lamp", { new_quantity, sells_out_at });

  test("given the last units, when their end is told, then it is the last call until somewhat later", () => {
    given(changed(1, 5))
      .when(sellingOut(2, 3, "1970-01-01T00:00:12Z"))
      .shows((inventory) => {
        expect(inventory).toEqual({ quantity: 3, sequence: 2, updated_at: 2_000, sells_out_at: 12_000 });
        expect(lastCallUntil(inventory)).toBe(17_000);
      });
  });

  test("given a last call, when a quantity is told without an end, then it is over", () => {
    given(sellingOut(1, 5, "1970-01-01T00:00:12Z"))
      .when(changed(2, 500))
      .shows((inventory) =>
        expect([inventory, lastCallUntil(inventory)]).toEqual([
          { quantity: 500, sequence: 2, updated_at: 2_000 },
          undefined,
        ]),
      );
  });

  test.each([
    ["is a minute away and more", 3, "1970-01-01T00:01:02.001Z"],
    ["is told of nothing", 0, "1970-01-01T00:00:12Z"],
    ["is no time", 3, "soon"],
    ["is no text", 3, 12_000],
  ])("when an end %s, then the quantity stands and there is no last call", (_, quantity, end) => {
    given()
      .when(sellingOut(2, quantity, end))
      .shows((inventory) =>
        expect([inventory.quantity, lastCallUntil(inventory)]).toEqual([quantity, undefined]),
      );
  });
});

describe("reviews", () => {
  const posted = (sequence: number, review_id: string, rating: number, more: object = {}) =>
    happened(sequence, "review.posted", "lamp", { review_id, rating, ...more });

  /** The rating with its memory of what each review counted for, as the writer keeps it. */
  interface Counted {
    readonly rating: Rating;
    readonly given: ReadonlyMap<string, GivenRating>;
  }
  const count = specifying((state: Counted | undefined, event: EventOf<"review.posted">): Counted => {
    const review = event.data.review_id;
    const rating = evolveRating(state?.rating, state?.given.get(review), event);
    if (rating === state?.rating) return state;
    return {
      rating,
      given: new Map(state?.given).set(review, { rating: event.data.rating, sequence: event.sequence }),
    };
  });

  test("given none, then the average is nothing and not zero", () => {
    expect(averageOf(undefined)).toBeNull();
    expect(averageOf({ count: 0, sum: 0, sequence: 1 })).toBeNull();
  });

  test("given two reviews, when a third follows, then the average is of three, to two digits", () => {
    count
      .given(posted(1, "r1", 5), posted(2, "r2", 5))
      .when(posted(3, "r3", 4))
      .shows(({ rating }) => {
        expect(rating).toEqual({ count: 3, sum: 14, sequence: 3 });
        expect(averageOf(rating)).toBe(4.67);
      });
  });

  test("given a review, when it comes again with other stars, then it replaces the earlier one", () => {
    count
      .given(posted(1, "r1", 5), posted(2, "r2", 3))
      .when(posted(3, "r1", 1))
      .shows(({ rating }) => expect(rating).toEqual({ count: 2, sum: 4, sequence: 3 }));
  });

  test("given a newer review, when an older one comes late, then nothing changes", () => {
    count
      .given(posted(5, "r1", 5))
      .when(posted(4, "r1", 1), posted(3, "r2", 1))
      .shows(({ rating }) => expect(rating).toEqual({ count: 1, sum: 5, sequence: 5 }));
  });

  test("the newest are shown first, a replaced one at its new place", () => {
    specifying(evolveReviews)
      .given(posted(1, "r1", 5, { title: "One" }), posted(2, "r2", 3))
      .when(posted(3, "r1", 4, { author: "Ann" }))
      .shows(({ newest }) => {
        expect(newest.map(({ review_id }) => review_id)).toEqual(["r1", "r2"]);
        expect(newest[0]).toEqual({
          review_id: "r1",
          rating: 4,
          title: null,
          body: null,
          author: "Ann",
          posted_at: 3_000,
          sequence: 3,
        });
      });
  });

  test("given as many as are shown, when one more comes, then the oldest goes", () => {
    const many = Array.from({ length: newestReviewsMax }, (_, at) => posted(at + 1, `r${at}`, 5));
    specifying(evolveReviews)
      .given(...many)
      .when(posted(99, "last", 1))
      .shows(({ newest }) => {
        expect(newest).toHaveLength(newestReviewsMax);
        expect([newest[0]?.review_id, newest.at(-1)?.review_id]).toEqual(["last", "r1"]);
      });
  });
});
