import { describe, expect, test } from "vitest";
import type { HoldAnswer, StockPort } from "../../actors/stock/stock-port.ts";
import { checkoutLimits } from "../../api/checkout/checkout-limits.ts";
import { isReservationId } from "../../api/checkout/reservation.ts";
import { type Log, LogRefused, LogUnavailable } from "../../streams/log.ts";
import { partitionOf } from "../../streams/partition.ts";
import { tokenOf } from "../../streams/identifier.ts";
import { id } from "../streams/id.ts";
import {
  ann,
  bob,
  chair,
  codeOf,
  lamp,
  lamps,
  noon,
  openFurnished,
  problemIn,
  problemOf,
  quoteFor,
  type Shop,
  unavailable,
  terms,
} from "./shop.ts";

/** From a quote to a reservation, by one server at a time. */

async function cart(shop: Shop, ...items: readonly (readonly [typeof lamp, number])[]) {
  const checkout = shop.open();
  const { quote } = await quoteFor(checkout, ann, items);
  return { checkout, quote };
}

describe("a reservation", () => {
  test("holds all lines for ten minutes, at the quoted prices", async () => {
    const shop = await openFurnished();
    const { checkout, quote } = await cart(shop, [lamp, 2], [chair, 1]);
    const { status, body, reservation, isReplayed } = await checkout.reserve(ann, "k", quote);
    expect([status, isReplayed, isReservationId(reservation)]).toEqual([201, false, true]);
    expect(body).toEqual({
      reservation_id: reservation,
      status: "held",
      expires_at: "2026-11-23T12:10:00.000Z",
      total: { amount: 8_998, currency: "GBP", display: "£89.98" },
      lines: [
        {
          product_id: "lamp",
          quantity: 2,
          price: { amount: 1_999, currency: "GBP", display: "£19.99" },
          line_total: { amount: 3_998, currency: "GBP", display: "£39.98" },
          sale: null,
        },
        {
          product_id: chair,
          quantity: 1,
          price: { amount: 5_000, currency: "GBP", display: "£50.00" },
          line_total: { amount: 5_000, currency: "GBP", display: "£50.00" },
          sale: null,
        },
      ],
    });
    expect([lamp, chair].map(shop.stock.available)).toEqual([3, 4]);
    expect(await checkout.get(ann, reservation)).toEqual(body);
    const kinds = (await shop.events(ann, reservation)).map(({ kind }) => kind);
    expect(kinds).toEqual(["begun", "answered"]);
  });

  test("asks keepers in the order of their products, with the event of stock that the quote saw", async () => {
    const shop = await openFurnished();
    const { checkout, quote } = await cart(shop, [lamps, 1], [lamp, 1], [chair, 1]);
    const { reservation } = await checkout.reserve(ann, "k", quote);
    const [first, second] = [chair, lamp].map((product) => partitionOf(tokenOf(product)));
    expect(shop.stock.asked).toEqual([`hold ${first} ${chair}`, `hold ${second} lamp,${lamps}`]);
    expect(shop.stock.requests[1]).toEqual({
      reservation,
      taking: 0,
      buyer: ann,
      until: noon + terms.holdMs,
      lines: [
        { product: lamp, quantity: 1, seen: 3 },
        { product: lamps, quantity: 1, seen: 6 },
      ],
    });
  });

  test("is no reservation where a line is short: what was taken before is given back", async () => {
    const shop = await openFurnished();
    const { checkout, quote } = await cart(shop, [chair, 5], [lamp, 6], [lamps, 1]);
    const { status, body, reservation } = await checkout.reserve(ann, "k", quote);
    expect(status).toBe(409);
    expect(body).toEqual({
      type: "urn:shelfwire:problem:out-of-stock",
      title: "There is less in stock than you want",
      status: 409,
      detail: "nothing was taken; ask for no more than there is",
      lines: [{ product_id: "lamp", available: 5 }],
    });
    expect([lamp, lamps, chair].map(shop.stock.available)).toEqual([5, 5, 5]);
    expect(await problemOf(checkout.get(ann, reservation))).toBe("404 unknown-reservation");
    expect(await problemOf(checkout.confirm(ann, reservation))).toBe("404 unknown-reservation");
  });
});

