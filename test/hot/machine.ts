import { decide } from "../../actors/hot/hot-product.ts";
import { type HotEffect, type HotEvent, type HotState, initialState } from "../../actors/hot/hot-state.ts";
import { id } from "../streams/id.ts";

/** Specifications of the state machine as sentences: given these events, when this happens, then. */

export const start = 1_000_000;
export const product = id("lamp");

/** An event without its time, which is that of the one before it where none is named. */
export type Told = HotEvent extends infer One ? (One extends HotEvent ? Omit<One, "at"> : never) : never;

export interface Story {
  readonly state: HotState;
  /** What the last event asked for. */
  readonly effects: readonly HotEffect[];
}

export function given(...events: readonly (Told | number)[]): Story {
  let story: Story = { state: initialState(product, start, 0), effects: [] };
  let at = start;
  for (const event of events) {
    // A number is milliseconds that pass.
    if (typeof event === "number") at += event;
    else story = decide(story.state, { ...event, at } as HotEvent);
  }
  return story;
}

export const heated: Told = { type: "heated" };
export const cooled: Told = { type: "cooled" };
export const loaded: Told = { type: "loaded", sequence: 7, isLarge: false };
export const loadFailed: Told = { type: "load-failed" };
export const changed: Told = { type: "changed" };
export const time: Told = { type: "time" };
export const heldByAll: Told = { type: "held", holders: 3, of: 3 };
/** The events that make a product hot. */
export const becameHot = [heated, loaded, heldByAll] as const;
