import { describe, expect, test } from "vitest";
import { checkoutLimits } from "../../api/checkout/checkout-limits.ts";
import { decodeAccount, encodeAccount } from "../../streams/checkout-account.ts";
import { type Log, LogUnavailable } from "../../streams/log.ts";
import { id } from "../streams/id.ts";
import {
  ann,
  bob,
  chair,
  codeOf,
  lamp,
  noon,
  openFurnished,
  problemIn,
  problemOf,
  quoteFor,
  type Shop,
  terms,
} from "./shop.ts";

/** What one account may have. */

const { openMax, openInSaleMax, perMinuteMax, holdMs } = terms;
const { minuteMs, attemptMs, rememberedMax } = checkoutLimits;

async function buy(shop: Shop, key: string, quantity = 1, user = ann) {
  const checkout = shop.open();
  const { quote } = await quoteFor(checkout, user, [[lamp, quantity]]);
  return checkout.reserve(user, key, quote);
}

/** A server that loses the log once it has entered a reservation. */
function whileEntering(shop: Shop) {
  const append: Log["append"] = async (subject, ...more) => {
    if (!subject.endsWith(".account")) throw new LogUnavailable("it went away");
    return shop.checkout.append(subject, ...more);
  };
  return shop.open({ checkout: { ...shop.checkout, append } });
}

const outcomeOf = (work: Promise<{ readonly status: number }>) =>
  work.then(
    ({ status }) => String(status),
    () => problemOf(work),
  );

async function stocked(quantity = 1_000): Promise<Shop> {
  const shop = await openFurnished();
  await shop.count(lamp, quantity);
  return shop;
}

describe("open reservations", () => {
  test("may be so many; one more is refused until the first of them has ended", async () => {
    const shop = await stocked();
    for (let at = 0; at < openMax; at++) {
      expect((await buy(shop, `k${at}`)).status).toBe(201);
      shop.clock.now += minuteMs;
    }
    const problem = await problemIn(buy(shop, "more"));
    expect([problem.status, problem.code]).toEqual([429, "too-many-reservations"]);
    expect(problem.retryAfterSeconds).toBe((holdMs - openMax * minuteMs) / 1_000);
    expect(shop.stock.available(lamp)).toBe(1_000 - openMax);
    expect((await buy(shop, "bob's", 1, bob)).status).toBe(201);
    shop.clock.now += (problem.retryAfterSeconds ?? 0) * 1_000;
    expect((await buy(shop, "more")).status).toBe(201);
  });

  test("are not those that were confirmed, cancelled or refused", async () => {
    const shop = await stocked();
    const checkout = shop.open();
    for (let at = 0; at < openMax; at++) {
      const { reservation } = await buy(shop, `k${at}`);
      if (at % 2 === 0) await checkout.confirm(ann, reservation);
      else await checkout.cancel(ann, reservation);
    }
    for (let at = 0; at < openMax; at++) expect((await buy(shop, `refused${at}`, 5_000)).status).toBe(409);
    for (let at = 0; at < openMax; at++) expect((await buy(shop, `more${at}`)).status).toBe(201);
    expect((await problemIn(buy(shop, "too many"))).code).toBe("too-many-reservations");
  });

  test("are counted one behind the other also when they are asked for at once", async () => {
    const shop = await stocked();
    const asked = Array.from({ length: 3 * openMax }, (_, at) => buy(shop, `k${at}`));
    const all = await Promise.allSettled(asked);
    const given = all.filter((each) => each.status === "fulfilled");
    expect(given.length).toBeGreaterThan(0);
    expect(given.length).toBeLessThanOrEqual(openMax);
    expect(1_000 - shop.stock.available(lamp)).toBe(given.length);
  });

  test("are counted also where two that were entered at once were taken for one", async () => {
    const shop = await stocked();
    let isFirst = true;
    const append: Log["append"] = async (subject, payload, options) => {
      if (!subject.endsWith(".account") || !isFirst) return shop.checkout.append(subject, payload, options);
      isFirst = false;
      // What stands there with this id is another one, which the server does not say.
      const other = encodeAccount([
        { reservation: "other", at: noon, until: noon + holdMs, inSale: false, limited: [] },
      ]);
      const appended = await shop.checkout.append(subject, other, options);
      return appended.outcome === "stored" ? { ...appended, duplicate: false } : appended;
    };
    const checkout = shop.open({ checkout: { ...shop.checkout, append } });
    const { quote } = await quoteFor(checkout, ann, [[lamp, 1]]);
    const { reservation } = await checkout.reserve(ann, "key", quote);
    const account = await shop.checkout.last(`checkout.${ann}.account`);
    const entered = (account && decodeAccount(account.payload)) ?? [];
    expect(entered.map((entry) => entry.reservation)).toEqual(["other", reservation]);
  });

  test("are not those that were entered and never begun, once a minute has passed", async () => {
    const shop = await stocked();
    const { quote } = await quoteFor(shop.open(), ann, [[lamp, 1]]);
    const dying = whileEntering(shop);
    for (let at = 0; at < openMax; at++)
      expect((await problemIn(dying.reserve(ann, `k${at}`, quote))).code).toBe("unavailable");
    expect((await problemIn(buy(shop, "more"))).code).toBe("too-many-reservations");
    shop.clock.now += minuteMs;
    expect((await buy(shop, "more")).status).toBe(201);
  });

  test("that were entered long before they were begun are open from then on", async () => {
    const shop = await stocked();
    const { quote } = await quoteFor(shop.open(), ann, [[lamp, 1]]);
    expect(await problemOf(whileEntering(shop).reserve(ann, "k0", quote))).toBe("503 unavailable");
    shop.clock.now += holdMs - minuteMs;
    for (let at = 0; at < openMax; at++)
      expect((await shop.open().reserve(ann, `k${at}`, quote)).status).toBe(201);
    shop.clock.now += 2 * minuteMs;
    expect(await problemOf(buy(shop, "more"))).toBe("429 too-many-reservations");
  });

  test("asked for at once with one key are one, however many ask", async () => {
    const shop = await stocked();
    const { quote } = await quoteFor(shop.open(), ann, [[lamp, 1]]);
    const asked = Array.from({ length: 30 }, () => outcomeOf(shop.open().reserve(ann, "k", quote)));
    expect(new Set(await Promise.all(asked))).toEqual(new Set(["201", "409 reservation-in-progress"]));
    for (let at = 1; at < openMax; at++) expect((await buy(shop, `k${at}`)).status).toBe(201);
  });

  test("of what is in a sale may be fewer, beside others", async () => {
    const shop = await stocked();
    await shop.count(chair, 1_000);
    await shop.sale("spring", lamp, 1_000);
    const plain = async (key: string) => {
      const { quote } = await quoteFor(shop.open(), ann, [[chair, 1]]);
      return shop.open().reserve(ann, key, quote);
    };
    const { reservation } = await plain("plain");
    for (let at = 0; at < openInSaleMax; at++) expect((await buy(shop, `k${at}`)).status).toBe(201);
    const problem = await problemIn(buy(shop, "more"));
    expect([problem.status, problem.code, problem.message]).toEqual([
      429,
      "too-many-reservations",
      `at most ${openInSaleMax} reservations may be open in sales; confirm or cancel one`,
    ]);
    await shop.open().cancel(ann, reservation);
    expect((await problemIn(buy(shop, "more"))).code).toBe("too-many-reservations");
    for (let at = openInSaleMax; at < openMax; at++) expect((await plain(`p${at}`)).status).toBe(201);
    expect((await problemIn(plain("too many"))).code).toBe("too-many-reservations");
    await shop.open().cancel(ann, (await buy(shop, "k0")).reservation);
    expect((await buy(shop, "again")).status).toBe(201);
  });

  test("a repeated request is not another one", async () => {
    const shop = await stocked();
    for (let at = 0; at < openMax; at++) await buy(shop, `k${at}`);
    expect(await buy(shop, "k0")).toMatchObject({ status: 201, isReplayed: true });
  });
});

