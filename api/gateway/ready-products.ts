import type { Identifier } from "../../streams/identifier.ts";
import { createKeyTable, type Keyed } from "../key-table.ts";
import type { MadeAnswer } from "./made-answer.ts";
import type { Served } from "./served.ts";
import { type AnswerWanted, madeOf, type ReadyAnswer, type StoredAnswers } from "./stored-answers.ts";

/**
 * The shortest way past the memory: a product that is not held here, as Redis holds it ready. Each is asked for once at
 * a time, however many want it. No promise is made on this way and nothing is kept that would displace what is wanted
 * more: most of what it costs is what HTTP costs.
 */
export interface ReadyProducts {
  /** `done` hears undefined where the longer way is to be gone. */
  serve(id: Identifier, key: string, done: (served: Served | undefined) => void): void;
}

type Done = (served: Served | undefined) => void;

interface Asking extends Keyed {
  readonly all: Done[];
}

export interface ReadyProductsOptions {
  readonly stored: StoredAnswers;
  readonly wanted: (id: Identifier) => AnswerWanted;
  /** A moment in what was heard. */
  readonly moment: () => number;
  readonly admits: (key: string, ready: ReadyAnswer) => boolean;
  /** `begun`: the moment at which it was asked for. */
  readonly keep: (id: Identifier, begun: number, tookMs: number, answer: MadeAnswer) => Served | undefined;
}

export function createReadyProducts(options: ReadyProductsOptions): ReadyProducts {
  const { stored, wanted, moment, admits, keep } = options;
  const waiting = createKeyTable<Asking>();

  function servedOf(id: Identifier, key: string, ready: ReadyAnswer, begun: number): Served | undefined {
    if (admits(key, ready)) return keep(id, begun, ready.tookMs, madeOf(id, ready));
    const { prepared, sequence, knownAt, validUntil } = ready;
    return { prepared, source: "redis", sequence, knownAt, validUntil, degraded: false };
  }

  return {
    serve(id, key, done) {
      const standing = waiting.get(id);
      if (standing !== undefined) {
        standing.all.push(done);
        return;
      }
      const all = [done];
      waiting.add({ key: id, chained: undefined, all });
      const begun = moment();
      stored.ask(id, wanted(id), (ready) => {
        waiting.delete(id);
        const isReady = ready !== undefined && !(ready instanceof Error);
        const served = isReady ? servedOf(id, key, ready, begun) : undefined;
        for (const each of all) each(served);
      });
    },
  };
}
