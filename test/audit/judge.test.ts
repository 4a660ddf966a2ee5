import fc from "fast-check";
import { expect, test } from "vitest";
import { ageOf } from "../../ops/audit/bounds.ts";
import type { History, State } from "../../ops/audit/history.ts";
import { judgeAnswer } from "../../ops/audit/judge-answer.ts";
import { judgeRegisters } from "../../ops/audit/judge-registers.ts";
import type { Judgement } from "../../ops/audit/judge.ts";
import { productAnswer } from "../../ops/verify/answers.ts";
import { untilReached } from "../../ops/verify/verify.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { aspects } from "../../projections/aspects.ts";
import { versionsOf } from "../../projections/version.ts";
import { noon, products } from "../verify/random-shop.ts";
import { createWorld } from "../verify/world.ts";
import { happened, histories, oracleOf } from "./happened.ts";

/** The judge: what a product was is old and not wrong, what it is now is right, what it never was is wrong. */

const bounds = { toldMs: 1_000, quantityMs: 30_000 };

const bytesOf = ({ shown }: State, now: number) =>
  Buffer.from(JSON.stringify(productAnswer(shown, [], "assembled", now) ?? {}));

function answer(state: State, now: number, body = bytesOf(state, now)) {
  const status = state.shown.details === null ? 404 : 200;
  return { status, body, askedAt: now, answeredAt: now };
}

/** The aspects that differ between two states, as a reader sees them. */
function changedBetween(states: readonly State[], shown: number): number {
  return states.slice(shown + 1).reduce((bits, { changed }) => bits | changed, 0);
}

const lacking = (judgement: Judgement) =>
  judgement.verdict === "placed" ? judgement.lacks.reduce((bits, { aspect }) => bits | aspect, 0) : -1;

test("an answer of any moment, in any order and as often as one likes, lacks just what came after it", async () => {
  const order = fc.array(fc.nat({ max: 1_000 }), { minLength: 10, maxLength: 30, size: "max" });
  await fc.assert(
    fc.asyncProperty(happened, order, async (events, places) => {
      const { oracle, ids } = await histories(events, 1);
      for (const id of ids) {
        const history = oracle.historyOf(id);
        if (history === undefined) continue;
        const { states } = history;
        for (const place of places.map((each) => each % states.length)) {
          const state = states[place] as State;
          const judgement = judgeAnswer(history, answer(state, noon), oracle.head);
          if (state.shown.details === null) {
            const exists = states.some(({ shown }) => shown.details !== null);
            expect(lacking(judgement)).toBe(exists ? aspects.details : 0);
            continue;
          }
          expect(lacking(judgement)).toBe(changedBetween(states, place));
          expect(judgement).toMatchObject({ mixed: false });
          if (judgement.verdict !== "placed") continue;
          for (const { aspect, missed } of judgement.lacks)
            expect(missed).toBe(states.find(({ changed }, at) => at > place && (changed & aspect) !== 0));
        }
      }
    }),
    { numRuns: 20, interruptAfterTimeLimit: 30_000 },
  );
});

test("aspects of different moments are mixed: each is as old as it is by itself", async () => {
  const { history, now } = await oneProduct(["price 5", "price 6", "quantity 3"]);
  const [, first, second, last] = history.states as [State, State, State, State];
  const torn = productAnswer({ ...last.shown, price: first.shown.price }, [], "assembled", now);
  const judgement = judgeAnswer(history, answer(last, now, Buffer.from(JSON.stringify(torn))), last.sequence);
  expect(judgement).toEqual({
    verdict: "placed",
    mixed: true,
    lacks: [{ aspect: aspects.price, missed: second, since: second.time }],
  });
});

test("what never was is wrong", async () => {
  await fc.assert(
    fc.asyncProperty(happened, async (events) => {
      const { oracle, ids } = await histories(events, 1);
      for (const id of ids) {
        const history = oracle.historyOf(id);
        for (const state of history?.states ?? []) {
          if (history === undefined || state.shown.details === null) continue;
          for (const made of [
            { title: "made up" },
            { rating: { average: 9, count: 9 } },
            { price: { amount: 77 } },
            { inventory: { quantity: 77, in_stock: true } },
            { version: state.sequence - 0.5 },
          ]) {
            const told = JSON.parse(bytesOf(state, noon).toString()) as object;
            const forged = Buffer.from(JSON.stringify({ ...told, ...made }));
            const { verdict } = judgeAnswer(history, answer(state, noon, forged), oracle.head);
            // A version from before all that is held is of an event that nobody can look up any more.
            if (!("version" in made) || state !== history.states[0])
              expect([made, verdict]).toEqual([made, "wrong"]);
          }
        }
      }
    }),
    { numRuns: 20, interruptAfterTimeLimit: 30_000 },
  );
});

