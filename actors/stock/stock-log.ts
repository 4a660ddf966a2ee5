import type { Identifier } from "../../streams/identifier.ts";
import type { Log, StoredMessage } from "../../streams/log.ts";
import { type Commit, decodeCommit, encodeCommit, stockSubject } from "../../streams/stock-commit.ts";
import type { StockSnapshots } from "./snapshot.ts";
import { type Applied, emptyStock, evolveStock, fillStock, productsIn, type Stock } from "./stock.ts";

/**
 * One partition's part of the log STOCK, and the state that it makes. Everything here throws `LogUnavailable` where the
 * log does not answer; whether a commit was stored is then not known, and only writing the same one again tells.
 */
export interface StockLog {
  /** As of all that was read. */
  readonly stock: Stock;
  /**
   * Takes in all that was written meanwhile. One round trip where there is nothing; the first time all that ever was, or
   * what came behind the last snapshot. Returns how many messages that were, and gives signs of life.
   */
  catchUp(alive?: () => void): Promise<number>;
  /**
   * Writes the commit, which must build on `stock`, and reads the log through it. Undefined where it does not count,
   * because another one builds on the same state: then `stock` is that other one's. Two round trips.
   */
  write(commit: Commit): Promise<Applied | undefined>;
  /** Leaves a snapshot for the next keeper, now and then; resolves when it is written, at once where there is no need. */
  keepSnapshot(): Promise<void>;
}

export interface StockLogOptions {
  readonly log: Log;
  readonly partition: number;
  readonly snapshots?: StockSnapshots | undefined;
  /** Called with the products of each commit that counted, behind the first `catchUp`, when the state has it. */
  readonly onTaken?: (products: ReadonlySet<Identifier>) => void;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
}

/** Counts, ends and holds behind the last snapshot, which the next keeper reads in a second or so. */
const snapshotEvery = 50_000;
/** A snapshot is the whole state. */
const snapshotMs = 10_000;
/** Of a replay: one message may have a thousand buyers, and somebody else waits for this thread. */
const batchMax = 64;
const waitMs = 5_000;

export function openStockLog({ log, partition, snapshots, onTaken, clock }: StockLogOptions): StockLog {
  const subject = stockSubject(partition);
  const stock = emptyStock();
  /** Of the newest message on the subject that was read, whether it counted or not. */
  let read = 0;
  let isReplayed = false;
  /** Entries of commits that are in no snapshot. */
  let unsaved = 0;
  let isSaving = false;
  let savedAt = Number.NEGATIVE_INFINITY;

  function evolve(commit: Commit, message: StoredMessage): Applied | undefined {
    read = message.sequence;
    unsaved += 1 + commit.counts.length + commit.ends.length + commit.holds.length;
    const products = isReplayed ? productsIn(commit, stock) : undefined;
    const applied = evolveStock(stock, commit, message);
    if (applied !== undefined && products !== undefined) onTaken?.(products);
    return applied;
  }

  function take(message: StoredMessage) {
    const commit = decodeCommit(message);
    if (commit !== undefined) return { commit, applied: evolve(commit, message) };
    read = message.sequence;
    return undefined;
  }

  async function replay(alive: () => void): Promise<number> {
    const last = (await log.last(subject, "leader"))?.sequence ?? 0;
    const snapshot = read === 0 ? await snapshots?.read(alive) : undefined;
    // A log that ends before it was restored from an older copy, and the log is the truth.
    if (snapshot !== undefined && snapshot.read <= last) {
      fillStock(stock, snapshot);
      ({ read } = snapshot);
    }
    const tail = log.tail({ from: read + 1, subject });
    let count = 0;
    try {
      while (read < last) {
        alive();
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
    catchUp: async (alive = () => {}) => (isReplayed ? (await readOn()).count : replay(alive)),
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
        if (next?.sequence === appended.sequence && bytes.equals(next.payload)) return evolve(commit, next);
      }
      return (await readOn(commit)).applied;
    },
    async keepSnapshot() {
      if (snapshots === undefined || isSaving) return;
      if (unsaved < snapshotEvery || clock() - savedAt < snapshotMs) return;
      isSaving = true;
      unsaved = 0;
      try {
        await snapshots.write(stock, read);
        savedAt = clock();
      } finally {
        isSaving = false;
      }
    },
  };
}
