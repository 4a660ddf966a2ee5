import type { StoredMessage, Tail } from "../streams/log.ts";
import type { DecodedBatch } from "./decode-batch.ts";
import type { Fold, Projection, Refusal, Standing, Write } from "./projection.ts";

/**
 * A stride: batches of one tail that are folded together and written as one, behind one move of the positions. While far
 * more follows, what several events change of one product is written once, and the store has that much less to do. At the
 * end of the log a stride is a batch.
 */
export interface Stride {
  /** The tail it was taken from: from another one it does not go on. */
  readonly from: Tail;
  /** Adds a batch that follows what is in it. `takenAt`: when it was taken, `isEnd`: nothing was behind it then. */
  add(batch: DecodedBatch, last: StoredMessage, standing: Standing, takenAt: number, isEnd: boolean): void;
  /** Whether it is to be written before it takes more. */
  readonly isFull: boolean;
  readonly write: Write;
  /** What in it was no event. */
  readonly refused: readonly Refusal[];
  /** The last sequence in it. */
  readonly last: number;
  /** When the log ended with it; undefined where more follows. */
  readonly headAt: number | undefined;
}

/** How many values one may hold: more of them live through too many collections. */
const valuesMax = 32_768;
/** From its first batch to its last one, in milliseconds: readers wait that long for it. */
const msMax = 1_000;

export function beginStride(from: Tail, projection: Projection, begunAt: number): Stride {
  const fold: Fold = projection.begin();
  const refused: Refusal[] = [];
  let reachedAt = begunAt;
  let last = 0;
  let headAt: number | undefined;

  return {
    from,
    refused,
    write: fold.write,
    add(batch, message, standing, takenAt, isEnd) {
      fold.add(batch.entries, standing);
      refused.push(...batch.refused);
      reachedAt = takenAt;
      last = message.sequence;
      headAt = isEnd ? takenAt : undefined;
    },
    get isFull() {
      return fold.size + refused.length >= valuesMax || reachedAt - begunAt >= msMax;
    },
    get last() {
      return last;
    },
    get headAt() {
      return headAt;
    },
  };
}
