import type { SaleEvent } from "../../projections/sales.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { createDeadlines } from "./deadlines.ts";
import type { HeatWord } from "./heat-word.ts";
import { changesMode } from "./hot-machine.ts";
import { decide } from "./hot-product.ts";
import type { LateDrop } from "./late-drops.ts";
import { type Claim, createHotSet, type HotSet } from "./hot-set.ts";
import {
  dropMs,
  type HotEffect,
  type HotEvent,
  type HotState,
  initialState,
  isForgettable,
  reasonsAt,
} from "./hot-state.ts";
import type { HotFold, PlacedCommand } from "./hot-stream.ts";
import type { HeldWord } from "./hot-word.ts";
import { createPushes } from "./pushes.ts";
import { createSaleCalendar } from "./sale-calendar.ts";
import type { Transition } from "./transitions.ts";
import { createWriteRates } from "./write-rates.ts";

/**
 * All that the owner of hot products decides, without doing any of it: what it hears goes in, one thing after the other,
 * and transitions and what is to be done come out. The same inputs at the same times give the same outputs, byte by byte,
 * so a recorded day can be played again.
 */
export interface HotDecisions {
  /** `at`: milliseconds since 1970. Transitions are in the order in which they happened. */
  take(input: HotInput, at: number): Decided;
  /** When time itself is the next input; undefined where nothing waits for it. */
  next(): number | undefined;
  /** How a product stands; undefined for one that is as cold as any other. */
  state(id: Identifier): HotState | undefined;
  readonly callers: HotSet["callers"];
  readonly endpoints: HotSet["endpoints"];
}

export type HotInput =
  /** What the owner before left, as the first input of all. */
  | { readonly kind: "fold"; readonly fold: HotFold }
  | { readonly kind: "heat"; readonly word: HeatWord }
  | { readonly kind: "held"; readonly word: HeldWord }
  /** `products`: undefined where any may have changed. `drops`: those whose price fell to half or less. */
  | {
      readonly kind: "change";
      readonly products: readonly Identifier[] | undefined;
      readonly drops: readonly Identifier[];
    }
  /** What nobody heard when it was said. Such a drop may be told again. */
  | { readonly kind: "late drops"; readonly drops: readonly LateDrop[] }
  | { readonly kind: "sale"; readonly event: SaleEvent }
  | { readonly kind: "command"; readonly command: PlacedCommand }
  /** `sequence`: undefined where there is no such product. */
  | { readonly kind: "loaded"; readonly id: Identifier; readonly sequence: number | undefined }
  | { readonly kind: "load failed"; readonly id: Identifier }
  | { readonly kind: "time" };

export interface Decided {
  readonly transitions: readonly Transition[];
  readonly todo: readonly HotTodo[];
}

export type HotTodo =
  | { readonly kind: "load" | "cool"; readonly id: Identifier }
  /** The value loaded last. */
  | {
      readonly kind: "push";
      readonly id: Identifier;
      readonly push: number;
      readonly untilMs: number;
      readonly changesArePushed: boolean;
    }
  | { readonly kind: "alert" | "calm"; readonly id: Identifier; readonly failures: number }
  /** Its value is not needed any more. */
  | { readonly kind: "forget"; readonly id: Identifier };

/** Longer than the longest refresh with its load and a retry with its own. */
export const pushedLifeMs = 40_000;
const rateEveryMs = 1_000;

export interface HotDecisionsOptions {
  /** Products that may be hot at once. */
  readonly hotMax: number;
  /** How long before a sale its products become warm. */
  readonly warmBeforeMs: number;
}

