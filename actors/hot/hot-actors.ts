import type { Identifier } from "../../streams/identifier.ts";
import { createDeadlines } from "./deadlines.ts";
import { decide } from "./hot-product.ts";
import { type HotEffect, type HotEvent, type HotState, initialState, isTold } from "./hot-state.ts";
import { createPushes } from "./pushes.ts";
import type { Transition } from "./transitions.ts";

/**
 * The machines of all hot products: events go in, and transitions and what is to be done are gathered. Pure; which
 * product gets one is decided elsewhere.
 */
export interface HotActors {
  /** A product that has no machine gets one, if anything becomes of the event. */
  feed(id: Identifier, event: HotEvent): void;
  feedKnown(id: Identifier, event: HotEvent): void;
  /** Tells it how many hold what was pushed last. */
  feedHeld(id: Identifier, at: number): void;
  /** A worker holds these pushes. */
  hear(by: string, pushes: readonly number[], at: number): void;
  /** As the owner before left it. */
  restore(state: HotState): void;
  forget(id: Identifier): void;
  state(id: Identifier): HotState | undefined;
  states(): ReadonlyMap<Identifier, HotState>;
  /** Products whose deadline is reached, `max` at most, each once. */
  due(at: number, max: number): readonly Identifier[];
  /** The next deadline; milliseconds since 1970. */
  next(): number | undefined;
  /** Writes anew what was written an hour ago, `max` at most. */
  keep(moment: Moment, max: number): void;
  /** Products to which something happened since it was asked last; one that is not here any more has failed. */
  fed(): ReadonlySet<Identifier>;
  /** What was decided since it was asked last. Transitions are in the order in which they happened. */
  decided(): Decided;
}

/** One moment by two clocks. */
export interface Moment {
  /** Milliseconds since 1970, for what others understand: deadlines outlive a process. */
  readonly at: number;
  /** Monotonic milliseconds, for how long something takes. */
  readonly clock: number;
}

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
  | { readonly kind: "alert" | "calm" | "warn"; readonly id: Identifier; readonly failures: number }
  /** Its value is not needed any more. */
  | { readonly kind: "forget"; readonly id: Identifier }
  /** Its machine threw, and is no more: it begins anew. */
  | { readonly kind: "failed"; readonly id: Identifier; readonly error: unknown };

/** Longer than the longest refresh with its load and a retry with its own. */
export const pushedLifeMs = 40_000;
/** Who holds it is for people to see: it is written no more often. */
const shownEveryMs = 5_000;
/** The stream forgets by age and by bytes; what stands for days must be in it all the same. */
export const keepEveryMs = 3_600_000;

export interface HotActorsOptions {
  /** Who is to hold what is pushed now. */
  readonly holders: () => readonly string[];
  /** By the monotonic clock. */
  readonly clock: () => number;
  /** All commands up to there are known to have been applied. */
  readonly commandsTo: () => number;
  /** What else is known of a product that is forgotten is so as well. */
  readonly forgotten: (id: Identifier) => void;
}

