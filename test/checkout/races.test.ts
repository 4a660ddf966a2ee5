import fc from "fast-check";
import { expect, test } from "vitest";
import { checkoutLimits } from "../../api/checkout/checkout-limits.ts";
import { reservationOf } from "../../api/checkout/reservation.ts";
import { Problem } from "../../api/problems.ts";
import type { Log } from "../../streams/log.ts";
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
 * Several servers at one reservation, each step of each held up for as long as it takes the others to do anything else, on
 * a log that honours expectations and on one that takes both of two racing writes.
 */

/** Takes whatever comes, as nats-server before 2.9.21 does in the moment of a race. */
const careless = (log: Log): Log => ({ ...log, append: (subject, payload) => log.append(subject, payload) });

function heldUp(shop: Shop, log: Log, scheduler: fc.Scheduler): Partial<Tiers> {
  const step =
    <Args extends readonly unknown[], Result>(name: string, call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      await scheduler.schedule(Promise.resolve(), `${name} ${String(args[0])}`);
      const result = await call(...args);
      await scheduler.schedule(Promise.resolve(), `${name} answers`);
      return result;
    };
  const { stock } = shop;
  return {
    checkout: { ...log, append: step("append", log.append), next: step("next", log.next) },
    activity: { ...shop.activity, append: step("place", shop.activity.append) },
    stock: { hold: step("hold", stock.hold), end: step("end", stock.end) },
  };
}

type Outcome = { readonly answer: string; readonly isReplayed?: boolean };

/** What a request came to: a problem is an outcome, anything else a defect. */
async function outcomeOf(work: Promise<object>): Promise<Outcome> {
  try {
    const result = (await work) as {
      readonly status?: number | string;
      readonly body?: object;
      readonly isReplayed?: boolean;
    };
    const { status, body, isReplayed = false } = result;
    return { answer: status === 409 ? `409 ${codeOf(body ?? {})}` : String(status), isReplayed };
  } catch (error) {
    if (error instanceof Problem) return { answer: `${error.status} ${error.code}` };
    throw error;
  }
}

/** What counted, by the rule alone: each builds on the one before, and of two the earlier counts. */
async function kindsOf(shop: Shop, reservation: string, isCareless: boolean): Promise<readonly string[]> {
  let last = 0;
  const kinds: string[] = [];
  const events = await shop.events(ann, reservation);
  for (const event of events) {
    if (event.after !== last) continue;
    last = event.sequence;
    kinds.push(event.kind === "answered" ? `answered ${event.status}` : event.kind);
  }
  // What cannot count is not stored, if the log has a say.
  if (!isCareless) expect(kinds).toHaveLength(events.length);
  return kinds;
}

async function scene(items: Items, isCareless: boolean, scheduler: fc.Scheduler) {
  const shop = await openFurnished();
  const { quote } = await quoteFor(shop.open(), ann, items);
  const log = isCareless ? careless(shop.checkout) : shop.checkout;
  const server = () => shop.open(heldUp(shop, log, scheduler));
  const later = (ms: number) =>
    scheduler.schedule(Promise.resolve(), `${ms} ms pass`).then(() => {
      shop.clock.now += ms;
    });
  return { shop, quote, server, later, reservation: reservationOf(ann, "k") };
}

const available = (shop: Shop) => [lamp, chair].map(shop.stock.available);
const sold = (shop: Shop) => [lamp, chair].map(shop.stock.sold);

