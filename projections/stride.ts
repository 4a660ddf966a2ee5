import type { Folded, Refusal, Standing } from "./projection.ts";
import { PositionMoved } from "./read-model.ts";

/**
 * A stride: batches that follow one another and are written behind one move of the positions. While the log holds more,
 * the store works on one batch and has the next one before it is done; with a move behind each batch it waited for the
 * projector, and the projector for it, a fifth of the time.
 *
 * Each write is "store if newer", so the order in which batches arrive does not matter; one that reads what those before
 * it write is `alone` in its stride.
 */
export interface Batch extends Folded {
  /** The last sequence that it covers, and what of it was no event. */
  readonly last: number;
  readonly refused: readonly Refusal[];
  /** When the log ended with it; undefined where more follows. */
  readonly headAt: number | undefined;
}

export interface Stride {
  readonly isEmpty: boolean;
  /** Whether the positions are to move before `next` is written. */
  endsBefore(next: Batch): boolean;
  /** Begins to write a batch, as soon as few enough are under way. */
  write(batch: Batch): Promise<void>;
  /** Ends the stride when all of it is written: what it refused, and its last batch. Throws what a write threw. */
  end(): Promise<{ readonly refused: readonly Refusal[]; readonly last: Batch }>;
}

/** A projector that dies does so many again. */
const batchesMax = 8;
const underWayMax = 2;

interface Writing {
  readonly batch: Batch;
  /** Never rejects: the error that the write threw, or what it refused. */
  readonly outcome: Promise<{ readonly refused: readonly Refusal[] } | { readonly error: unknown }>;
}

export function createStride(options: {
  readonly standing: () => Standing;
  /** Whether the positions are where they were but for the revision, which then has been taken over. */
  readonly isRebuilt: () => Promise<boolean>;
}): Stride {
  const { standing, isRebuilt } = options;
  let writings: Writing[] = [];
  let failed = false;

  function begin(batch: Batch): Writing {
    const outcome = batch.write(standing()).then(
      (refused) => ({ refused }),
      (error: unknown) => {
        failed = true;
        return { error };
      },
    );
    return { batch, outcome };
  }

  /** What a batch refused; it is written once more upon what stands now, where a rebuild went on meanwhile. */
  async function refusedBy({ batch, outcome }: Writing): Promise<readonly Refusal[]> {
    for (let result = await outcome; ; result = await begin(batch).outcome) {
      if ("refused" in result) return result.refused;
      if (!(result.error instanceof PositionMoved) || !(await isRebuilt())) throw result.error;
    }
  }

  return {
    get isEmpty() {
      return writings.length === 0;
    },

    endsBefore({ alone }) {
      const last = writings.at(-1)?.batch;
      return last !== undefined && (failed || alone || last.alone || writings.length >= batchesMax);
    },

    async write(batch) {
      await writings.at(-underWayMax)?.outcome;
      writings.push(begin(batch));
    },

    async end() {
      const ended = writings;
      // Nothing is under way any more when the first failure is heard of.
      await Promise.all(ended.map(({ outcome }) => outcome));
      writings = [];
      failed = false;
      const refused: Refusal[] = [];
      for (const writing of ended) refused.push(...(await refusedBy(writing)));
      return {
        refused: [...ended.flatMap(({ batch }) => batch.refused), ...refused],
        last: (ended.at(-1) as Writing).batch,
      };
    },
  };
}
