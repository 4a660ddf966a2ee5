import { hash } from "node:crypto";
import { type Aspects, aspects } from "../../projections/aspects.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Log, StoredMessage } from "../../streams/log.ts";
import { createSlots } from "../../streams/slots.ts";
import { createReferenceFold, eventOf, type ReferenceFold } from "../verify/reference/fold.ts";
import { ratingOf, type Shown, type ShownSales, shownSales } from "../verify/reference/product.ts";
import { readSubject } from "../verify/reference/subject.ts";
import { readAllBefore, readBefore, readSales } from "./before.ts";
import type { History, State } from "./history.ts";

/**
 * The oracle: follows the log and knows of each traced product what it was after each of its latest changes. It folds
 * with the reference of `shelfwire verify`, which shares no code with the projections.
 *
 * A product is traced from the first change that is heard of on; what was before is read from the log by its exact
 * subjects. Sales alone are folded from the beginning of the log, for all products, because no subject says which
 * products they are about. Held are the states of `horizonMs`, and of a product that changed lately, so that memory
 * depends on the rate of changes and not on the size of the catalogue.
 */
export interface Oracle {
  /** Everything up to this sequence is known. */
  readonly head: number;
  readonly counts: OracleCounts;
  /** Products whose past is being read, which have no history yet. */
  readonly reading: number;
  historyOf(id: Identifier): History | undefined;
  /**
   * Adds to a history what it was before the first change that was heard of: an answer that nothing else explains may be
   * of then. False where it is there already, or the log does not give it. Costs a pass over the product's own events;
   * what sales were then is not known, and taken to be as it was later.
   */
  extend(id: Identifier): Promise<boolean>;
  /** Resolves when the signal ends it. Throws what the log throws. */
  follow(from: number, signal: AbortSignal): Promise<void>;
}

export interface OracleCounts {
  /** Changes of traced products. */
  changes: number;
  /** Changes of products that were not traced, because `tracedMax` were or the log did not give what was before. */
  untraced: number;
  /** Events of the log that are bad, among those that were looked at. */
  bad: number;
  traced: number;
}

export interface OracleOptions {
  readonly catalog: Log;
  /** The share of all products that is traced, 0 to 1; the same ones in every run. */
  readonly sample: number;
  readonly tracedMax: number;
  readonly horizonMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A traced product changed, and its history tells of it. */
  readonly onChange: (history: History, state: State) => void;
  /** The head has moved. */
  readonly onHead: (head: number) => void;
}

interface Traced {
  readonly id: Identifier;
  readonly fold: ReferenceFold;
  states: State[];
  /** They begin with the product itself, and stay until it is forgotten. */
  whole: boolean;
  /** What happened while the log was asked for what was before. */
  waiting: Happened[] | undefined;
}

interface Happened {
  readonly message: StoredMessage;
  readonly kind: string;
  /** What sales said about the product then. */
  readonly sales: ShownSales | null;
}

const takeMax = 4_096;
const takeMs = 250;
const sweepMs = 1_000;
/** Products whose past is read at once. */
const readingMax = 8;

