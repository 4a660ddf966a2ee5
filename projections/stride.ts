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
  /**
   * Adds a batch that follows what is in it. `messages`: what it was decoded from, at least one; `takenAt`: when they were
   * taken, `isEnd`: nothing was behind them then.
   */
  add(
    batch: DecodedBatch,
    messages: readonly StoredMessage[],
    standing: Standing,
    takenAt: number,
    isEnd: boolean,
  ): void;
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

/** How much one holds, but for the last batch: more of it would live through too many collections. */
const valuesMax = 32_768;
/** What is parked goes into the log one by one: it takes as long as so many values. */
const refusedWeight = 8;
/** What was taken for it. Most of it is not held any more, but it may be. */
const bytesMax = 32 * 1024 * 1024;
/** From its first batch to its last one, in milliseconds. */
const msMax = 1_000;

export function beginStride(from: Tail, projection: Projection, begunAt: number): Stride {
  const fold: Fold = projection.begin();
  const refused: Refusal[] = [];
  let reachedAt = begunAt;
  let last = 0;
  let bytes = 0;
  let headAt: number | undefined;

  return {
    from,
    refused,
    write: fold.write,
    add(batch, messages, standing, takenAt, isEnd) {
      fold.add(batch.entries, standing);
      refused.push(...batch.refused);
      reachedAt = takenAt;
      for (const { sequence, payload } of messages) {
        last = sequence;
        bytes += payload.length;
      }
      headAt = isEnd ? takenAt : undefined;
    },
    get isFull() {
      const size = fold.size + refusedWeight * refused.length;
      return size >= valuesMax || bytes >= bytesMax || reachedAt - begunAt >= msMax;
    },
    get last() {
      return last;
    },
    get headAt() {
      return headAt;
    },
  };
}
