import fc from "fast-check";
import { expect, test } from "vitest";
import { checkoutLimits } from "../../api/checkout/checkout-limits.ts";
import { reservationOf } from "../../api/checkout/reservation.ts";
import {
  ann,
  chair,
  codeOf,
  type Items,
  lamp,
  openFurnished,
  quoteFor,
  type Shop,
  type Tiers,
  terms,
} from "./shop.ts";

/**
 * A server that dies anywhere between two steps: after it has asked for something and before that was done, or after it was
 * done and before it heard so. Nothing of it happens any more. What the client gets by asking again is one reservation, or
 * one refusal; and when all time is up, nothing is on hold that is not sold.
 */
interface Death {
  /** How many calls of logs and keepers it lives to see. */
  readonly after: number;
  readonly heard: "not done" | "done, not heard";
}

class Died extends Error {}

const died = (error: unknown) => {
  if (!(error instanceof Died)) throw error;
};

/** The tiers as a mortal sees them, and how often it has called them. */
function mortal(shop: Shop, { after, heard }: Death) {
  let calls = 0;
  const wrap =
    <Args extends readonly unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      if (calls++ < after) return call(...args);
      if (calls === after + 1 && heard === "done, not heard") await call(...args);
      throw new Died();
    };
  const log = (of: Shop["checkout"]) => ({
    ...of,
    append: wrap(of.append),
    last: wrap(of.last),
    next: wrap(of.next),
    bounds: wrap(of.bounds),
  });
  const tiers: Partial<Tiers> = {
    catalog: log(shop.catalog),
    checkout: log(shop.checkout),
    activity: log(shop.activity),
    stock: { hold: wrap(shop.stock.hold), end: wrap(shop.stock.end) },
  };
  return { tiers, isAlive: () => calls <= after };
}

async function shopWith(items: Items) {
  const shop = await openFurnished();
  await shop.sale("spring", lamp, 1_500, { limit: 4 });
  const { quote } = await quoteFor(shop.open(), ann, items);
  return { shop, quote, reservation: reservationOf(ann, "k") };
}

/** Each death in turn, until one comes too late. Gives how many there were. */
async function everyDeath(run: (death: Death) => Promise<boolean>): Promise<number> {
  for (let after = 0; ; after++) {
    const lives = [await run({ after, heard: "not done" }), await run({ after, heard: "done, not heard" })];
    if (lives.every((isAlive) => isAlive)) return after;
  }
}

async function answers(shop: Shop, reservation: string): Promise<readonly number[]> {
  const events = await shop.events(ann, reservation);
  return events.flatMap((event) => (event.kind === "answered" ? [event.status] : []));
}

const left = (shop: Shop) => [lamp, chair].map(shop.stock.available);

test("whoever asks again after a crash has the one reservation", async () => {
  const deaths = await everyDeath(async (death) => {
    const { shop, quote, reservation } = await shopWith([
      [lamp, 2],
      [chair, 1],
    ]);
    const { tiers, isAlive } = mortal(shop, death);
    await shop.open(tiers).reserve(ann, "k", quote).catch(died);
    shop.clock.now += checkoutLimits.attemptMs;
    const first = await shop.open().reserve(ann, "k", quote);
    expect([first.status, first.reservation], JSON.stringify(death)).toEqual([201, reservation]);
    expect(await shop.open().reserve(ann, "k", quote)).toEqual({ ...first, isReplayed: true });
    expect(await answers(shop, reservation)).toEqual([201]);
    expect(left(shop)).toEqual([3, 4]);
    await shop.open().confirm(ann, reservation);
    shop.clock.now += terms.holdMs;
    await shop.sweep();
    expect([lamp, chair].map(shop.stock.sold)).toEqual([2, 1]);
    return isAlive();
  });
  expect(deaths).toBeGreaterThan(15);
});