test("so many may be begun in a minute, whatever becomes of them", async () => {
  const shop = await stocked();
  const { quote: old } = await quoteFor(shop.open(), ann, [[lamp, 1]]);
  await shop.price(lamp, 2_000);
  for (let at = 0; at < perMinuteMax; at++) {
    if (at % 2 === 0) expect((await shop.open().reserve(ann, `k${at}`, old)).status).toBe(409);
    else await shop.open().cancel(ann, (await buy(shop, `k${at}`)).reservation);
    shop.clock.now += 1_000;
  }
  const problem = await problemIn(buy(shop, "more"));
  expect([problem.status, problem.retryAfterSeconds]).toEqual([
    429,
    (minuteMs - perMinuteMax * 1_000) / 1_000,
  ]);
  shop.clock.now += (problem.retryAfterSeconds ?? 0) * 1_000;
  expect((await buy(shop, "more")).status).toBe(201);
});

describe("a purchase limit", () => {
  async function onSale(): Promise<Shop> {
    const shop = await stocked();
    await shop.sale("spring", lamp, 1_000, { limit: 3 });
    return shop;
  }

  test("holds for one reservation", async () => {
    const shop = await onSale();
    const { status, body } = await buy(shop, "k", 4);
    expect([status, codeOf(body)]).toEqual([409, "purchase-limit"]);
    expect(body).toMatchObject({ lines: [{ product_id: "lamp", left: 3 }] });
    expect((await buy(shop, "l", 3)).status).toBe(201);
  });

  test("holds for all that one buyer has, days after they were sold, and for nobody else", async () => {
    const shop = await stocked();
    await shop.sale("spring", lamp, 1_000, { limit: 3, to: noon + 10 * 86_400_000 });
    const { reservation } = await buy(shop, "k", 2);
    await shop.open().confirm(ann, reservation);
    shop.clock.now += 3 * 86_400_000;
    expect((await buy(shop, "l", 2)).body).toMatchObject({ lines: [{ left: 1 }] });
    expect((await buy(shop, "m", 1)).status).toBe(201);
    expect((await buy(shop, "n", 1)).body).toMatchObject({ lines: [{ left: 0 }] });
    expect((await buy(shop, "k", 3, bob)).status).toBe(201);
  });

  test("is given back with what was cancelled or has expired", async () => {
    const shop = await onSale();
    const first = await buy(shop, "k", 3);
    await shop.open().cancel(ann, first.reservation);
    const second = await buy(shop, "l", 3);
    expect(second.status).toBe(201);
    shop.clock.now += holdMs;
    await shop.settle(ann, second.reservation);
    expect((await buy(shop, "m", 3)).status).toBe(409);
    await shop.sweep();
    expect((await buy(shop, "n", 3)).status).toBe(201);
  });

  test("is no more than the keeper is told, who knows what is on hold", async () => {
    const shop = await onSale();
    const { reservation } = await buy(shop, "k", 2);
    const { reservation: second } = await buy(shop, "l", 1);
    expect(shop.stock.requests.map((request) => [request.reservation, request.lines[0]?.limit])).toEqual([
      [reservation, { sale: "spring", units: 3, known: [] }],
      [second, { sale: "spring", units: 3, known: [[reservation, 2]] }],
    ]);
  });

  test("ends with its sale, and goes on where that is extended", async () => {
    const shop = await stocked();
    await shop.sale("spring", lamp, 1_000, { limit: 1, to: noon + minuteMs });
    const { reservation } = await buy(shop, "k", 1);
    await shop.open().confirm(ann, reservation);
    expect((await buy(shop, "l", 1)).status).toBe(409);
    shop.clock.now += minuteMs;
    expect((await buy(shop, "m", 50)).status).toBe(201);
    await shop.sale("spring", lamp, 1_000, { limit: 1, to: noon + 10 * minuteMs });
    expect((await buy(shop, "n", 1)).body).toMatchObject({ lines: [{ left: 0 }] });
  });

  test("is given back by what was begun and left, once its time is up", async () => {
    const shop = await onSale();
    const { quote } = await quoteFor(shop.open(), ann, [[lamp, 3]]);
    const busy = shop.open({ stock: { ...shop.stock, hold: async () => ({ outcome: "busy" }) as const } });
    expect(await problemOf(busy.reserve(ann, "k", quote))).toBe("503 overloaded");
    expect((await buy(shop, "l", 1)).status).toBe(409);
    shop.clock.now += holdMs + attemptMs;
    expect((await buy(shop, "m", 3)).status).toBe(201);
  });

  test("holds for reservations that are asked for at once", async () => {
    const shop = await onSale();
    const answers = await Promise.allSettled(["k", "l", "m", "n"].map((key) => buy(shop, key, 2)));
    const given = answers.filter((each) => each.status === "fulfilled" && each.value.status === 201);
    expect(given).toHaveLength(1);
    expect(shop.stock.available(lamp)).toBe(998);
  });
});

