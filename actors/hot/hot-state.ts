import { hashOf } from "../../streams/partition.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";

/**
 * What is known of one product in its life as a hot one. All of it is JSON, and every time is absolute, in milliseconds
 * since 1970: who takes over needs nothing but the last state that was written.
 */

// State

export const hotValues = [
  "cold",
  /** Its value is being loaded; was pushed and is not confirmed by all; could not be loaded and will be again. */
  "warming.loading",
  "warming.confirming",
  "warming.waiting",
  "hot.fresh",
  "hot.refreshing",
  /** The last refresh failed: the last value is kept. */
  "hot.stale",
  /** No reason is left. It is not refreshed any more, and is hot again at once if a reason returns. */
  "cooling",
] as const;
export type HotValue = (typeof hotValues)[number];

export interface HotState extends HotContext {
  readonly value: HotValue;
}

export interface HotContext {
  readonly product: Identifier;
  /** When it became cold, warming, hot or cooling. */
  readonly since: number;
  // The reasons to be hot.
  readonly heat: boolean;
  readonly operator: boolean;
  /** A steep drop of its price counts until then; 0 without one. */
  readonly dropUntil: number;
  /** By id, so that the order in which they were told leaves no trace. */
  readonly sales: readonly HotSale[];
  /** False for one that is hot for a reason, and not hot enough for the room there is. */
  readonly hasRoom: boolean;
  /** There is no such product: it is not looked for again until then; 0 otherwise. */
  readonly absentUntil: number;
  /** When the present state must end by itself. */
  readonly due: number | null;
  /** The first moment at which something is to be done, be it due or a reason that begins or ends. */
  readonly deadline: number | null;
  /** The place in the log of the newest value that was loaded; null where none was since it became warm. */
  readonly sequence: number | null;
  /** A change was heard of behind the load that is under way. */
  readonly again: boolean;
  /** Workers that hold the value pushed last, of those that were to. */
  readonly holders: number;
  readonly of: number;
  /** Loads that failed in a row. */
  readonly failures: number;
  readonly alerted: boolean;
  /** Its value is larger than what is pushed, so that nobody holds it unasked. */
  readonly oversized: boolean;
  /** Whether a change is pushed as a value or invalidates what is held, and what was measured when that was decided. */
  readonly mode: "push" | "invalidate";
  readonly reads: number;
  readonly writes: number;
  /** The last operator's command that was applied, by its place in the HOT stream. */
  readonly command: number;
}

export interface HotSale {
  readonly sale: Identifier;
  /** When warming begins, some minutes before the sale does. */
  readonly from: number;
  /** When the sale ends. */
  readonly until: number;
}

// Events

/** Any of them is legal in any state, in any order and any number of times. `at`: when it happened. */
export type HotEvent = { readonly at: number } & (
  | { readonly type: "heated" | "cooled" | "evicted" | "admitted" }
  | ({ readonly type: "sale-planned" } & HotSale)
  | { readonly type: "sale-cancelled"; readonly sale: Identifier }
  /** `since`: when it fell, where that was some time ago. */
  | { readonly type: "price-dropped"; readonly since?: number }
  | { readonly type: "operator-added" | "operator-removed"; readonly command: number }
  /** `isLarge`: larger than what is pushed. */
  | { readonly type: "loaded"; readonly sequence: number; readonly isLarge: boolean }
  | { readonly type: "load-failed" | "absent" }
  | { readonly type: "held"; readonly holders: number; readonly of: number }
  | { readonly type: "changed" }
  | { readonly type: "rate"; readonly reads: number; readonly writes: number }
  /** The clock reached a deadline. */
  | { readonly type: "time" }
  /**
   * Another owner took over: no load is under way any more, and changes may have been missed. Or the wall's clock went
   * back, and no moment that is waited for is known to come in time.
   */
  | { readonly type: "resumed" }
  /** Nothing: what was written long ago is written anew, before the stream forgets it. */
  | { readonly type: "kept" }
);

/**
 * What is to be done: `push` the value loaded last, for longer than before; `cool` tells every worker to let it go; `warn`
 * that it is too large to be pushed.
 */
export type HotEffect = "load" | "push" | "cool" | "alert" | "calm" | "warn";

/** What is remembered of a price that fell: shorter than this nobody would have come for it. */
export const dropMs = 300_000;
export const absentMs = 60_000;
/** No state lasts for longer by itself. */
export const dueMsMax = 30_000;
/** Sales of one product that are kept in mind; beyond it the one that begins last is forgotten. */
export const salesMax = 16;

