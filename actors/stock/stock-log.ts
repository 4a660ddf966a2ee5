import type { Log, StoredMessage } from "../../streams/log.ts";
import { type Commit, decodeCommit, encodeCommit, stockSubject } from "../../streams/stock-commit.ts";
import type { StockSnapshots } from "./snapshot.ts";
import { type Applied, emptyStock, evolveStock, fillStock, type Stock } from "./stock.ts";

/**
 * One partition's part of the log STOCK, and the state that it makes. Everything here throws `LogUnavailable` where the
 * log does not answer; whether a commit was stored is then not known, and only writing the same one again tells.
 */
export interface StockLog {
  /** As of all that was read. */
  readonly stock: Stock;
  /** Takes in all that was written meanwhile. One round trip where there is nothing. Returns how many messages that were. */
  catchUp(): Promise<number>;
  /**
   * Writes the commit, which must build on `stock`, and reads the log through it. Undefined where it does not count,
   * because another one builds on the same state: then `stock` is that other one's. Two round trips.
   */
  write(commit: Commit): Promise<Applied | undefined>;
  /** Leaves a snapshot for the next keeper, now and then; resolves when it is written, at once where there is no need. */
  keepSnapshot(): Promise<void>;
}

/** So many messages are read by the next keeper at most, in a second or so. */
const snapshotEvery = 5_000;

/** Of a replay. */
const batchMax = 1_024;
const waitMs = 5_000;

export function openStockLog(log: Log, partition: number, snapshots?: StockSnapshots): StockLog {
  const subject = stockSubject(partition);
  const stock = emptyStock();
  /** Of the newest message on the subject that was read, whether it counted or not. */
  let read = 0;
  let isReplayed = false;
  /** Messages that are in no snapshot. */
  let unsaved = 0;
  let isSaving = false;

  function take(message: StoredMessage) {
    read = message.sequence;
    unsaved++;
    const commit = decodeCommit(message);
    return commit && { commit, applied: evolveStock(stock, commit, message) };
  }

  /** From the last snapshot or the beginning, many at a time. */
  async function replay(): Promise<number> {
    const last = (await log.last(subject, "leader"))?.sequence ?? 0;
    const snapshot = read === 0 ? await snapshots?.read() : undefined;
    // A log that ends before it was restored from an older copy, and the log is the truth.
    if (snapshot !== undefined && snapshot.read <= last) {
      fillStock(stock, snapshot);
      ({ read } = snapshot);
    }
    const tail = log.tail({ from: read + 1, subject });
    let count = 0;
    try {
      while (read < last) {
        const { messages } = await tail.take(batchMax, waitMs);
        if (messages.length === 0)
          throw new Error(`${log.stream} gave nothing behind ${read} in ${waitMs} ms`);
        for (const message of messages) take(message);
        count += messages.length;
      }
    } finally {
      await tail.close();
    }
    isReplayed = true;
    return count;
  }

  /** Reads up to the end of the subject; what became of the commit, where it was met on the way and counted. */
  async function readOn(
    commit?: Commit,
  ): Promise<{ readonly count: number; readonly applied: Applied | undefined }> {
    let applied: Applied | undefined;
    for (let count = 0; ; count++) {
      const message = await log.next(subject, read + 1);
      if (message === undefined) return { count, applied };
      const found = take(message);
      if (found?.commit.id === commit?.id) applied = found?.applied ?? applied;
    }
  }

  return {
    stock,
    catchUp: async () => (isReplayed ? (await readOn()).count : replay()),
    async write(commit) {
      const bytes = encodeCommit(commit);
      const appended = await log.append(subject, bytes, {
        // Also a server that does not hold racing writers to what they expect takes one id once.
        id: `${subject}@${commit.after}`,
        expectedLastSubjectSequence: read,
      });
      if (appended.outcome === "stored") {
        const next = await log.next(subject, read + 1);
        // Nobody came in between, and what stands there is not another's with the same id.
        if (next?.sequence === appended.sequence && bytes.equals(next.payload)) {
          read = next.sequence;
          unsaved++;
          return evolveStock(stock, commit, next);
        }
      }
      return (await readOn(commit)).applied;
    },
    async keepSnapshot() {
      if (snapshots === undefined || isSaving || unsaved < snapshotEvery) return;
      isSaving = true;
      unsaved = 0;
      try {
        await snapshots.write(stock, read);
      } finally {
        isSaving = false;
      }
    },
  };
}
