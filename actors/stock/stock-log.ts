import type { Identifier } from "../../streams/identifier.ts";
import { type Log, LogUnavailable, type StoredMessage } from "../../streams/log.ts";
import { type Commit, decodeCommit, encodeCommit, stockSubject } from "../../streams/stock-commit.ts";
import type { ReadTo, StockSnapshots } from "./snapshot.ts";
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
   * what came behind the last snapshot. Gives signs of life. Where it throws, some of it may have been taken in.
   */
  catchUp(alive?: () => void): Promise<void>;
  /**
   * Writes the commit, which must build on `stock`, and reads the log through it. Undefined where it does not count,
   * because another one builds on the same state: then `stock` is that other one's. Two round trips.
   */
  write(commit: Commit, alive?: () => void): Promise<Applied | undefined>;
  /** Leaves a snapshot for the next keeper, now and then; resolves when it is written, at once where there is no need. */
  keepSnapshot(): Promise<void>;
}

export interface StockLogOptions {
  readonly log: Log;
  readonly partition: number;
  readonly snapshots?: StockSnapshots | undefined;
  /**
   * Called for each commit that counted, behind the first `catchUp`, when the state has it: with its products, and with
   * those that the state has no more.
   */
  readonly onTaken?: (products: ReadonlySet<Identifier>, forgotten: readonly Identifier[]) => void;
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
  let read: ReadTo = { sequence: 0, time: 0 };
  /** What became of the newest commit that was written here, where it was met. */
  let written: { readonly id: string; readonly applied: Applied | undefined } | undefined;
  /** How often in a row the log took nothing although it did not fail. */
  let inVain = 0;
  let isReplayed = false;
  /** Entries of commits that are in no snapshot. */
  let unsaved = 0;
  let isSaving = false;
  let savedAt = Number.NEGATIVE_INFINITY;

  function evolve(commit: Commit, message: StoredMessage): Applied | undefined {
    read = message;
    unsaved += 1 + commit.counts.length + commit.ends.length + commit.holds.length;
    const products = isReplayed ? productsIn(commit, stock) : undefined;
    const applied = evolveStock(stock, commit, message);
    if (applied !== undefined && products !== undefined)
      onTaken?.(
        products,
        commit.forgets.filter((product) => !stock.products.has(product)),
      );
    // The same commit again never counts.
    if (written?.id === commit.id) written = { id: commit.id, applied: written.applied ?? applied };
    return applied;
  }

  function take(message: StoredMessage): void {
    const commit = decodeCommit(message);
    if (commit === undefined) read = message;
    else evolve(commit, message);
  }

  /** Begins with a snapshot, where the log is still the one that it was made from: the log is the truth. */
  async function begin(alive: () => void): Promise<void> {
    const snapshot = await snapshots?.read(alive);
    if (snapshot === undefined) return;
    const found = await log.next(subject, snapshot.read.sequence);
    if (found?.sequence !== snapshot.read.sequence || found.time !== snapshot.read.time) return;
    fillStock(stock, snapshot);
    ({ read } = snapshot);
  }

  async function replay(alive: () => void): Promise<void> {
    if (read.sequence === 0) await begin(alive);
    const last = (await log.last(subject, "leader"))?.sequence ?? 0;
    const tail = log.tail({ from: read.sequence + 1, subject });
    try {
      while (read.sequence < last) {
        alive();
        const { messages } = await tail.take(batchMax, waitMs);
        if (messages.length === 0)
          throw new LogUnavailable(`${log.stream} gave nothing behind ${read.sequence} in ${waitMs} ms`);
        for (const message of messages) take(message);
      }
    } finally {
      await tail.close();
    }
    isReplayed = true;
  }

  /** Reads up to the end of the subject. */
  async function readOn(alive: () => void): Promise<void> {
    for (;;) {
      alive();
      const message = await log.next(subject, read.sequence + 1);
      if (message === undefined) return;
      take(message);
    }
  }

  return {
    stock,
    catchUp: async (alive = () => {}) => (isReplayed ? readOn(alive) : replay(alive)),
    async write(commit, alive = () => {}) {
      // It may have been met when it was written before, and the log have failed behind it.
      if (written?.id !== commit.id) written = { id: commit.id, applied: undefined };
      if (written.applied !== undefined) return written.applied;
      const bytes = encodeCommit(commit);
      const appended = await log.append(subject, bytes, {
        // Also a server that does not hold racing writers to what they expect takes one id once. One that remembers the id
        // of what it refused would take nothing at this place any more: hence the number.
        id: inVain === 0 ? `${subject}@${read.sequence}` : `${subject}@${read.sequence}.${inVain}`,
        expectedLastSubjectSequence: read.sequence,
      });
      if (appended.outcome === "stored") {
        const next = await log.next(subject, read.sequence + 1);
        // Nobody came in between, and what stands there is not another's with the same id.
        if (next?.sequence === appended.sequence && bytes.equals(next.payload)) {
          inVain = 0;
          return evolve(commit, next);
        }
      }
      const { sequence } = read;
      await readOn(alive);
      inVain = read.sequence === sequence ? inVain + 1 : 0;
      return written.applied;
    },
    async keepSnapshot() {
      if (snapshots === undefined || isSaving) return;
      if (unsaved < snapshotEvery || clock() - savedAt < snapshotMs) return;
      isSaving = true;
      const saving = unsaved;
      savedAt = clock();
      try {
        await snapshots.write(stock, read);
        unsaved -= saving;
      } finally {
        isSaving = false;
      }
    },
  };
}
