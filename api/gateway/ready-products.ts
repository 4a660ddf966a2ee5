import type { Identifier } from "../../streams/identifier.ts";
import { createKeyTable, type Keyed } from "../key-table.ts";
import type { ReadOptions } from "../read-options.ts";
import type { AbsentProducts } from "./absent-products.ts";
import type { GatewayCounters } from "./counters.ts";
import type { HeldAnswers } from "./held-answers.ts";
import type { MadeAnswer } from "./made-answer.ts";
import type { Served } from "./served.ts";
import { type AnswerWanted, madeOf, type ReadyAnswer, type StoredAnswers } from "./stored-answers.ts";

/**
 * The shortest way past the memory: assembled products that are not held here, as Redis holds them ready. Each is asked
 * for once at a time, however many want it. No promise is made for one of them and nothing is kept that would displace
 * what is wanted more: most of what a request costs on this way is what HTTP costs.
 */
export interface ReadyProducts {
  serve(id: Identifier, done: Done): void;
  /** The same for several at once, in the order asked; `stored` is what the rest is to be loaded with. */
  serveAll(ids: readonly Identifier[]): Promise<{
    readonly served: readonly (Served | undefined)[];
    readonly stored: ReadOptions["stored"];
  }>;
}

/** Without an answer the longer way is to be gone; `stored` says why, where the store was asked. */
type Done = (served: Served | undefined, stored: ReadOptions["stored"]) => void;

interface Asking extends Keyed {
  readonly all: Done[];
}

export interface ReadyProductsOptions {
  readonly stored: StoredAnswers;
  readonly wanted: (id: Identifier) => AnswerWanted;
  /** A moment in what was heard. */
  readonly moment: () => number;
  readonly held: HeldAnswers;
  readonly absent: AbsentProducts;
  /** `begun`: the moment at which it was asked for. */
  readonly keep: (id: Identifier, begun: number, tookMs: number, answer: MadeAnswer) => Served | undefined;
  readonly counters: GatewayCounters;
}

export function createReadyProducts(options: ReadyProductsOptions): ReadyProducts {
  const { stored, wanted, moment, held, absent, keep, counters } = options;
  const waiting = createKeyTable<Asking>();

  function servedOf(id: Identifier, ready: ReadyAnswer, begun: number): Served | undefined {
    if (held.admits(id, ready.prepared, 1)) return keep(id, begun, ready.tookMs, madeOf(id, ready));
    const { prepared, sequence, knownAt, validUntil } = ready;
    return { prepared, source: "redis", sequence, knownAt, validUntil, degraded: false };
  }

  function serve(id: Identifier, done: Done): void {
    const standing = waiting.get(id);
    if (standing !== undefined) {
      standing.all.push(done);
      return;
    }
    // What is held and was not served is to be checked against the tiers, and the absent are told so at once.
    if (held.peek(id) !== undefined || absent.has(id)) {
      done(undefined, undefined);
      return;
    }
    const all = [done];
    waiting.add({ key: id, chained: undefined, all });
    const begun = moment();
    stored.ask(id, wanted(id), (ready) => {
      waiting.delete(id);
      const isAway = ready instanceof Error;
      const served = isAway || ready === undefined ? undefined : servedOf(id, ready, begun);
      if (served !== undefined) {
        counters.misses += all.length;
        counters.ready += all.length;
      }
      const failures = all.flatMap((each) => failureOf(() => each(served, isAway ? "away" : "none")));
      if (failures.length > 0) throw failures[0];
    });
  }

  return {
    serve,
    serveAll(ids) {
      const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<ReadyProducts["serveAll"]>>>();
      const served: (Served | undefined)[] = [];
      const reasons = new Set<ReadOptions["stored"]>();
      let left = ids.length;
      for (const [at, id] of ids.entries()) {
        serve(id, (one, reason) => {
          served[at] = one;
          if (one === undefined && reason !== undefined) reasons.add(reason);
          if (--left > 0) return;
          const [first] = reasons;
          resolve({ served, stored: reasons.has("away") ? "away" : first });
        });
      }
      return promise;
    },
  };
}

/** Who fails with what it is told must not keep it from the others. */
function failureOf(call: () => void): readonly unknown[] {
  try {
    call();
    return [];
  } catch (error) {
    return [error];
  }
}
