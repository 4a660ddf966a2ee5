import type { Identifier } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import { type HotState, type HotValue, type Reason, reasonsAt } from "./hot-state.ts";
import { readHotStream } from "./hot-stream.ts";

/** What an operator is told of a product that is not cold. Times are milliseconds since 1970. */
export interface HotReport {
  readonly product: Identifier;
  readonly state: HotValue;
  readonly since: number;
  readonly reasons: readonly Reason[];
  /** False where others are hotter and there is no room for it. */
  readonly has_room: boolean;
  /** Workers that hold its value, of those that were to. */
  readonly holders: number;
  readonly of: number;
  readonly mode: HotState["mode"];
  /** Reads a second when the mode was decided; null where it never had to be. */
  readonly per_second: number | null;
  /** When something is to be done next; null where nothing is. */
  readonly next: number | null;
}

/** As the HOT stream says, whether an owner lives or not: those hot for longest first. Throws where the log does not answer. */
export async function readHotReports(hot: Log, now: number): Promise<readonly HotReport[]> {
  const { products } = await readHotStream(hot, () => {});
  return [...products.values()]
    .map(({ state }) => state)
    .filter((state) => state.value !== "cold" || reasonsAt(state, now).length > 0)
    .sort((a, b) => a.since - b.since || (a.product < b.product ? -1 : 1))
    .map((state) => ({
      product: state.product,
      state: state.value,
      since: state.since,
      reasons: reasonsAt(state, now),
      has_room: state.hasRoom,
      holders: state.holders,
      of: state.of,
      mode: state.mode,
      per_second: state.reads === 0 && state.writes === 0 ? null : state.reads,
      next: state.deadline,
    }));
}