export function createHotActors({ holders, clock, commandsTo, forgotten }: HotActorsOptions): HotActors {
  const states = new Map<Identifier, HotState>();
  const deadlines = createDeadlines<Identifier>();
  /** When each is to be written anew. */
  const writing = createDeadlines<Identifier>();
  /** What people see of it: as it was written last, and when. */
  const shown = new Map<
    Identifier,
    Pick<HotState, "value" | "holders" | "of"> & { readonly clock: number }
  >();
  const pushes = createPushes();
  let fed = new Set<Identifier>();
  let transitions: Transition[] = [];
  let todo: HotTodo[] = [];

  function forget(id: Identifier): void {
    states.delete(id);
    deadlines.set(id, undefined);
    writing.set(id, undefined);
    shown.delete(id);
    pushes.forget(id);
    forgotten(id);
    todo.push({ kind: "forget", id });
  }

  function put(state: HotState): void {
    states.set(state.product, state);
    deadlines.set(state.product, state.deadline ?? undefined);
  }

  function write(event: HotEvent, before: HotState, after: HotState): void {
    const { product, value, holders, of } = after;
    transitions.push({ event, before: before.value, after });
    writing.set(product, clock() + keepEveryMs);
    shown.set(product, { value, holders, of, clock: clock() });
  }

  /** Whether people see what they would see of this one. A refresh is nothing to see. */
  function isShown({ product, value, holders, of }: HotState): boolean {
    const last = shown.get(product);
    if (last === undefined || value !== "hot.fresh") return true;
    if (last.value === value && clock() < last.clock + shownEveryMs) return true;
    return last.value === value && last.holders === holders && last.of === of;
  }

  function isWritten(event: HotEvent, before: HotState, state: HotState): boolean {
    if (isTold(before, state)) return true;
    // Who takes over writes all that it goes on from: when the one before did is not known.
    if (event.type === "resumed") return states.has(state.product);
    return event.type === "held" && !isShown(state);
  }

  function note(effect: HotEffect, id: Identifier, state: HotState, at: number): void {
    if (effect === "load" || effect === "cool") {
      todo.push({ kind: effect, id });
    } else if (effect !== "push") {
      todo.push({ kind: effect, id, failures: state.failures });
    } else if (state.oversized) {
      pushes.begin(id, [], at);
    } else {
      const push = pushes.begin(id, holders(), at);
      const changesArePushed = state.mode === "push";
      todo.push({ kind: "push", id, push, untilMs: at + pushedLifeMs, changesArePushed });
    }
  }

  /** A state that the machine cannot stand in, whoever wrote it, costs this product its state and no other anything. */
  function decided(state: HotState, event: HotEvent): ReturnType<typeof decide> | undefined {
    try {
      return decide(state, event);
    } catch (error) {
      const id = state.product;
      forget(id);
      fed.add(id);
      todo.push({ kind: "cool", id }, { kind: "failed", id, error });
      return undefined;
    }
  }

  function feed(id: Identifier, event: HotEvent): void {
    const known = states.get(id);
    const before = known ?? initialState(id, event.at, commandsTo());
    const next = decided(before, event);
    if (next === undefined) return;
    const { state, effects } = next;
    if (isWritten(event, before, state)) write(event, before, state);
    for (const effect of effects) note(effect, id, state, event.at);
    if (known !== undefined || state !== before) {
      put(state);
      fed.add(id);
    }
    // Where nobody is there to hold it, nobody is waited for.
    if (effects.includes("push") && pushes.standing(id)?.of === 0) feedHeld(id, event.at);
  }

  function feedKnown(id: Identifier, event: HotEvent): void {
    if (states.has(id)) feed(id, event);
  }

  function feedHeld(id: Identifier, at: number): void {
    const standing = pushes.standing(id);
    if (standing !== undefined) feedKnown(id, { type: "held", at, ...standing });
  }

  return {
    feed,
    feedKnown,
    feedHeld,
    hear(by, held, at) {
      for (const id of pushes.hear(by, held)) feedHeld(id, at);
    },
    restore: put,
    forget,
    state: (id) => states.get(id),
    states: () => states,
    due: (at, max) => deadlines.take(at, max),
    next: () => deadlines.next(),
    keep(moment, max) {
      for (const id of writing.take(moment.clock, max)) {
        const state = states.get(id);
        if (state === undefined) continue;
        write({ type: "kept", at: moment.at }, state, state);
        // What it is hot for is claimed anew, if that was forgotten among too many who wait for room.
        fed.add(id);
      }
    },
    fed() {
      const taken = fed;
      if (taken.size > 0) fed = new Set();
      return taken;
    },
    decided() {
      const taken = { transitions, todo };
      transitions = [];
      todo = [];
      return taken;
    },
  };
}