test("whoever asks again after a crash has the one refusal, and nothing stays on hold", async () => {
  const deaths = await everyDeath(async (death) => {
    const { shop, quote, reservation } = await shopWith([
      [lamp, 6],
      [chair, 1],
    ]);
    await shop.sale("spring", lamp, 1_500);
    const { tiers, isAlive } = mortal(shop, death);
    await shop.open(tiers).reserve(ann, "k", quote).catch(died);
    shop.clock.now += checkoutLimits.attemptMs;
    const first = await shop.open().reserve(ann, "k", quote);
    expect([first.status, codeOf(first.body)]).toEqual([409, "out-of-stock"]);
    expect(await answers(shop, reservation)).toEqual([409]);
    shop.clock.now += terms.holdMs;
    await shop.sweep();
    expect(left(shop)).toEqual([5, 5]);
    return isAlive();
  });
  expect(deaths).toBeGreaterThan(15);
});

test("what an attempt took before it died is given back if the next one must refuse", async () => {
  await everyDeath(async (death) => {
    const { shop, quote } = await shopWith([
      [lamp, 2],
      [chair, 1],
    ]);
    const { tiers, isAlive } = mortal(shop, death);
    await shop.open(tiers).reserve(ann, "k", quote).catch(died);
    const wasAnswered = (await answers(shop, reservationOf(ann, "k"))).length > 0;
    await shop.price(chair, 9_000);
    shop.clock.now += checkoutLimits.attemptMs;
    const { status, body } = await shop.open().reserve(ann, "k", quote);
    if (wasAnswered) expect(status).toBe(201);
    else {
      expect([status, codeOf(body)]).toEqual([409, "price-moved"]);
      expect(left(shop)).toEqual([5, 5]);
    }
    return isAlive();
  });
});

test("crash after crash it comes to the same", async () => {
  const death = fc.record<Death>({
    after: fc.nat(40),
    heard: fc.constantFrom("not done", "done, not heard"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(death, { minLength: 2, maxLength: 5 }), async (deaths) => {
      const { shop, quote, reservation } = await shopWith([
        [lamp, 2],
        [chair, 1],
      ]);
      for (const each of deaths) {
        await shop.open(mortal(shop, each).tiers).reserve(ann, "k", quote).catch(died);
        shop.clock.now += checkoutLimits.attemptMs;
      }
      expect((await shop.open().reserve(ann, "k", quote)).status).toBe(201);
      expect(await answers(shop, reservation)).toEqual([201]);
      expect(left(shop)).toEqual([3, 4]);
    }),
    { numRuns: 200 },
  );
});

test.each(["again", "never again"])(
  "who confirms, and asks %s after a crash, has one order or none",
  async (asks) => {
    const deaths = await everyDeath(async (death) => {
      const { shop, quote, reservation } = await shopWith([
        [lamp, 2],
        [chair, 1],
      ]);
      await shop.open().reserve(ann, "k", quote);
      const { tiers, isAlive } = mortal(shop, death);
      await shop.open(tiers).confirm(ann, reservation).catch(died);
      // The memory of message ids is gone by the time.
      shop.clock.now += 300_000;
      if (asks === "again") await shop.open().confirm(ann, reservation);
      shop.clock.now += terms.holdMs;
      await shop.sweep();
      const isConfirmed = (await shop.events(ann, reservation)).some(({ kind }) => kind === "confirmed");
      if (asks === "again") expect(isConfirmed).toBe(true);
      expect((await shop.orders(ann)).map(({ order_id }) => order_id)).toEqual(
        isConfirmed ? [reservation] : [],
      );
      expect([lamp, chair].map(shop.stock.sold)).toEqual(isConfirmed ? [2, 1] : [0, 0]);
      expect(left(shop)).toEqual(isConfirmed ? [3, 4] : [5, 5]);
      return isAlive();
    });
    expect(deaths).toBeGreaterThan(8);
  },
);

test("who cancels and asks again after a crash has cancelled, and nothing stays on hold", async () => {
  const deaths = await everyDeath(async (death) => {
    const { shop, quote, reservation } = await shopWith([
      [lamp, 2],
      [chair, 1],
    ]);
    await shop.open().reserve(ann, "k", quote);
    const { tiers, isAlive } = mortal(shop, death);
    await shop.open(tiers).cancel(ann, reservation).catch(died);
    expect(await shop.open().cancel(ann, reservation)).toEqual({
      reservation_id: reservation,
      status: "cancelled",
    });
    expect(left(shop)).toEqual([5, 5]);
    return isAlive();
  });
  expect(deaths).toBeGreaterThan(4);
});