test.each([false, true])(
  "repeated at once it is one reservation (a careless log: %s)",
  async (isCareless) => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.constantFrom(5, 6), async (scheduler, lamps) => {
        const { shop, quote, server, later, reservation } = await scene(
          [
            [lamp, lamps],
            [chair, 1],
          ],
          isCareless,
          scheduler,
        );
        const asked = [1, 2, 3].map(() => outcomeOf(server().reserve(ann, "k", quote)));
        // Long enough for one attempt to be taken for dead while it is not.
        const all = Promise.all([...asked, later(checkoutLimits.attemptMs)]);
        await scheduler.waitFor(all);
        const outcomes = await Promise.all(asked);
        const right = lamps === 5 ? "201" : "409 out-of-stock";
        const first = outcomes.filter(({ answer, isReplayed }) => answer === right && isReplayed === false);
        expect(first.length).toBeLessThanOrEqual(1);
        for (const { answer } of outcomes)
          expect([right, "409 reservation-in-progress", "503 overloaded", "503 unavailable"]).toContain(
            answer,
          );
        shop.clock.now += checkoutLimits.attemptMs;
        expect(await outcomeOf(shop.open().reserve(ann, "k", quote))).toMatchObject({ answer: right });
        const answered = (await kindsOf(shop, reservation, isCareless)).filter((kind) =>
          kind.startsWith("answered"),
        );
        expect(answered).toEqual([`answered ${lamps === 5 ? 201 : 409}`]);
        if (lamps === 5) expect(available(shop)).toEqual([0, 4]);
        shop.clock.now += terms.holdMs;
        await shop.sweep();
        expect(available(shop)).toEqual([5, 5]);
      }),
      { numRuns: 300 },
    );
  },
);

test.each([false, true])(
  "of confirming, cancelling and expiring one happens, and stock and orders follow it (a careless log: %s)",
  async (isCareless) => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const { shop, quote, server, later, reservation } = await scene(
          [
            [lamp, 2],
            [chair, 1],
          ],
          isCareless,
          scheduler,
        );
        await shop.open().reserve(ann, "k", quote);
        const asked = [
          server().confirm(ann, reservation),
          server().cancel(ann, reservation),
          server().confirm(ann, reservation),
        ].map(outcomeOf);
        const sweep = later(terms.holdMs).then(() => shop.sweep());
        await scheduler.waitFor(Promise.all([...asked, sweep]));
        const [first, cancelled, second] = (await Promise.all(asked)).map(({ answer }) => answer);
        const ends = (await kindsOf(shop, reservation, isCareless)).slice(2);
        expect(ends).toHaveLength(1);
        const [end = ""] = ends;
        seen.add(end);
        const expected = {
          confirmed: ["confirmed", "409 reservation-confirmed"],
          cancelled: ["409 reservation-cancelled", "cancelled"],
          expired: ["410 reservation-expired", "expired"],
        }[end];
        expect([first, cancelled, second]).toEqual([expected?.[0], expected?.[1], expected?.[0]]);
        expect(await shop.orders(ann)).toHaveLength(end === "confirmed" ? 1 : 0);
        shop.clock.now += terms.holdMs;
        await shop.sweep();
        expect(sold(shop)).toEqual(end === "confirmed" ? [2, 1] : [0, 0]);
        expect(available(shop)).toEqual(end === "confirmed" ? [3, 4] : [5, 5]);
      }),
      { numRuns: 300 },
    );
    expect([...seen].sort()).toEqual(["cancelled", "confirmed", "expired"]);
  },
);

test.each([false, true])(
  "a whole life with everybody late: whoever was told that he has it, has it (a careless log: %s)",
  async (isCareless) => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const { shop, quote, server, later, reservation } = await scene(
          [
            [chair, 5],
            [lamp, 5],
          ],
          isCareless,
          scheduler,
        );
        const told: string[] = [];
        const buy = async (end: "confirm" | "cancel" | "get") => {
          const checkout = server();
          const { answer } = await outcomeOf(checkout.reserve(ann, "k", quote));
          if (answer === "201") told.push((await outcomeOf(checkout[end](ann, reservation))).answer);
        };
        const times = [checkoutLimits.attemptMs, checkoutLimits.attemptMs, terms.holdMs].map(later);
        const sweeps = times.map((time) => time.then(() => shop.sweep()));
        await scheduler.waitFor(Promise.all([buy("confirm"), buy("cancel"), buy("get"), ...sweeps]));
        const isSold = told.includes("confirmed");
        expect(told.includes("cancelled") && isSold).toBe(false);
        shop.clock.now += terms.holdMs;
        await shop.sweep();
        expect(sold(shop)).toEqual(isSold ? [5, 5] : [0, 0]);
        expect(await shop.orders(ann)).toHaveLength(isSold ? 1 : 0);
        expect(available(shop)).toEqual(isSold ? [0, 0] : [5, 5]);
      }),
      { numRuns: 400 },
    );
  },
);