describe("a key", () => {
  test("with the same body has the same answer, whatever has happened since", async () => {
    const shop = await openFurnished();
    const { checkout, quote } = await cart(shop, [lamp, 5]);
    const first = await checkout.reserve(ann, "k", quote);
    await shop.price(lamp, 1);
    shop.clock.now += 12 * 3_600_000;
    // Another server, long after the quote and the reservation have expired.
    const again = await shop.open().reserve(ann, "k", quote);
    expect(again).toEqual({ ...first, isReplayed: true });
    await shop.settle(ann, first.reservation);
    expect(await shop.open().reserve(ann, "k", quote)).toEqual(again);
    expect(shop.stock.asked.filter((each) => each.startsWith("hold"))).toHaveLength(1);
  });

  test("has the same refusal too, also when there is stock again", async () => {
    const shop = await openFurnished();
    const { checkout, quote } = await cart(shop, [lamp, 6]);
    const first = await checkout.reserve(ann, "k", quote);
    expect(codeOf(first.body)).toBe("out-of-stock");
    await shop.count(lamp, 100);
    expect(await checkout.reserve(ann, "k", quote)).toEqual({ ...first, isReplayed: true });
    expect((await checkout.reserve(ann, "another", quote)).status).toBe(201);
  });

  test("with another body is refused, and the first answer stands", async () => {
    const shop = await openFurnished();
    const { checkout, quote } = await cart(shop, [lamp, 1]);
    const first = await checkout.reserve(ann, "k", quote);
    const other = await quoteFor(checkout, ann, [[lamp, 2]]);
    expect(await problemOf(checkout.reserve(ann, "k", other.quote))).toBe("422 idempotency-key-reused");
    expect(await checkout.reserve(ann, "k", quote)).toEqual({ ...first, isReplayed: true });
  });

  test("with another body is refused also where the first one came just before, and its attempt is over", async () => {
    const shop = await openFurnished();
    const [one, other] = await Promise.all([1, 2].map((many) => quoteFor(shop.open(), ann, [[lamp, many]])));
    const busy = shop.open({ stock: { ...shop.stock, hold: async () => ({ outcome: "busy" }) as const } });
    let isFirst = true;
    const last: Log["last"] = async (...asked) => {
      if (isFirst) {
        isFirst = false;
        expect(await problemOf(busy.reserve(ann, "k", one?.quote ?? ""))).toBe("503 overloaded");
        shop.clock.now += checkoutLimits.attemptMs;
      }
      return shop.catalog.last(...asked);
    };
    const late = shop.open({ catalog: { ...shop.catalog, last } });
    expect(await problemOf(late.reserve(ann, "k", other?.quote ?? ""))).toBe("422 idempotency-key-reused");
    expect((await shop.open().reserve(ann, "k", one?.quote ?? "")).body).toMatchObject({
      lines: [{ quantity: 1 }],
    });
  });

  test("of another user is another one", async () => {
    const shop = await openFurnished();
    const checkout = shop.open();
    const [anns, bobs] = await Promise.all([ann, bob].map((user) => quoteFor(checkout, user, [[lamp, 1]])));
    const first = await checkout.reserve(ann, "k", anns?.quote ?? "");
    const second = await checkout.reserve(bob, "k", bobs?.quote ?? "");
    expect([first.status, second.status, second.isReplayed]).toEqual([201, 201, false]);
    expect(await problemOf(checkout.get(bob, first.reservation))).toBe("404 unknown-reservation");
    expect(await problemOf(checkout.cancel(bob, first.reservation))).toBe("404 unknown-reservation");
    expect(await problemOf(checkout.confirm(bob, first.reservation))).toBe("404 unknown-reservation");
    expect(shop.stock.available(lamp)).toBe(3);
  });

  test("is in progress while its attempt has time, then the next one takes it up", async () => {
    const shop = await openFurnished();
    const { quote } = await cart(shop, [lamp, 2]);
    const silent = shop.open({ stock: { hold: () => new Promise(() => {}), end: async () => {} } });
    void silent.reserve(ann, "k", quote);
    await expect.poll(() => shop.checkout.bounds()).toMatchObject({ last: 2 });
    const problem = await problemIn(shop.open().reserve(ann, "k", quote));
    expect([problem.status, problem.code, problem.retryAfterSeconds]).toEqual([
      409,
      "reservation-in-progress",
      1,
    ]);
    const other = await quoteFor(shop.open(), ann, [[lamp, 1]]);
    expect(await problemOf(shop.open().reserve(ann, "k", other.quote))).toBe("422 idempotency-key-reused");
    shop.clock.now += checkoutLimits.attemptMs;
    const { status, isReplayed, reservation } = await shop.open().reserve(ann, "k", quote);
    expect([status, isReplayed]).toEqual([201, false]);
    expect((await shop.events(ann, reservation)).map(({ kind }) => kind)).toEqual([
      "begun",
      "resumed",
      "answered",
    ]);
  });

  test("whose attempt was taken over is not answered by the first one, which gives nothing back", async () => {
    const shop = await openFurnished();
    const { quote } = await cart(shop, [lamp, 2]);
    const answers: ((answer: HoldAnswer) => void)[] = [];
    const hold = () => new Promise<HoldAnswer>((resolve) => answers.push(resolve));
    const slow = () => shop.open({ stock: { ...shop.stock, hold } }).reserve(ann, "k", quote);
    const first = problemOf(slow());
    await expect.poll(() => answers.length).toBe(1);
    shop.clock.now += checkoutLimits.attemptMs;
    const second = slow();
    await expect.poll(() => answers.length).toBe(2);
    answers[0]?.({ outcome: "short", lines: [{ product: lamp, available: 0 }] });
    expect(await first).toBe("409 reservation-in-progress");
    answers[1]?.({ outcome: "held" });
    expect((await second).status).toBe(201);
    expect(shop.stock.asked).toEqual([]);
  });

  test("whose attempt was never taken up is worth nothing once its time is up", async () => {
    const shop = await openFurnished();
    const { quote } = await cart(shop, [lamp, 2]);
    const silent = shop.open({ stock: { hold: () => new Promise(() => {}), end: async () => {} } });
    void silent.reserve(ann, "k", quote);
    await expect.poll(() => shop.checkout.bounds()).toMatchObject({ last: 2 });
    shop.clock.now += terms.holdMs;
    expect(await problemOf(shop.open().reserve(ann, "k", quote))).toBe("410 reservation-expired");
    expect(await problemOf(shop.open().reserve(ann, "k", quote))).toBe("410 reservation-expired");
    expect(shop.stock.requests).toEqual([]);
  });
});

