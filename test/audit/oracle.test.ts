import fc from "fast-check";
import { expect, test } from "vitest";
import { productAnswer } from "../../ops/verify/answers.ts";
import { shownOf } from "../../ops/verify/reference/product.ts";
import { createReferenceFold } from "../../ops/verify/reference/fold.ts";
import { noon } from "../verify/random-shop.ts";
import { histories, happened } from "./happened.ts";

/** What the oracle knows of a product, begun anywhere in the log, is what a fold of the whole log says. */

const story = fc.record({
  events: happened,
  from: fc.nat({ max: 60 }),
  hours: fc.integer({ min: -6, max: 6 }),
});

test("a product's states are those of the whole fold, wherever the oracle began", async () => {
  await fc.assert(
    fc.asyncProperty(story, async ({ events, from, hours }) => {
      const now = noon + hours * 3_600_000;
      const { log, oracle } = await histories(events, Math.min(from, events.length) + 1);
      const whole = createReferenceFold();
      for (let sequence = 1; ; sequence++) {
        const message = await log.next(">", sequence);
        if (message === undefined) break;
        for (const id of whole.take(message)) {
          const product = whole.products.get(id);
          const state = oracle.historyOf(id)?.states.find((one) => one.sequence === sequence);
          expect(state !== undefined).toBe(sequence > Math.min(from, events.length));
          if (state === undefined || product === undefined) continue;
          const told = productAnswer(state.shown, [], "assembled", now);
          expect(told).toEqual(productAnswer(shownOf(product), [], "assembled", now));
          expect(told === undefined || told.version === sequence).toBe(true);
        }
      }
    }),
    { numRuns: 25, interruptAfterTimeLimit: 30_000 },
  );
});

test("a history that is extended begins with the product, and is the whole fold's but for sales", async () => {
  await fc.assert(
    fc.asyncProperty(story, async ({ events, from }) => {
      const { log, oracle, ids } = await histories(events, Math.min(from, events.length) + 1);
      const traced = ids.filter((id) => oracle.historyOf(id) !== undefined);
      for (const id of traced) expect(await oracle.extend(id)).toBe(true);
      const whole = createReferenceFold();
      for (let sequence = 1; ; sequence++) {
        const message = await log.next(">", sequence);
        if (message === undefined) break;
        for (const id of whole.take(message)) {
          const product = whole.products.get(id);
          if (!traced.includes(id) || product === undefined || message.subject.includes(".sale.")) continue;
          const state = oracle.historyOf(id)?.states.find((one) => one.sequence === sequence);
          expect(state?.shown).toEqual({ ...shownOf(product), sales: state?.shown.sales });
        }
      }
    }),
    { numRuns: 20, interruptAfterTimeLimit: 30_000 },
  );
});

test("a sample traces the same products in every run, and no others", async () => {
  const events = fc.sample(happened, { seed: 5, numRuns: 4 }).flat();
  const all = await histories(events, 1);
  const first = await histories(events, 1, { sample: 0.5 });
  const again = await histories(events, 1, { sample: 0.5 });
  const traced = ({ oracle }: typeof all) => all.ids.filter((id) => oracle.historyOf(id) !== undefined);
  expect(traced(again)).toEqual(traced(first));
  expect(traced(first).length).toBeGreaterThan(0);
  expect(traced(first).length).toBeLessThan(traced(all).length);
});

test("what was not traced for want of room is counted", async () => {
  const events = fc.sample(happened, { seed: 5, numRuns: 4 }).flat();
  const { oracle } = await histories(events, 1, { tracedMax: 2 });
  expect(oracle.counts.changes).toBeGreaterThan(0);
  expect(oracle.counts.untraced).toBeGreaterThan(0);
});
