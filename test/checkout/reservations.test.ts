import { describe, expect, test } from "vitest";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { type AppendOptions, LogUnavailable } from "../../streams/log.ts";
import { id } from "../streams/id.ts";
import {
  ann,
  bob,
  chair,
  lamp,
  openFurnished,
  problemOf,
  quoteFor,
  type Shop,
  unavailable,
  terms,
} from "./shop.ts";

/** What becomes of a reservation, by one server at a time. */

async function held(user: Identifier = ann) {
  const shop = await openFurnished();
  const checkout = shop.open();
  const { quote } = await quoteFor(checkout, user, [
    [lamp, 2],
    [chair, 1],
  ]);
  const { reservation } = await checkout.reserve(user, "k", quote);
  return { shop, checkout, reservation };
}

const left = (shop: Shop) =>
  [lamp, chair].map((product) => [shop.stock.available(product), shop.stock.sold(product)]);
const untouched = [
  [5, 0],
  [5, 0],
];
const sold = [
  [3, 2],
  [4, 1],
];

describe("to confirm", () => {
  test("makes it one order, and sells its units", async () => {
    const { shop, checkout, reservation } = await held();
    const confirmed = { reservation_id: reservation, status: "confirmed", order_id: reservation };
    expect(await checkout.confirm(ann, reservation)).toEqual(confirmed);
    expect(left(shop)).toEqual(sold);
    expect(await shop.orders(ann)).toEqual([
      {
        order_id: reservation,
        items: [
          { product_id: "lamp", quantity: 2, unit_price: { amount: 1_999, currency: "GBP" } },
          { product_id: chair, quantity: 1, unit_price: { amount: 5_000, currency: "GBP" } },
        ],
      },
    ]);
    expect(await checkout.get(ann, reservation)).toMatchObject({ ...confirmed, total: { amount: 8_998 } });
  });

  test("again, on any server and at any time, is the same order", async () => {
    const { shop, checkout, reservation } = await held();
    const first = await checkout.confirm(ann, reservation);
    // Orders of the same user follow; the memory of message ids is long gone.
    for (const other of ["o1", "o2"])
      await shop.activity.append(
        "activity.order.placed.ann",
        Buffer.from(`{"order_id":"${other}","items":[]}`),
      );
    shop.clock.now += 86_400_000;
    const forgetful = {
      ...shop.activity,
      append: (
        subject: string,
        payload: Uint8Array,
        { expectedLastSubjectSequence = 0 }: AppendOptions = {},
      ) => shop.activity.append(subject, payload, { expectedLastSubjectSequence }),
    };
    expect(await shop.open({ activity: forgetful }).confirm(ann, reservation)).toEqual(first);
    expect((await shop.orders(ann)).map(({ order_id }) => order_id)).toEqual([reservation, "o1", "o2"]);
    expect(left(shop)).toEqual(sold);
  });

  test("is too late once its time is up: it expires then and there, whatever another server's clock says", async () => {
    const { shop, checkout, reservation } = await held();
    shop.clock.now += terms.holdMs;
    expect(await checkout.get(ann, reservation)).toMatchObject({ status: "expired" });
    expect(await problemOf(checkout.confirm(ann, reservation))).toBe("410 reservation-expired");
    expect(left(shop)).toEqual(untouched);
    shop.clock.now -= terms.holdMs;
    expect(await problemOf(checkout.confirm(ann, reservation))).toBe("410 reservation-expired");
    expect(await shop.orders(ann)).toEqual([]);
  });

  test("does not wait for a keeper: the order stands, and the units are sold when its time is up", async () => {
    const { shop, reservation } = await held();
    const away = async () => {
      throw new LogUnavailable("no keeper");
    };
    const checkout = shop.open({ stock: { hold: away, end: away } });
    expect(await checkout.confirm(ann, reservation)).toMatchObject({ status: "confirmed" });
    expect([shop.stock.available(lamp), shop.stock.sold(lamp)]).toEqual([3, 0]);
    expect(await shop.settle(ann, reservation)).toBe("sold");
    expect(await shop.orders(ann)).toHaveLength(1);
  });

  test("what was confirmed and not published is an order when it is asked for again, or when its time is up", async () => {
    for (const finish of ["confirm", "settle"] as const) {
      const { shop, reservation } = await held(bob);
      const full = { ...shop.activity, append: unavailable.append };
      expect(await problemOf(shop.open({ activity: full }).confirm(bob, reservation))).toBe(
        "503 unavailable",
      );
      expect(await shop.orders(bob)).toEqual([]);
      if (finish === "confirm") await shop.open().confirm(bob, reservation);
      else expect(await shop.settle(bob, reservation)).toBe("sold");
      expect((await shop.orders(bob)).map(({ order_id }) => order_id)).toEqual([reservation]);
    }
  });
});

describe("to cancel", () => {
  test("gives its units back, and again is the same", async () => {
    const { shop, checkout, reservation } = await held();
    for (let times = 0; times < 2; times++) {
      expect(await checkout.cancel(ann, reservation)).toEqual({
        reservation_id: reservation,
        status: "cancelled",
      });
      expect(left(shop)).toEqual(untouched);
    }
    expect(await problemOf(checkout.confirm(ann, reservation))).toBe("409 reservation-cancelled");
    expect(await checkout.get(ann, reservation)).toMatchObject({ status: "cancelled" });
    expect(await shop.settle(ann, reservation)).toBe("cancelled");
  });

  test("comes too late for an order", async () => {
    const { shop, checkout, reservation } = await held();
    await checkout.confirm(ann, reservation);
    expect(await problemOf(checkout.cancel(ann, reservation))).toBe("409 reservation-confirmed");
    expect(left(shop)).toEqual(sold);
  });

  test("of one that has expired says so", async () => {
    const { shop, checkout, reservation } = await held();
    expect(await shop.settle(ann, reservation)).toBe("expired");
    expect(await checkout.cancel(ann, reservation)).toEqual({
      reservation_id: reservation,
      status: "expired",
    });
  });
});

describe("what nobody has", () => {
  test.each(["nobody", "", "raaaaaaaaaaaaaaaaaaaaaaaaaa", "account", "*", ">", "r.x", "../r"])(
    "%j is unknown, and no subject is made of it",
    async (name) => {
      const { shop } = await held();
      const isAsked = name.length === 27;
      const checkout = isAsked ? shop.open() : shop.open({ checkout: unavailable });
      for (const ask of [checkout.get, checkout.confirm, checkout.cancel])
        expect(await problemOf(ask(ann, name))).toBe("404 unknown-reservation");
    },
  );
});

test("users of any name have records of their own", async () => {
  for (const name of ["Ann Smith", "a.b", "*", ">", "ann.account", "漢字", "account"]) {
    const { shop, checkout, reservation } = await held(id(name));
    await checkout.confirm(id(name), reservation);
    expect(await shop.orders(id(name))).toHaveLength(1);
    const subjects = [await shop.checkout.next(">", 1), await shop.checkout.next(">", 2)].map(
      (one) => one?.subject,
    );
    expect(subjects).toEqual([
      `checkout.${tokenOf(id(name))}.account`,
      `checkout.${tokenOf(id(name))}.${reservation}`,
    ]);
  }
});
