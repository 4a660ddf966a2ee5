import { and, assign, enqueueActions, not, setup } from "xstate";
import type { Identifier } from "../../streams/identifier.ts";
import { hotUntilPerSecond } from "./hot-set.ts";
import {
  absentMs,
  dropMs,
  dueMsMax,
  type HotContext,
  type HotEvent,
  initialState,
  isOnSale,
  isWantedAt,
  spreadOf,
  withSale,
} from "./hot-state.ts";

/**
 * The statechart of one hot product. A reason to be hot comes and goes in any state; which state that leads to is decided
 * by guards that look at the reasons whenever something happened, so no order of events can leave a product hot without
 * one. Nothing runs in here, and no timer: a deadline is an absolute time in the state, and the clock is an event.
 */

/** So long a load may take, waiting for its turn included. */
export const loadDueMs = 10_000;
/** So long a value waits to be held by every living worker. */
export const holdMs = 1_000;
/** Well before the 30 s end for which a gateway trusts what it holds. Spread, so that a sale's products do not refresh at once. */
const refreshMs = { least: 10_000, spread: 4_000 };
const retryMs = { first: 250, most: 8_000 };
export const coolingMs = dueMsMax;
/**
 * Pushing costs a message to each node with each write, invalidating a load in each node with each write that is read
 * afterwards: a load is dear, so pushing pays where reads are at least as many; the gap keeps it from changing to and fro.
 */
const readsPerWrite = { toPush: 2, toInvalidate: 1 };

type Measured = Pick<HotContext, "mode" | "oversized" | "reads" | "writes">;

function isPushing({ mode, oversized, writes }: Measured, reads: number): boolean {
  if (oversized) return false;
  return mode === "push"
    ? writes === 0 || reads > writes * readsPerWrite.toInvalidate
    : reads > writes * readsPerWrite.toPush;
}

/** What a sale or an operator has made warm is about to be read, whoever reads it yet: it counts as what is barely hot. */
function readsToCome({ operator, sales }: HotContext, { reads, at }: { reads: number; at: number }): number {
  return operator || isOnSale(sales, at) ? Math.max(reads, hotUntilPerSecond) : reads;
}

export interface Rate {
  /** A second. */
  readonly reads: number;
  readonly writes: number;
  readonly at: number;
}

/** Whether what is measured now changes how the product's changes are told. */
export const changesMode = (state: HotContext, rate: Rate): boolean =>
  isPushing({ ...state, ...rate }, readsToCome(state, rate)) !== (state.mode === "push");

function retryAfterMs({ product, failures }: HotContext): number {
  const fullMs = Math.min(retryMs.most, retryMs.first * 2 ** Math.min(failures - 1, 16));
  return Math.round(fullMs / 2 + (fullMs / 2) * spreadOf(product));
}