export function createOracle(options: OracleOptions): Oracle {
  const { catalog, sample, tracedMax, horizonMs, now, onChange, onHead } = options;
  const sales = createReferenceFold();
  const traced = new Map<Identifier, Traced>();
  const slots = createSlots(readingMax);
  const counts = { changes: 0, untraced: 0, bad: 0, traced: 0 };
  let head = 0;
  let reading = 0;
  let sweptAt = 0;

  const isSampled = (id: Identifier) =>
    sample >= 1 || hash("sha1", id, "buffer").readUInt32BE(0) < sample * 2 ** 32;

  function hear(message: StoredMessage): void {
    const named = readSubject(message.subject);
    if ("bad" in named) return void counts.bad++;
    const { kind, id } = named;
    if (kind.startsWith("sale.")) {
      const touched = sales.take(message);
      if (sales.bad.has(message.sequence)) counts.bad++;
      for (const product of touched) if (isSampled(product)) happen(product, kind, message);
    } else if (!kind.startsWith("category.") && kind !== "featured.set" && isSampled(id)) {
      if ("bad" in eventOf(message)) counts.bad++;
      else happen(id, kind, message);
    }
  }

  function happen(id: Identifier, kind: string, message: StoredMessage): void {
    const standing = sales.products.get(id)?.sales ?? null;
    const happened = { message, kind, sales: standing && shownSales(standing) };
    const known = traced.get(id);
    if (known === undefined) begin(id, happened);
    else if (known.waiting === undefined) fold(known, happened);
    else known.waiting.push(happened);
  }

  function begin(id: Identifier, first: Happened): void {
    if (traced.size >= tracedMax) return void counts.untraced++;
    const one: Traced = { id, fold: createReferenceFold(), states: [], whole: false, waiting: [first] };
    traced.set(id, one);
    reading++;
    slots
      .run(() => readBefore(catalog, id, first.message))
      .then(
        (before) => {
          for (const message of before) one.fold.take(message);
          const waiting = one.waiting ?? [];
          one.waiting = undefined;
          for (const happened of waiting) fold(one, happened);
        },
        () => {
          counts.untraced += one.waiting?.length ?? 0;
          traced.delete(id);
        },
      )
      .finally(() => {
        reading--;
      });
  }

  function fold(one: Traced, { message, kind, sales: standing }: Happened): void {
    if (!kind.startsWith("sale.")) one.fold.take(message);
    const state = stateOf(one.id, one.fold, one.states.at(-1)?.shown, { message, kind, sales: standing });
    one.states.push(state);
    counts.changes++;
    onChange(one, state);
  }

  async function extend(one: Traced): Promise<boolean> {
    const [oldest] = one.states;
    if (one.whole || oldest === undefined) return false;
    const messages = await slots.run(() => readAllBefore(catalog, one.id, oldest.sequence));
    const past = createReferenceFold();
    const older: State[] = [];
    for (const message of messages) {
      const named = readSubject(message.subject);
      if ("bad" in named || [...past.take(message)].length === 0) continue;
      const happened = { message, kind: named.kind, sales: oldest.shown.sales };
      older.push(stateOf(one.id, past, older.at(-1)?.shown, happened));
    }
    if (one.whole || one.states[0] !== oldest) return one.whole;
    one.states = [...older, ...one.states];
    one.whole = true;
    return true;
  }

  /** Forgets what no answer can be held against any more. */
  function sweep(): void {
    const oldest = now() - horizonMs;
    for (const one of traced.values()) {
      if (one.waiting !== undefined) continue;
      if ((one.states.at(-1)?.time ?? 0) < oldest) traced.delete(one.id);
      if (one.whole) continue;
      const kept = one.states.findIndex((_, at) => (one.states[at + 1]?.time ?? oldest) >= oldest);
      if (kept > 0) one.states = one.states.slice(kept);
    }
    counts.traced = traced.size;
  }

  return {
    counts,
    get head() {
      return head;
    },
    get reading() {
      return reading;
    },
    historyOf(id) {
      const one = traced.get(id);
      return one?.waiting === undefined ? one : undefined;
    },
    async extend(id) {
      const one = traced.get(id);
      return one !== undefined && (await extend(one).catch(() => false));
    },
    async follow(from, signal) {
      await readSales(catalog, from - 1, (message) => sales.take(message));
      head = from - 1;
      const tail = catalog.tail({ from });
      // So that a wait for messages ends with it.
      signal.addEventListener("abort", () => void tail.close(), { once: true });
      try {
        while (!signal.aborted) {
          const { messages } = await tail.take(takeMax, takeMs);
          for (const message of messages) {
            hear(message);
            head = message.sequence;
          }
          if (messages.length > 0) onHead(head);
          if (now() - sweptAt < sweepMs) continue;
          sweptAt = now();
          sweep();
        }
      } finally {
        await tail.close();
      }
    },
  };
}

/** What the product is behind an event that its fold has taken. */
function stateOf(
  id: Identifier,
  fold: ReferenceFold,
  before: Shown | undefined,
  { message, kind, sales }: Happened,
): State {
  const { details = null, price = null, inventory = null, reviews = null } = fold.products.get(id) ?? {};
  const rated =
    before !== undefined && kind !== "review.posted"
      ? before.rating
      : reviews && { ...ratingOf({ reviews }), sequence: reviews.sequence };
  const shown: Shown = { id, details, price, inventory, rating: rated, sales };
  const { sequence, time, subject } = message;
  return { sequence, time, subject, changed: changedBy(kind, before, shown), shown };
}

function changedBy(kind: string, before: Shown | undefined, { inventory }: Shown): Aspects {
  switch (kind) {
    case "product.modified":
      return aspects.details;
    case "inventory.changed": {
      const wasInStock = before?.inventory && before.inventory.quantity > 0;
      const flipped = wasInStock !== (inventory && inventory.quantity > 0);
      return aspects.quantity | (flipped ? aspects.stock : 0);
    }
    case "review.posted":
      return aspects.rating;
    default:
      return aspects.price;
  }
}