export function createHotDecisions({ hotMax, warmBeforeMs }: HotDecisionsOptions): HotDecisions {
  const set = createHotSet({ hotMax });
  const calendar = createSaleCalendar({ warmBeforeMs });
  const products = new Map<Identifier, HotState>();
  const deadlines = createDeadlines<Identifier>();
  const pushes = createPushes();
  const writes = createWriteRates();
  /** All commands up to there were applied. */
  let commandsTo = 0;
  let rateAt = Number.NEGATIVE_INFINITY;
  /** Products to which something happened, as long as their claims are not looked at. */
  const fed = new Set<Identifier>();
  let transitions: Transition[] = [];
  let todo: HotTodo[] = [];

  function forget(id: Identifier): void {
    products.delete(id);
    deadlines.set(id, undefined);
    pushes.forget(id);
    writes.forget(id);
    todo.push({ kind: "forget", id });
  }

  function claimOf(state: HotState, at: number): Claim | undefined {
    const reasons = reasonsAt(state, at);
    if (reasons.includes("operator") || reasons.includes("sale")) return "kept";
    return reasons.includes("drop") ? "drop" : undefined;
  }

  function note(effect: HotEffect, id: Identifier, state: HotState, at: number): void {
    if (effect === "load" || effect === "cool") {
      todo.push({ kind: effect, id });
    } else if (effect === "push") {
      const push = pushes.begin(id, set.holders(at), at);
      const changesArePushed = state.mode === "push";
      todo.push({ kind: "push", id, push, untilMs: at + pushedLifeMs, changesArePushed });
    } else {
      todo.push({ kind: effect, id, failures: state.failures });
    }
  }

  function feed(id: Identifier, event: HotEvent): void {
    const known = products.get(id);
    const before = known ?? initialState(id, event.at, commandsTo);
    const { state, effects } = decide(before, event);
    if (state !== before) transitions.push({ event, before: before.value, after: state });
    for (const effect of effects) note(effect, id, state, event.at);
    if (known !== undefined || state !== before) {
      products.set(id, state);
      deadlines.set(id, state.deadline ?? undefined);
      fed.add(id);
    }
    // Where nobody is there to hold it, nobody is waited for.
    if (effects.includes("push") && pushes.standing(id)?.of === 0) feedHeld(id, event.at);
  }

  function feedKnown(id: Identifier, event: HotEvent): void {
    if (products.has(id)) feed(id, event);
  }

  function feedHeld(id: Identifier, at: number): void {
    const standing = pushes.standing(id);
    if (standing !== undefined) feedKnown(id, { type: "held", at, ...standing });
  }

  function judge(at: number): void {
    for (const { type, id } of set.judge(at)) {
      if (type === "heated" || products.has(id) || type === "evicted") feed(id, { type, at });
    }
  }

  /** What each product is hot for now is told to the set once all that comes with it has happened. */
  function settle(at: number): void {
    for (const id of fed) {
      const state = products.get(id);
      if (state === undefined) continue;
      set.claim(id, claimOf(state, at));
      if (isForgettable(state)) forget(id);
    }
    fed.clear();
  }

  /** Whether there is room is known before the reason is, so that nothing is loaded in vain. */
  function feedClaims(claim: Claim, events: readonly (readonly [Identifier, HotEvent])[], at: number): void {
    for (const [id] of events) set.claim(id, claim);
    judge(at);
    for (const [id, event] of events) feed(id, event);
  }

  function command({ command: wanted, product, sequence }: PlacedCommand, at: number): void {
    if (wanted === "remove") feed(product, { type: "operator-removed", at, command: sequence });
    else feedClaims("kept", [[product, { type: "operator-added", at, command: sequence }]], at);
    commandsTo = Math.max(commandsTo, sequence);
  }

  function resume({ products: left, commands, last }: HotFold, at: number): void {
    for (const [id, { state }] of left) {
      if (isForgettable(state)) continue;
      products.set(id, state);
      deadlines.set(id, state.deadline ?? undefined);
      set.restore(id, { isHeated: state.heat, hasRoom: state.hasRoom });
      set.claim(id, claimOf(state, at));
    }
    for (const one of commands)
      if (one.sequence > (left.get(one.product)?.state.command ?? 0)) command(one, at);
    commandsTo = Math.max(commandsTo, last);
    for (const id of products.keys()) feed(id, { type: "resumed", at });
  }

  function changed(ids: Iterable<Identifier>, at: number): void {
    for (const id of ids) {
      if (!products.has(id)) continue;
      writes.count(id);
      feed(id, { type: "changed", at });
    }
  }

  function measure(at: number): void {
    if (at < rateAt + rateEveryMs) return;
    rateAt = at;
    for (const [id, state] of products) {
      const perSecond = writes.endSecond(id);
      const reads = set.perSecond(id);
      if (state.value.startsWith("hot.") && changesMode(state, reads, perSecond))
        feed(id, { type: "rate", at, reads, writes: perSecond });
    }
  }

  function pass(at: number): void {
    const planned = calendar.due(at);
    if (planned.length > 0) {
      const events = planned.map(
        ({ product, ...sale }) => [product, { type: "sale-planned" as const, at, ...sale }] as const,
      );
      feedClaims("kept", events, at);
    }
    for (const id of deadlines.take(at)) {
      // Who has not answered by now is not waited for: how many did is known from here on.
      feedHeld(id, at);
      feedKnown(id, { type: "time", at });
    }
    measure(at);
    settle(at);
    judge(at);
    settle(at);
  }

  function apply(input: HotInput, at: number): void {
    switch (input.kind) {
      case "fold":
        return resume(input.fold, at);
      case "heat":
        return set.hear(input.word, at);
      case "held":
        for (const id of pushes.hear(input.word.by, input.word.held)) feedHeld(id, at);
        return;
      case "change": {
        changed(input.products ?? [...products.keys()], at);
        const dropped = input.drops.map((id) => [id, { type: "price-dropped" as const, at }] as const);
        if (dropped.length > 0) feedClaims("drop", dropped, at);
        return;
      }
      case "late drops": {
        const counting = input.drops.filter(({ since }) => at < since + dropMs);
        const dropped = counting.map(
          ({ id, since }) => [id, { type: "price-dropped" as const, at, since }] as const,
        );
        if (dropped.length > 0) feedClaims("drop", dropped, at);
        return;
      }
      case "sale":
        for (const id of calendar.hear(input.event, at))
          feedKnown(id, { type: "sale-cancelled", at, sale: input.event.id });
        return;
      case "command":
        return command(input.command, at);
      case "loaded":
        return feedKnown(
          input.id,
          input.sequence === undefined
            ? { type: "absent", at }
            : { type: "loaded", at, sequence: input.sequence },
        );
      case "load failed":
        return feedKnown(input.id, { type: "load-failed", at });
      case "time":
        return;
    }
  }

  return {
    take(input, at) {
      apply(input, at);
      pass(at);
      const decided = { transitions, todo };
      transitions = [];
      todo = [];
      return decided;
    },
    next() {
      const next = Math.min(deadlines.next() ?? Infinity, calendar.next() ?? Infinity);
      return next === Infinity ? undefined : next;
    },
    state: (id) => products.get(id),
    callers: set.callers,
    endpoints: set.endpoints,
  };
}