describe("a quote", () => {
  test("of another caller, or that nobody gave, is refused, also while the log is away", async () => {
    const shop = await openFurnished();
    const { quote } = await cart(shop, [lamp, 1]);
    const checkout = shop.open({ checkout: unavailable });
    expect(await problemOf(checkout.reserve(bob, "k", quote))).toBe("400 quote-invalid");
    expect(await problemOf(checkout.reserve(ann, "k", `${quote}x`))).toBe("400 quote-invalid");
    expect(await problemOf(checkout.reserve(ann, "k", ""))).toBe("400 quote-invalid");
  });

  test("is good for ten minutes", async () => {
    const shop = await openFurnished();
    const { checkout, quote } = await cart(shop, [lamp, 1]);
    shop.clock.now += checkoutLimits.quoteMs - 1;
    expect((await checkout.reserve(ann, "in time", quote)).status).toBe(201);
    shop.clock.now += 1;
    expect(await problemOf(checkout.reserve(ann, "late", quote))).toBe("410 quote-expired");
    expect((await checkout.reserve(ann, "in time", quote)).isReplayed).toBe(true);
  });

  test("of another log is worth nothing", async () => {
    const shop = await openFurnished();
    const { quote } = await quoteFor(shop.open({ epoch: 6 }), ann, [[lamp, 1]]);
    expect(await problemOf(shop.open().reserve(ann, "k", quote))).toBe("410 quote-expired");
  });

  test("whose price went up is refused with the old one and the new one", async () => {
    const shop = await openFurnished();
    const { checkout, quote } = await cart(shop, [lamp, 1], [chair, 1]);
    await shop.price(chair, 5_001);
    const { status, body } = await checkout.reserve(ann, "k", quote);
    expect(status).toBe(409);
    expect(body).toMatchObject({
      type: "urn:shelfwire:problem:price-moved",
      lines: [
        {
          product_id: chair,
          old: { amount: 5_000, currency: "GBP", display: "£50.00" },
          new: { amount: 5_001, currency: "GBP", display: "£50.01" },
        },
      ],
    });
    expect(shop.stock.asked).toEqual([]);
    expect((await checkout.reserve(ann, "k", quote)).body).toEqual(body);
  });

  test("whose sale is over is refused, and so is one in another currency", async () => {
    const shop = await openFurnished();
    await shop.sale("spring", lamp, 1_500, { to: noon + 60_000 });
    const { checkout, quote } = await cart(shop, [lamp, 1]);
    shop.clock.now = noon + 60_000;
    expect((await checkout.reserve(ann, "k", quote)).body).toMatchObject({
      lines: [{ old: { amount: 1_500 }, new: { amount: 1_999 } }],
    });
    const fresh = await quoteFor(checkout, ann, [[lamp, 1]]);
    await shop.price(lamp, 1, "EUR");
    expect((await checkout.reserve(ann, "l", fresh.quote)).body).toMatchObject({
      lines: [{ old: { currency: "GBP" }, new: { amount: 1, currency: "EUR" } }],
    });
  });

  test("whose price went down is sold for less", async () => {
    const shop = await openFurnished();
    const { checkout, quote } = await cart(shop, [lamp, 2]);
    await shop.sale("spring", lamp, 1_500);
    const { body, reservation } = await checkout.reserve(ann, "k", quote);
    expect(body).toMatchObject({
      total: { amount: 3_000 },
      lines: [{ price: { amount: 1_500 }, sale: "spring" }],
    });
    await checkout.confirm(ann, reservation);
    expect((await shop.orders(ann))[0]?.items).toEqual([
      { product_id: "lamp", quantity: 2, unit_price: { amount: 1_500, currency: "GBP" } },
    ]);
  });

  test("of what is not for sale, or no longer, is refused with its lines", async () => {
    const shop = await openFurnished();
    await shop.product(id("unpriced"));
    const { checkout, quote } = await cart(shop, [id("unpriced"), 1], [lamp, 1], [chair, 1]);
    await shop.product(chair, { status: "discontinued" });
    const { status, body } = await checkout.reserve(ann, "k", quote);
    expect([status, codeOf(body)]).toEqual([409, "not-for-sale"]);
    expect(body).toMatchObject({ lines: [{ product_id: "unpriced" }, { product_id: chair }] });
  });
});

