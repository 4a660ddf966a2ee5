import { type Aspects, aspects } from "../../projections/aspects.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { createDeadlines } from "./deadlines.ts";

/**
 * How often changes of a hot product are acted on: the first at once, those that follow it closely together behind it.
 * Each is a load, and a value to each node, so a product that is sold a hundred times a second must not cost a hundred of
 * them. Pure: times are passed in, in monotonic milliseconds.
 */
export interface ChangePacing {
  /** Whether this change may be acted on now; else it is due soon. */
  hear(id: Identifier, touched: Aspects, at: number): boolean;
  /** Products with changes to act on now, `max` at most. */
  due(at: number, max: number): readonly Identifier[];
  /** When one is due next. */
  next(): number | undefined;
  forget(id: Identifier): void;
}

const betweenMs = 100;
/** Of what changes with each sale, and what an edge holds for 30 s anyway. */
const betweenQuantitiesMs = 500;

interface Pace {
  /** When a change was acted on last. */
  readonly at: number;
  readonly due: number | undefined;
}

export function createChangePacing(): ChangePacing {
  const paces = new Map<Identifier, Pace>();
  const deadlines = createDeadlines<Identifier>();

  function set(id: Identifier, pace: Pace): void {
    paces.set(id, pace);
    deadlines.set(id, pace.due);
  }

  return {
    hear(id, touched, at) {
      const known = paces.get(id);
      const gapMs = touched === aspects.quantity ? betweenQuantitiesMs : betweenMs;
      const from = known === undefined ? at : known.at + gapMs;
      if (known === undefined || from <= at) {
        set(id, { at, due: undefined });
        return true;
      }
      if (known.due === undefined || from < known.due) set(id, { at: known.at, due: from });
      return false;
    },
    due(at, max) {
      const ids = deadlines.take(at, max);
      for (const id of ids) paces.set(id, { at, due: undefined });
      return ids;
    },
    next: () => deadlines.next(),
    forget(id) {
      paces.delete(id);
      deadlines.set(id, undefined);
    },
  };
}