test("a variant in an answer is as old as it is by itself, and says whose it is", async () => {
  const { history, now } = await oneProduct(["price 5", "quantity 1", "price 6", "quantity 0"]);
  const own = await oneProduct([]);
  const [, , before, repriced, soldOut] = history.states as [State, State, State, State, State];
  const shown = (variant: State) => productAnswer(own.state.shown, [variant.shown], "assembled", now);
  const judged = (variant: State) =>
    judgeAnswer(
      own.history,
      answer(own.state, now, Buffer.from(JSON.stringify(shown(variant)))),
      100,
      () => history,
    );
  expect(judged(soldOut)).toMatchObject({ verdict: "placed", lacks: [] });
  expect(judged(before)).toMatchObject({
    lacks: [
      { aspect: aspects.price, missed: repriced, since: repriced.time, variant: history },
      { aspect: aspects.stock, missed: soldOut, since: soldOut.time, variant: history },
    ],
  });
});

test("what a tier holds that the oracle has not heard of is ahead, and a version of no event is wrong", async () => {
  const { history, now } = await oneProduct(["price 5", "price 6"]);
  const newest = history.states.at(-1) as State;
  expect(judgeAnswer(history, answer(newest, now), newest.sequence - 1)).toEqual({
    verdict: "ahead",
    sequence: newest.sequence,
  });
  const body = Buffer.from(
    JSON.stringify({ ...JSON.parse(bytesOf(newest, now).toString()), version: 2_000 }),
  );
  expect(judgeAnswer(history, answer(newest, now, body), 3_000)).toMatchObject({
    verdict: "wrong",
    found: 2_000,
  });
});

test("an answer from before all that is known is as old as the first event that it lacks, at least", async () => {
  const { history, now } = await oneProduct(["price 5", "quantity 3", "price 6"]);
  const [first, ...later] = history.states.slice(-3) as [State, ...State[]];
  const begun: History = { id: history.id, states: later };
  const judgement = judgeAnswer(begun, answer(first, now), later.at(-1)?.sequence ?? 0);
  expect(judgement).toMatchObject({ verdict: "placed" });
  expect(lacking(judgement) & aspects.quantity).toBe(aspects.quantity);
  expect(lacking(judgement) & aspects.details).toBe(0);
});

test("a quantity waits for its own bound, and excuses no price and no sold-out product", async () => {
  const { history, now } = await oneProduct(["price 5", "quantity 3", "quantity 4", "price 6", "quantity 0"]);
  const aged = (place: number, later: number, offsetMs = 100) => {
    const judgement = judgeAnswer(
      { id: history.id, states: history.states.slice(0, place + 2) },
      answer(history.states[place] as State, now + later),
      10_000,
    );
    if (judgement.verdict !== "placed") throw new Error(judgement.verdict);
    return ageOf(judgement, bounds, now + later, offsetMs);
  };
  // The states: document, price 5, quantity 3, quantity 4, price 6, quantity 0; a second each, and `now` is the last.
  expect(aged(2, 500)).toMatchObject({ late: undefined, waits: true, beyond: false });
  expect(aged(2, 40_000)).toMatchObject({ late: { aspect: aspects.quantity }, beyond: true });
  expect(aged(3, 500)).toMatchObject({ late: { aspect: aspects.price, ageMs: 1_500 }, beyond: true });
  expect(aged(4, 500)).toMatchObject({ late: { aspect: aspects.stock, ageMs: 500 }, beyond: false });
  // Asked about a change of a second ago, it has half a second left to show this one.
  expect(aged(4, 500, 1_000)).toMatchObject({ late: undefined, waits: false, beyond: false });
});