/** `command`: all commands up to there are known to have been applied. */
export const initialState = (product: Identifier, at: number, command: number): HotState => ({
  value: "cold",
  product,
  since: at,
  heat: false,
  operator: false,
  dropUntil: 0,
  sales: [],
  hasRoom: true,
  absentUntil: 0,
  due: null,
  deadline: null,
  sequence: null,
  again: false,
  holders: 0,
  of: 0,
  failures: 0,
  alerted: false,
  oversized: false,
  mode: "push",
  reads: 0,
  writes: 0,
  command,
});

// Queries

/** Whether one of them is being warmed for, or has begun and not ended. */
export const isOnSale = (sales: readonly HotSale[], at: number): boolean =>
  sales.some(({ from, until }) => from <= at && at < until);

export type Reason = "operator" | "sale" | "drop" | "heat";

export function reasonsAt({ heat, operator, dropUntil, sales }: HotContext, at: number): readonly Reason[] {
  const reasons: Reason[] = [];
  if (operator) reasons.push("operator");
  if (isOnSale(sales, at)) reasons.push("sale");
  if (dropUntil > at) reasons.push("drop");
  if (heat) reasons.push("heat");
  return reasons;
}

export function isWantedAt(
  { hasRoom, absentUntil, heat, operator, dropUntil, sales }: HotContext,
  at: number,
) {
  if (!hasRoom || absentUntil > at) return false;
  return heat || operator || dropUntil > at || isOnSale(sales, at);
}

/**
 * Whether nothing of it needs to be remembered: its initial state says the same, or it waits for room, which who gives
 * room remembers. What an operator wants is remembered in any case.
 */
export const isForgettable = (state: HotState): boolean =>
  state.value === "cold" && !state.operator && (!state.hasRoom || (state.deadline === null && !state.heat));

/** A refresh, and a load that is tried again, is one state with what is around it. */
function stageOf({ value, failures }: HotState): HotValue {
  if (value === "hot.refreshing") return failures > 0 ? "hot.stale" : "hot.fresh";
  return value === "warming.loading" && failures > 0 ? "warming.waiting" : value;
}

/**
 * Whether who goes on from the state before would do otherwise than who goes on from the one after. What is only counted
 * (holders, failures), and what a new owner asks for in any case (a refresh), makes no difference.
 */
export function isTold(before: HotState, after: HotState): boolean {
  return (
    stageOf(before) !== stageOf(after) ||
    before.heat !== after.heat ||
    before.operator !== after.operator ||
    before.dropUntil !== after.dropUntil ||
    before.hasRoom !== after.hasRoom ||
    before.absentUntil !== after.absentUntil ||
    before.alerted !== after.alerted ||
    before.oversized !== after.oversized ||
    before.mode !== after.mode ||
    before.command !== after.command ||
    (before.sales !== after.sales && JSON.stringify(before.sales) !== JSON.stringify(after.sales))
  );
}

export function withSale(sales: readonly HotSale[], { sale, from, until }: HotSale): readonly HotSale[] {
  const others = sales.filter((other) => other.sale !== sale);
  const all = [...others, { sale, from, until }];
  if (all.length > salesMax) {
    all.sort((a, b) => a.from - b.from || (a.sale < b.sale ? -1 : 1));
    all.length = salesMax;
  }
  return all.sort((a, b) => (a.sale < b.sale ? -1 : 1));
}

/**
 * Without what is over, and with the moment at which something is to be done next. What was to end at a moment that a
 * clock which went back has made a distant one ends as if it had begun now.
 */
export function settledAt(state: HotState, at: number): HotState {
  const dropUntil = state.dropUntil > at ? Math.min(state.dropUntil, at + dropMs) : 0;
  const absentUntil = state.absentUntil > at ? Math.min(state.absentUntil, at + absentMs) : 0;
  const due = state.due === null ? null : Math.min(state.due, at + dueMsMax);
  const hasEnded = state.sales.some(({ until }) => until <= at);
  const sales = hasEnded ? state.sales.filter(({ until }) => until > at) : state.sales;
  let deadline = due ?? Infinity;
  if (dropUntil > 0) deadline = Math.min(deadline, dropUntil);
  if (absentUntil > 0) deadline = Math.min(deadline, absentUntil);
  for (const { from, until } of sales) deadline = Math.min(deadline, from > at ? from : until);
  return { ...state, dropUntil, absentUntil, sales, due, deadline: deadline === Infinity ? null : deadline };
}

/** From 0 up to 1, the same for a product everywhere and always: what would be chance elsewhere, so that a replay meets it again. */
export const spreadOf = (product: Identifier): number => (hashOf(tokenOf(product)) >>> 8) / 2 ** 24;