describe("what an account remembers", () => {
  test("is bounded, in reservations and in lines with a limit", async () => {
    const shop = await stocked();
    const ends = noon + 86_400_000;
    const names = Array.from({ length: rememberedMax / 5 }, (_, at) => `r${at}`);
    const limited = [1, 2, 3, 4].map((at) => ({ sale: id(`sale-${at}`), product: lamp, units: 1, ends }));
    const at = noon - minuteMs;
    const entries = names.map((reservation) => ({ reservation, at, until: 0, inSale: true, limited }));
    await shop.checkout.append(`checkout.${ann}.account`, encodeAccount(entries));
    // Nobody has begun them: that is seen where it matters, and they are forgotten.
    expect((await buy(shop, "k")).status).toBe(201);
    const account = await shop.checkout.last(`checkout.${ann}.account`);
    expect(account && decodeAccount(account.payload)).toHaveLength(1);
  });

  test("is not written over where it cannot be read", async () => {
    const shop = await stocked();
    await shop.checkout.append(`checkout.${ann}.account`, Buffer.from('{"v":9}'));
    const { last } = await shop.checkout.bounds();
    expect(await problemOf(buy(shop, "k"))).toBe("503 unavailable");
    expect((await shop.checkout.bounds()).last).toBe(last);
    expect((await buy(shop, "k", 1, bob)).status).toBe(201);
  });
});

test("the account is read as it was written, and anything else is none", () => {
  const entries = [
    { reservation: "r1", at: 1, until: 2, inSale: false, limited: [] },
    {
      reservation: "r2",
      at: 1,
      until: 0,
      inSale: true,
      limited: [{ sale: id("spring"), product: lamp, units: 2, ends: 9 }],
    },
  ];
  const bytes = encodeAccount(entries);
  expect(decodeAccount(bytes)).toEqual(entries);
  expect(bytes.toString()).toBe(
    '{"v":1,"reservations":[{"reservation":"r1","at":1,"until":2,"in_sale":false,"limited":[]},{"reservation":"r2","at":1,"until":0,"in_sale":true,"limited":[{"product_id":"lamp","sale":"spring","units":2,"ends":9}]}]}',
  );
  for (let end = 0; end < bytes.length; end++) expect(decodeAccount(bytes.subarray(0, end))).toBeUndefined();
  expect(decodeAccount(Buffer.from('{"v":2,"reservations":[]}'))).toBeUndefined();
});