test("a price that is of before a sale's start is old from the start on, and right a moment before", async () => {
  const { history, now } = await oneProduct(["price 5", "sale"]);
  const state = history.states.at(-1) as State;
  const starts = state.shown.sales?.entries[0]?.starts_at ?? 0;
  const before = bytesOf(state, starts - 1);
  const at = (moment: number) => judgeAnswer(history, answer(state, moment, before), 10_000);
  expect(at(starts - 1)).toMatchObject({ verdict: "placed", lacks: [] });
  expect(at(starts + 5_000)).toMatchObject({
    verdict: "placed",
    lacks: [{ aspect: aspects.price, missed: undefined, since: starts }],
  });
  // The same bytes again, known as they are by now.
  expect(at(starts - 1)).toMatchObject({ verdict: "placed", lacks: [] });
  expect(at(starts + 5_000)).toMatchObject({ lacks: [{ since: starts }] });
  // The price of a sale that has not begun was never right.
  const early = bytesOf(state, starts + 1);
  expect(judgeAnswer(history, answer(state, now, early), 10_000).verdict).toBe("wrong");
});

test("a sale that is over by the time of the answer may be there or not; one that is not over must be", async () => {
  const { history } = await oneProduct(["price 5", "sale"]);
  const { shown, sequence } = history.states.at(-1) as State;
  const ends = shown.sales?.entries[0]?.ends_at ?? 0;
  const read = {
    position: undefined,
    product: { version: versionsOf(1)(shown.details?.sequence ?? 0), value: shown.details },
    price: { version: versionsOf(1)(shown.price?.sequence ?? 0), value: shown.price },
    inventory: undefined,
    rating: undefined,
    // As a later event leaves it that came while the answer was on its way.
    sales: { entries: [], sequence, updated_at: shown.sales?.updated_at ?? 0 },
  };
  const judged = (askedAt: number, answeredAt: number) =>
    judgeRegisters(history, read, { askedAt, answeredAt }, sequence).verdict;
  expect(judged(ends - 5, ends)).toBe("placed");
  expect(judged(ends - 5, ends - 1)).toBe("wrong");
});

test("what the API and the read models show of a random shop is found right", async () => {
  await fc.assert(
    fc.asyncProperty(happened, async (events) => {
      const world = createWorld(createMemoryReadModel(), noon);
      await world.publish(events);
      const projector = world.project();
      await untilReached(world, events.length);
      const oracle = await oracleOf(world.catalog, 1);
      const api = world.api();
      const reads = await world.readModel.readProducts(products);
      for (const [at, id] of products.entries()) {
        const history = oracle.historyOf(id);
        const read = reads[at];
        if (history === undefined || read === undefined) continue;
        const moment = { askedAt: noon, answeredAt: noon };
        const { statusCode: status, rawPayload: body } = await api.inject(
          `/api/products/${encodeURIComponent(id)}`,
        );
        const judged = judgeAnswer(history, { status, body, ...moment }, oracle.head);
        expect([id, judged]).toEqual([id, { verdict: "placed", lacks: [], mixed: false }]);
        const { product, price, inventory } = read;
        const holdsNone = product === undefined && price === undefined && inventory === undefined;
        expect([id, judgeRegisters(history, read, moment, oracle.head)]).toEqual([
          id,
          holdsNone ? { verdict: "unchecked", reason: "absent" } : judged,
        ]);
      }
      await api.close();
      await projector.stop();
    }),
    { numRuns: 20, interruptAfterTimeLimit: 30_000 },
  );
});

/** A product `mug` to which these things happened, a second each; `now` is the last of them. */
async function oneProduct(
  steps: readonly string[],
): Promise<{ readonly history: History; readonly state: State; readonly now: number }> {
  const published = (kind: string, id: string, payload: object) => ({
    subject: `catalog.${kind}.${id}`,
    payload: JSON.stringify(payload),
  });
  const events = steps.map((step) => {
    const [what, value] = step.split(" ");
    if (what === "price")
      return published("price.updated", "mug", { new_price: { amount: Number(value), currency: "GBP" } });
    if (what === "quantity") return published("inventory.changed", "mug", { new_quantity: Number(value) });
    const instant = (hours: number) => new Date(noon + hours * 3_600_000).toISOString();
    const items = [{ product_id: "mug", sale_price: { amount: 1, currency: "GBP" } }];
    return published("sale.scheduled", "friday", { starts_at: instant(1), ends_at: instant(2), items });
  });
  const { oracle, ids } = await histories(
    [published("product.modified", "mug", { title: "Mug" }), ...events],
    1,
  );
  const history = ids.map((id) => oracle.historyOf(id)).find((one) => one !== undefined);
  const state = history?.states.at(-1);
  if (history === undefined || state === undefined) throw new Error("nothing happened to mug");
  return { history, state, now: state.time };
}
