import type { Log, Tail } from "../../streams/log.ts";
import type { Refusal } from "../../projections/projection.ts";
import type { CatalogueFold } from "../../projections/rebuild/catalogue-fold.ts";
import { Refused } from "../refused.ts";

/** Feeds the log to a fold, from its first event up to where it is told to, and on from there when told again. */
export interface Follower {
  /** Returns once the fold includes the log up to `sequence`. */
  foldTo(sequence: number): Promise<void>;
  close(): Promise<void>;
}

export interface FollowerOptions {
  readonly catalog: Log;
  readonly fold: CatalogueFold;
  readonly onFolded: (messages: number) => void;
  readonly onRefused: (refusals: readonly Refusal[]) => Promise<void>;
}

const takeMax = 4_096;
const takeMs = 5_000;

export function follow({ catalog, fold, onFolded, onRefused }: FollowerOptions): Follower {
  let tail: Tail | undefined;
  return {
    async foldTo(sequence) {
      if (fold.sequence >= sequence) return;
      tail ??= catalog.tail({ from: 1 });
      while (fold.sequence < sequence) {
        const { messages } = await tail.take(takeMax, takeMs);
        if (messages.length === 0) {
          throw new Refused(
            `${catalog.stream} does not answer behind ${fold.sequence}: run this again later`,
          );
        }
        const refused: Refusal[] = [];
        for (const message of messages) {
          const refusal = fold.take(message);
          if (refusal !== undefined) refused.push(refusal);
        }
        onFolded(messages.length);
        if (refused.length > 0) await onRefused(refused);
      }
    },
    close: async () => tail?.close(),
  };
}
