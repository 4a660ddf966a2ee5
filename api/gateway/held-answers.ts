import type { Aspects } from "../../projections/aspects.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Prepared } from "../answer.ts";
import type { Touched } from "./heard-changes.ts";
import { aspectsIn, type MadeAnswer } from "./made-answer.ts";
import { createLatelyWanted } from "./lately-wanted.ts";
import { createSieve } from "./sieve.ts";

/** Answers held ready, by key, bounded in bytes; what depends on a product or a name is found by it. */
export interface HeldAnswers {
  /** Keeps it alive. */
  get(key: string): Held | undefined;
  peek(key: string): Held | undefined;
  put(key: string, held: Held): void;
  /**
   * Whether it is worth keeping: it would displace nobody, or it was wanted before, lately, which it was from now on.
   * `dependsOn`: the products and names in it.
   */
  admits(key: string, answer: Prepared, dependsOn: number): boolean;
  /** Marks every answer that shows what was touched, and returns how many. */
  touch(touched: Touched): number;
  readonly bytes: number;
  readonly size: number;
}

export interface Held {
  readonly answer: MadeAnswer;
  /** In what was heard: the load began then. */
  readonly moment: number;
  /** The highest position that readers were given with it. */
  shown: number;
  /** How long it took to make. */
  readonly tookMs: number;
  /** Something in it changed: it is served only where no tier has anything newer. */
  touched: boolean;
  /** It was touched a moment ago, and its new value is on its way. */
  awaiting?: Awaiting | undefined;
  /** When it was made. */
  readonly madeAt: number;
  /** Not checked behind a request again before. */
  retryAt: number;
  /** Its bytes with a word about being degraded, once they were needed. */
  degraded?: Prepared;
}

export interface Awaiting {
  /** How long it is served as it is, by the clock of `madeAt`. */
  readonly until: number;
  /** When it was last known to equal the log. */
  readonly knownAt: number;
}

/** What an answer takes beside its bytes: places in maps, and its own fields; the latter with a purge tag each. */
const heldBytes = 1_024;
const nameBytes = 300;
/** What it is made of, where it is held to be rendered again: so many times its bytes. */
const aheadTimes = 3;
const costOf = ({ bytes }: Prepared, dependsOn: number) => bytes.length + heldBytes + nameBytes * dependsOn;

export function createHeldAnswers(bytesMax: number): HeldAnswers {
  /** By product: the keys of answers that show it, with the aspects that they show. */
  const byProduct = new Map<Identifier, Map<string, Aspects>>();
  const byName = new Map<string, Set<string>>();
  const lately = createLatelyWanted(bytesMax / heldBytes);

  const answers = createSieve<Held>(bytesMax, ({ answer }, key) => {
    for (const id of answer.products.keys()) {
      const keys = byProduct.get(id);
      keys?.delete(key);
      if (keys?.size === 0) byProduct.delete(id);
    }
    for (const name of answer.names) {
      const keys = byName.get(name);
      keys?.delete(key);
      if (keys?.size === 0) byName.delete(name);
    }
  });

  function index(key: string, answer: MadeAnswer): void {
    for (const id of answer.products.keys()) {
      const keys = byProduct.get(id);
      const shown = aspectsIn(answer, id);
      if (keys === undefined) byProduct.set(id, new Map([[key, shown]]));
      else keys.set(key, shown);
    }
    for (const name of answer.names) {
      const keys = byName.get(name);
      if (keys === undefined) byName.set(name, new Set([key]));
      else keys.add(key);
    }
  }

  /** Returns whether it was not marked before. */
  function mark(key: string): boolean {
    const held = answers.peek(key);
    if (held === undefined || held.touched) return false;
    held.touched = true;
    return true;
  }

  return {
    get: answers.get,
    peek: answers.peek,
    admits(key, prepared, dependsOn) {
      if (answers.bytes + costOf(prepared, dependsOn) <= bytesMax) return true;
      return answers.peek(key) !== undefined || lately.wasWanted(key);
    },
    put(key, held) {
      const { prepared, products, names, later } = held.answer;
      const ahead = later === undefined ? 0 : aheadTimes * prepared.bytes.length;
      answers.set(key, held, costOf(prepared, products.size + names.length) + ahead);
      if (answers.peek(key) === held) index(key, held.answer);
    },
    touch({ products, names }) {
      let count = 0;
      for (const [id, touched] of products) {
        for (const [key, shown] of byProduct.get(id) ?? []) if ((touched & shown) !== 0 && mark(key)) count++;
      }
      for (const name of names) for (const key of byName.get(name) ?? []) if (mark(key)) count++;
      return count;
    },
    get bytes() {
      return answers.bytes;
    },
    get size() {
      return answers.size;
    },
  };
}
