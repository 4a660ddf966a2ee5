import fc from "fast-check";
import { expect, test } from "vitest";
import { decide } from "../../actors/hot/hot-product.ts";
import {
  type HotEffect,
  type HotEvent,
  type HotState,
  hotValues,
  initialState,
  isWantedAt,
} from "../../actors/hot/hot-state.ts";
import { decodeTransition, encodeTransition, type Transition } from "../../actors/hot/transitions.ts";
import { id } from "../streams/id.ts";
import { product, start } from "./machine.ts";

/** Any order and repetition of events ends in a legal state, whatever the clock says. */

const at = fc.integer({ min: start, max: start + 120_000 });
const rate = fc.integer({ min: 0, max: 200 });
const sale = fc.constantFrom(id("spring"), id("autumn"), id("clearance"));
const one = (type: string, more: Record<string, fc.Arbitrary<unknown>> = {}) =>
  fc.record({ type: fc.constant(type), at, ...more }) as fc.Arbitrary<HotEvent>;
const event: fc.Arbitrary<HotEvent> = fc.oneof(
  ...(["heated", "cooled", "evicted", "admitted", "price-dropped"] as const).map((type) => one(type)),
  ...(["load-failed", "absent", "changed", "resumed"] as const).map((type) => one(type)),
  one("sale-planned", { sale, from: at, until: at }),
  one("sale-cancelled", { sale }),
  one("operator-added", { command: fc.nat(9) }),
  one("operator-removed", { command: fc.nat(9) }),
  { arbitrary: one("loaded", { sequence: fc.nat(99), isLarge: fc.boolean() }), weight: 4 },
  { arbitrary: one("held", { holders: fc.nat(3), of: fc.nat(3) }), weight: 2 },
  one("rate", { reads: rate, writes: rate }),
  { arbitrary: one("time"), weight: 4 },
);
const events = fc.array(event, { maxLength: 60 }).map((all) =>
  // Repetitions, as of words that come twice.
  all.flatMap((each, index) => (index % 5 === 0 ? [each, each] : [each])),
);
const inOrder = events.map((all) => [...all].sort((a, b) => a.at - b.at));

function play(all: readonly HotEvent[]): {
  readonly state: HotState;
  readonly transitions: readonly Transition[];
  readonly effects: readonly HotEffect[];
} {
  let state = initialState(product, start, 0);
  const transitions: Transition[] = [];
  const effects: HotEffect[] = [];
  for (const each of all) {
    const decided = decide(state, each);
    if (decided.state !== state) transitions.push({ event: each, before: state.value, after: decided.state });
    effects.push(...decided.effects);
    state = decided.state;
  }
  return { state, transitions, effects };
}

test("any events in any order end in a legal state, with a deadline wherever something must come", () => {
  fc.assert(
    fc.property(fc.oneof(events, inOrder), (all) => {
      let state = initialState(product, start, 0);
      for (const each of all) {
        ({ state } = decide(state, each));
        expect(hotValues).toContain(state.value);
        expect(JSON.parse(JSON.stringify(state))).toEqual(state);
        const outer = state.value.split(".")[0];
        if (outer !== "cold") {
          expect(state.due).toBeGreaterThan(start);
          expect(state.deadline).toBeLessThanOrEqual(state.due ?? 0);
        }
        // A product is hot if, and only if, there is a reason and room.
        expect(outer === "warming" || outer === "hot").toBe(isWantedAt(state, each.at));
        if (outer === "hot") expect(state.sequence).not.toBeNull();
        expect(state.holders).toBeLessThanOrEqual(3);
      }
    }),
    { numRuns: 300 },
  );
});

test("every moment that is waited for comes: when it is reached, a later one is waited for or none", () => {
  fc.assert(
    fc.property(inOrder, (all) => {
      let { state } = play(all);
      for (let steps = 0; state.deadline !== null && steps < 50; steps++) {
        const reached = Math.max(state.deadline, all.at(-1)?.at ?? start);
        ({ state } = decide(state, { type: "time", at: reached }));
        if (state.deadline !== null) expect(state.deadline).toBeGreaterThan(reached);
      }
    }),
    { numRuns: 200 },
  );
});

test("the fold of the transitions, as written, is the state", () => {
  fc.assert(
    fc.property(events, (all) => {
      const { state, transitions } = play(all);
      const last = transitions.at(-1);
      const read = last && decodeTransition(encodeTransition(last));
      expect(read?.after ?? initialState(product, start, 0)).toEqual(state);
      for (const [index, each] of transitions.entries())
        expect(each.before).toBe(transitions[index - 1]?.after.value ?? "cold");
    }),
    { numRuns: 200 },
  );
});

test("an alert is raised and ended in turn", () => {
  fc.assert(
    fc.property(events, (all) => {
      const told = play(all).effects.filter((effect) => effect === "alert" || effect === "calm");
      for (const [index, effect] of told.entries()) expect(effect).toBe(index % 2 === 0 ? "alert" : "calm");
    }),
    { numRuns: 200 },
  );
});
