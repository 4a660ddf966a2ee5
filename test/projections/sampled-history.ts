import fc from "fast-check";
import { arbitraryEvent, type Published } from "./arbitrary-events.ts";

/** A history of this many events; the same seed gives the same. */
export function historyOf(count: number, seed: number): readonly Published[] {
  return fc.sample(arbitraryEvent, { seed, numRuns: count });
}