describe("when something does not answer", () => {
  test("without a leader of any log it is 503, with nothing taken", async () => {
    const shop = await openFurnished();
    const { checkout, quote } = await cart(shop, [lamp, 1]);
    const { reservation } = await checkout.reserve(ann, "held", quote);
    for (const away of ["catalog", "checkout"] as const) {
      const problem = await problemIn(shop.open({ [away]: unavailable }).reserve(ann, "k", quote));
      expect([problem.status, problem.code, problem.retryAfterSeconds]).toEqual([503, "unavailable", 1]);
    }
    for (const away of ["activity", "checkout"] as const)
      expect(await problemOf(shop.open({ [away]: unavailable }).confirm(ann, reservation))).toBe(
        "503 unavailable",
      );
    expect(shop.stock.available(lamp)).toBe(4);
    expect((await shop.open().reserve(ann, "k", quote)).status).toBe(201);
  });

  test("without a keeper it is 503, and whoever repeats the request need not wait for the attempt to end", async () => {
    const shop = await openFurnished();
    const { quote } = await cart(shop, [lamp, 1]);
    const silent = {
      ...shop.stock,
      hold: async () => {
        throw new LogUnavailable("no keeper");
      },
    };
    expect(await problemOf(shop.open({ stock: silent }).reserve(ann, "k", quote))).toBe("503 unavailable");
    const busy = { ...shop.stock, hold: async () => ({ outcome: "busy" }) as const };
    const problem = await problemIn(shop.open({ stock: busy }).reserve(ann, "k", quote));
    expect([problem.status, problem.code, problem.retryAfterSeconds]).toEqual([503, "overloaded", 1]);
    const { status, reservation } = await shop.open().reserve(ann, "k", quote);
    expect([status, shop.stock.available(lamp)]).toEqual([201, 4]);
    const kinds = (await shop.events(ann, reservation)).map(({ kind }) => kind);
    expect(kinds).toEqual(["begun", "yielded", "resumed", "yielded", "resumed", "answered"]);
  });

  test("a key is used up by so many attempts, and by one that would end behind its time", async () => {
    for (const [tries, pauseMs] of [
      [checkoutLimits.attemptsMax, 0],
      [1, terms.holdMs - checkoutLimits.attemptMs],
    ] as const) {
      const shop = await openFurnished();
      const { quote } = await cart(shop, [lamp, 1]);
      const away = async () => {
        throw new LogUnavailable("no keeper");
      };
      // What became of the question is not known: here the units are on hold.
      const deaf: StockPort = { ...shop.stock, hold: (...asked) => shop.stock.hold(...asked).then(away) };
      for (let at = 0; at < tries; at++)
        expect(await problemOf(shop.open({ stock: deaf }).reserve(ann, "k", quote))).toBe("503 unavailable");
      expect(shop.stock.available(lamp)).toBe(4);
      shop.clock.now += pauseMs;
      expect(await problemOf(shop.open().reserve(ann, "k", quote))).toBe("410 reservation-expired");
      expect(shop.stock.available(lamp)).toBe(5);
    }
  });

  test("nobody is promised what is given back by then", async () => {
    const shop = await openFurnished();
    const { quote } = await cart(shop, [lamp, 1]);
    const slow: StockPort = {
      ...shop.stock,
      async hold(...asked) {
        const answer = await shop.stock.hold(...asked);
        shop.clock.now += terms.holdMs;
        return answer;
      },
    };
    expect(await problemOf(shop.open({ stock: slow }).reserve(ann, "k", quote))).toBe(
      "410 reservation-expired",
    );
    expect(shop.stock.available(lamp)).toBe(5);
  });

  test("a process that stood still between entering and beginning begins nothing", async () => {
    const shop = await openFurnished();
    const { quote } = await cart(shop, [lamp, 1]);
    const append: Log["append"] = async (subject, ...more) => {
      const appended = await shop.checkout.append(subject, ...more);
      if (subject.endsWith(".account")) shop.clock.now += checkoutLimits.attemptMs;
      return appended;
    };
    const frozen = shop.open({ checkout: { ...shop.checkout, append } });
    expect(await problemOf(frozen.reserve(ann, "k", quote))).toBe("503 unavailable");
    expect(shop.stock.requests).toEqual([]);
    expect((await shop.open().reserve(ann, "k", quote)).status).toBe(201);
  });

  test("a part of a cart is given back, and whoever asks again takes it anew", async () => {
    for (const [code, failing] of [
      ["503 unavailable", () => Promise.reject(new LogUnavailable("no keeper"))],
      ["503 overloaded", () => Promise.resolve({ outcome: "busy" } as const)],
    ] as const) {
      const shop = await openFurnished();
      const { quote } = await cart(shop, [chair, 1], [lamp, 1]);
      const half: StockPort = {
        ...shop.stock,
        hold: (partition, request) =>
          partition === partitionOf(tokenOf(lamp)) ? failing() : shop.stock.hold(partition, request),
      };
      for (let times = 0; times < 2; times++) {
        expect(await problemOf(shop.open({ stock: half }).reserve(ann, "k", quote))).toBe(code);
        expect([chair, lamp].map(shop.stock.available)).toEqual([5, 5]);
      }
      const { status, reservation } = await shop.open().reserve(ann, "k", quote);
      expect([status, ...[chair, lamp].map(shop.stock.available)]).toEqual([201, 4, 4]);
      const kinds = (await shop.events(ann, reservation)).map(({ kind }) => kind);
      expect(kinds).toEqual(["begun", "returned", "resumed", "returned", "resumed", "answered"]);
      await shop.open().confirm(ann, reservation);
      expect([chair, lamp].map(shop.stock.sold)).toEqual([1, 1]);
    }
  });

  test("a part that its keeper could not be told of comes back with the next request, or when its time is up", async () => {
    const shop = await openFurnished();
    const { quote } = await cart(shop, [chair, 5], [lamp, 1]);
    const half: StockPort = {
      hold: (partition, request) =>
        partition === partitionOf(tokenOf(lamp))
          ? Promise.resolve({ outcome: "busy" })
          : shop.stock.hold(partition, request),
      end: () => Promise.reject(new LogUnavailable("no keeper")),
    };
    expect(await problemOf(shop.open({ stock: half }).reserve(ann, "k", quote))).toBe("503 overloaded");
    expect(shop.stock.available(chair)).toBe(0);
    const { status, reservation } = await shop.open().reserve(ann, "k", quote);
    expect([status, shop.stock.available(chair)]).toEqual([201, 0]);
    expect(shop.stock.open().map(({ taking }) => taking)).toEqual([1, 1]);
    const { quote: second } = await cart(shop, [chair, 1], [lamp, 1]);
    await shop.open().cancel(ann, reservation);
    expect(await problemOf(shop.open({ stock: half }).reserve(ann, "l", second))).toBe("503 overloaded");
    expect(shop.stock.available(chair)).toBe(4);
    shop.clock.now += terms.holdMs;
    await shop.sweep();
    expect(shop.stock.available(chair)).toBe(5);
  });

  test("a part of which nothing is known is given back as well", async () => {
    const shop = await openFurnished();
    const { quote } = await cart(shop, [chair, 1], [lamp, 1]);
    const deaf: StockPort = {
      ...shop.stock,
      async hold(partition, request) {
        const answer = await shop.stock.hold(partition, request);
        if (partition === partitionOf(tokenOf(lamp))) throw new LogUnavailable("the answer was lost");
        return answer;
      },
    };
    expect(await problemOf(shop.open({ stock: deaf }).reserve(ann, "k", quote))).toBe("503 unavailable");
    expect([chair, lamp].map(shop.stock.available)).toEqual([5, 5]);
  });

  test("what is left of a part that was given up is nobody's, and its end is not that of the reservation", async () => {
    const shop = await openFurnished();
    const { quote } = await cart(shop, [chair, 1], [lamp, 1]);
    const half: StockPort = {
      hold: () => Promise.resolve({ outcome: "busy" }),
      end: () => Promise.reject(new LogUnavailable("no keeper")),
    };
    const lost: StockPort = {
      ...half,
      hold: (partition, request) =>
        partition === partitionOf(tokenOf(lamp))
          ? half.hold(partition, request)
          : shop.stock.hold(partition, request),
    };
    expect(await problemOf(shop.open({ stock: lost }).reserve(ann, "k", quote))).toBe("503 overloaded");
    const { reservation } = await shop.open().reserve(ann, "k", quote);
    expect(await shop.settle(ann, reservation, 0)).toBe("cancelled");
    expect(await shop.open().get(ann, reservation)).toMatchObject({ status: "held" });
    await shop.open().confirm(ann, reservation);
    expect(await shop.settle(ann, reservation, 0)).toBe("cancelled");
    expect(await shop.settle(ann, reservation, 1)).toBe("sold");
  });

  test("a log that is full is 503 as well", async () => {
    const shop = await openFurnished();
    const { quote } = await cart(shop, [lamp, 1]);
    const full = {
      ...shop.checkout,
      append: async () => {
        throw new LogRefused("full");
      },
    };
    expect(await problemOf(shop.open({ checkout: full }).reserve(ann, "k", quote))).toBe("503 unavailable");
  });

  test("an attempt that is too slow takes nothing more, since another one may have begun", async () => {
    const shop = await openFurnished();
    const { quote } = await cart(shop, [chair, 1], [lamp, 1]);
    const slow = {
      ...shop.stock,
      hold: async (...asked: Parameters<typeof shop.stock.hold>) => {
        const answer = await shop.stock.hold(...asked);
        shop.clock.now += checkoutLimits.attemptMs;
        return answer;
      },
    };
    expect(await problemOf(shop.open({ stock: slow }).reserve(ann, "k", quote))).toBe("503 overloaded");
    expect([chair, lamp].map(shop.stock.available)).toEqual([5, 5]);
    expect((await shop.open().reserve(ann, "k", quote)).status).toBe(201);
    expect([chair, lamp].map(shop.stock.available)).toEqual([4, 4]);
  });
});
