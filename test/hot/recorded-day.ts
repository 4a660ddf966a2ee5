import { join } from "node:path";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Decided, HotTodo } from "../../actors/hot/hot-actors.ts";
import { createHotDecisions } from "../../actors/hot/hot-decisions.ts";
import type { HotInput } from "../../actors/hot/hot-input.ts";
import type { HotState } from "../../actors/hot/hot-state.ts";
import { encodeTransition } from "../../actors/hot/transitions.ts";
import type { Identifier } from "../../streams/identifier.ts";

/** A day as it is stored: an input a line with the milliseconds since the one before, and the bytes of each transition. */

export const dayStart = Date.UTC(2026, 10, 27);
export const options = { hotMax: 6, warmBeforeMs: 300_000 };

/** The owner ends here, and another goes on with what is written. */
export type DayInput = Exclude<HotInput, { readonly kind: "fold" }> | { readonly kind: "take-over" };
export type DayLine = readonly [afterMs: number, input: DayInput];

export const file = (name: "inputs" | "transitions"): string =>
  join(import.meta.dirname, "recorded", `day.${name}.jsonl.gz`);
export const readLines = (name: "inputs" | "transitions"): readonly string[] =>
  gunzipSync(readFileSync(file(name)))
    .toString()
    .trimEnd()
    .split("\n");

const time: HotInput = { kind: "time" };
/** On that day no clock was set. */
const momentOf = (at: number) => ({ at, clock: at - dayStart });

/** One owner behind the other, over inputs with their times. What they write is kept as the HOT stream would keep it. */
export function createOwners() {
  const written: string[] = [];
  const newest = new Map<Identifier, { readonly state: HotState; readonly sequence: number }>();
  const sales: Extract<DayInput, { readonly kind: "sale" }>[] = [];
  let decisions = createHotDecisions(options);
  let commands = 0;

  function keep({ transitions }: Decided): void {
    for (const transition of transitions) {
      written.push(Buffer.from(encodeTransition(transition)).toString());
      const state = transition.after;
      newest.set(state.product, { state, sequence: written.length });
    }
  }

  function decide(input: HotInput, at: number): readonly HotTodo[] {
    const decided = decisions.take(input, momentOf(at));
    keep(decided);
    return decided.todo;
  }

  return {
    written: written as readonly string[],
    state: (id: Identifier) => decisions.state(id),
    waitMs: (at: number) => decisions.waitMs(momentOf(at)),
    take(input: DayInput, at: number): readonly HotTodo[] {
      if (input.kind === "sale") sales.push(input);
      if (input.kind === "command") commands = input.command.sequence;
      if (input.kind !== "take-over") return [input, time].flatMap((each) => decide(each, at));
      decisions = createHotDecisions(options);
      const fold = { products: new Map(newest), commands: [], last: commands };
      return [{ kind: "fold", fold } as const, ...sales, time].flatMap((each) => decide(each, at));
    },
  };
}