export const machine = setup({
  types: {} as { context: HotContext; events: HotEvent },
  guards: {
    isWanted: ({ context, event }) => isWantedAt(context, event.at),
    isDue: ({ context, event }) => context.due !== null && event.at >= context.due,
    hasValue: ({ context }) => context.sequence !== null,
    hasChanged: ({ context }) => context.again,
    isPushed: ({ context }) => context.mode === "push",
    isHeldByAll: ({ event }) => event.type === "held" && event.holders >= event.of,
    isNew: ({ context, event }) => "command" in event && event.command > context.command,
    switches: ({ context, event }) => event.type === "rate" && changesMode(context, event),
  },
  actions: {
    load: () => {},
    push: () => {},
    cool: () => {},
    alert: () => {},
    calm: () => {},
    warn: () => {},

    heat: assign(({ event }) => ({ heat: event.type === "heated" })),
    heatUp: assign({ heat: true, hasRoom: true }),
    giveRoom: assign(({ event }) => ({ hasRoom: event.type === "admitted" })),
    planSale: assign(({ context, event }) =>
      event.type === "sale-planned" ? { sales: withSale(context.sales, event) } : {},
    ),
    cancelSale: assign(({ context, event }) =>
      event.type === "sale-cancelled"
        ? { sales: context.sales.filter(({ sale }) => sale !== event.sale) }
        : {},
    ),
    rememberDrop: assign(({ context, event }) => {
      const since = event.type === "price-dropped" ? (event.since ?? event.at) : event.at;
      return { dropUntil: Math.max(context.dropUntil, since + dropMs) };
    }),
    obey: assign(({ event }) =>
      event.type === "operator-added" || event.type === "operator-removed"
        ? { operator: event.type === "operator-added", command: event.command }
        : {},
    ),

    enter: assign(({ event }) => ({ since: event.at })),
    forget: assign({
      due: null,
      sequence: null,
      again: false,
      holders: 0,
      of: 0,
      failures: 0,
      oversized: false,
      mode: "push",
      reads: 0,
      writes: 0,
    }),
    noteAbsent: assign(({ event }) => ({ absentUntil: event.at + absentMs })),
    lookAgain: assign({ absentUntil: 0 }),
    awaitLoad: assign(({ event }) => ({ due: event.at + loadDueMs, again: false })),
    awaitHolders: assign(({ event }) => ({ due: event.at + holdMs })),
    awaitRefresh: assign(({ context, event }) => ({
      due: event.at + refreshMs.least + Math.floor(refreshMs.spread * spreadOf(context.product)),
    })),
    awaitRetry: assign(({ context, event }) => ({ due: event.at + retryAfterMs(context) })),
    awaitCold: assign(({ event }) => ({ due: event.at + coolingMs, again: false })),
    /** A tier that is behind may answer: what was loaded before stays the newest. */
    take: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "loaded") return;
      const sequence = Math.max(context.sequence ?? 0, event.sequence);
      const { isLarge } = event;
      const mode = isLarge ? "invalidate" : context.mode;
      enqueue.assign({ sequence, failures: 0, holders: 0, of: 0, oversized: isLarge, mode });
      // Who holds a smaller one would wait for values that do not come.
      if (isLarge && !context.oversized) {
        enqueue("cool");
        enqueue("warn");
      }
    }),
    fail: assign(({ context }) => ({ failures: context.failures + 1 })),
    noteHolders: assign(({ event }) =>
      event.type === "held" ? { holders: event.holders, of: event.of } : {},
    ),
    noteChange: assign({ again: true }),
    switchMode: assign(({ context, event }) =>
      event.type === "rate"
        ? {
            mode: context.mode === "push" ? ("invalidate" as const) : ("push" as const),
            reads: event.reads,
            writes: event.writes,
          }
        : {},
    ),
    alertOnce: enqueueActions(({ context, enqueue }) => {
      if (context.alerted) return;
      enqueue("alert");
      enqueue.assign({ alerted: true });
    }),
    calmDown: enqueueActions(({ context, enqueue }) => {
      if (!context.alerted) return;
      enqueue("calm");
      enqueue.assign({ alerted: false });
    }),
  },
}).createMachine({
  id: "product",
  initial: "cold",
  // Of none: each product's is resolved from its state.
  context: initialState("product" as Identifier, 0, 0),
  on: {
    heated: { actions: "heatUp" },
    cooled: { actions: "heat" },
    evicted: { actions: "giveRoom" },
    admitted: { actions: "giveRoom" },
    "sale-planned": { actions: "planSale" },
    "sale-cancelled": { actions: "cancelSale" },
    "price-dropped": { actions: "rememberDrop" },
    "operator-added": { guard: "isNew", actions: "obey" },
    "operator-removed": { guard: "isNew", actions: "obey" },
  },
  states: {
    cold: {
      entry: ["enter", "forget", "calmDown"],
      always: { guard: "isWanted", target: "warming" },
      on: { changed: { actions: "lookAgain" } },
    },
    warming: {
      entry: "enter",
      initial: "loading",
      always: { guard: not("isWanted"), target: "cooling" },
      on: {
        absent: { target: "cold", actions: "noteAbsent" },
        resumed: ".loading",
      },
      states: {
        loading: {
          entry: ["load", "awaitLoad"],
          on: {
            loaded: { target: "confirming", actions: "take" },
            "load-failed": { target: "waiting", actions: "fail" },
            time: { guard: "isDue", target: "waiting", actions: "fail" },
            changed: { actions: "noteChange" },
          },
        },
        confirming: {
          entry: ["push", "awaitHolders"],
          on: {
            held: [
              { guard: "isHeldByAll", target: "#product.hot", actions: "noteHolders" },
              { actions: "noteHolders" },
            ],
            time: { guard: "isDue", target: "#product.hot" },
            changed: { actions: "noteChange" },
          },
        },
        waiting: {
          entry: "awaitRetry",
          on: {
            loaded: { target: "confirming", actions: "take" },
            time: { guard: "isDue", target: "loading" },
          },
        },
      },
    },
    hot: {
      entry: "enter",
      initial: "fresh",
      always: { guard: not("isWanted"), target: "cooling" },
      on: {
        absent: { target: "cold", actions: ["noteAbsent", "cool"] },
        resumed: ".refreshing",
        held: { actions: "noteHolders" },
        // Told with the next value: with the last one at once where changes are to be looked for from now on.
        rate: [
          { guard: and(["switches", "isPushed"]), actions: ["switchMode", "push"] },
          { guard: "switches", actions: ["switchMode", "noteChange"] },
        ],
      },
      states: {
        fresh: {
          entry: "awaitRefresh",
          always: { guard: "hasChanged", target: "refreshing" },
          on: {
            time: { guard: "isDue", target: "refreshing" },
            changed: { guard: "isPushed", target: "refreshing" },
          },
        },
        refreshing: {
          entry: ["load", "awaitLoad"],
          on: {
            loaded: { target: "fresh", actions: ["take", "push", "calmDown"] },
            "load-failed": { target: "stale", actions: "fail" },
            time: { guard: "isDue", target: "stale", actions: "fail" },
            changed: { guard: "isPushed", actions: "noteChange" },
          },
        },
        stale: {
          entry: ["push", "alertOnce", "awaitRetry"],
          on: {
            loaded: { target: "fresh", actions: ["take", "push", "calmDown"] },
            time: { guard: "isDue", target: "refreshing" },
          },
        },
      },
    },
    cooling: {
      entry: ["enter", "cool", "awaitCold"],
      always: [
        { guard: and(["isWanted", "hasValue"]), target: "hot.refreshing" },
        { guard: "isWanted", target: "warming" },
      ],
      on: {
        time: { guard: "isDue", target: "cold" },
        resumed: { actions: "cool" },
      },
    },
  },
});
