import type { Identifier } from "../../streams/identifier.ts";
import type { Journal } from "../../streams/journal.ts";
import { type Log, LogUnavailable } from "../../streams/log.ts";
import type { Commit, Count, HowEnded } from "../../streams/stock-commit.ts";
import { createBell } from "../bell.ts";
import { type Pause, pause as realPause } from "../pause.ts";
import type { Actor } from "../supervisor.ts";
import { type CommitDraft, draftCommit } from "./commit-draft.ts";
import { type Counted, createCounting, type Looked, type QuantityOf } from "./counting.ts";
import { createFairQueue } from "./fair-queue.ts";
import type { StockSnapshots } from "./snapshot.ts";
import { productsIn, type Stock } from "./stock.ts";
import { openStockLog } from "./stock-log.ts";
import type { HoldAnswer, HoldRequest } from "./stock-port.ts";

/**
 * The keeper of one partition's stock. Whoever asks while a commit is on its way to the log is in the next one, with all
 * others who did (group commit): one product serves as many buyers as there are, in two round trips. Each is answered
 * when the log was read through his commit and the fold took his hold.
 *
 * That there is one keeper is for speed alone. Of two, each answers by the same log.
 */
export interface StockKeeper extends Required<Actor> {
  /** Rejects with `LogUnavailable` where the keeper ends meanwhile, or the log does not say how much there is. */
  hold(request: HoldRequest): Promise<HoldAnswer>;
  /** Resolves when the end is in the log, or nothing was on hold. Rejects as `hold` does, also before the keeper is ready. */
  end(reservation: string, how: HowEnded): Promise<void>;
  /** What CATALOG says, as it comes. */
  hear(product: Identifier, counted: Counted): void;
  /** Takes products out of the state that nobody buys; one of which something is on hold stays. */
  forget(products: Iterable<Identifier>): void;
  /** Up to where in CATALOG everything that was said of the product's stock is known here; 0 for nowhere. */
  knownTo(product: Identifier): number;
  /** For reading. */
  readonly stock: Stock;
  readonly isReady: boolean;
  /** Who waits for an answer at this moment. */
  readonly waiting: number;
}

export interface StockKeeperOptions {
  readonly partition: number;
  /** STOCK. */
  readonly log: Log;
  readonly quantityOf: QuantityOf;
  /** Where the state is kept for the next keeper, so that it need not read the log from its beginning. */
  readonly snapshots?: StockSnapshots;
  /** Called once, when the state is that of the log. */
  readonly onReady?: () => void;
  /** Called with each commit of its own that counted and the products in it, when the state has it. */
  readonly onChange?: (products: ReadonlySet<Identifier>, commit: Commit) => void;
  readonly newId: () => string;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly pause?: Pause;
  readonly journal: Journal;
}

/** Who waits: puts what is wanted into a commit, and hears of it when that counts. */
interface Waiting {
  readonly since: number;
  readonly weight: number;
  readonly counts: readonly Count[];
  /** Gives what is to be done when the commit counts. */
  join(draft: CommitDraft): () => void;
  giveUp(): void;
  fail(error: Error): void;
}

const waitingMax = 20_000;
const waitingOfOneMax = 16;
/** Lines of one commit: a message has room for more, with the longest names. */
const linesMax = 1_000;
/** Who asks gives up later than that: nothing is taken for somebody who is gone. */
const waitMsMax = 2_000;
const idleMs = 1_000;
const againMs = 100;
const triesMax = 3;

export function createStockKeeper(options: StockKeeperOptions): StockKeeper {
  const { partition, log, onReady, onChange, newId, clock, journal, pause = realPause } = options;
  const { stock, catchUp, write, keepSnapshot } = openStockLog(log, partition, options.snapshots);
  const counting = createCounting(stock, options.quantityOf);
  const holds = createFairQueue<Waiting>({
    sizeMax: waitingMax,
    eachMax: waitingOfOneMax,
    weightOf: ({ weight }) => weight,
  });
  /** Before all holds, since they give something back. */
  let ends: Waiting[] = [];
  /** Before the next commit that has room for it. */
  const idle = new Set<Identifier>();
  const bell = createBell(pause);
  let isReady = false;
  let aliveAt = clock();

  /** Again and again until the log has answered: only then it is known what became of a commit. */
  async function surely<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let tries = 0; ; tries++) {
      aliveAt = clock();
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof LogUnavailable)) throw error;
        if (signal.aborted) throw error;
        if (tries === 0) journal.warn({ partition, err: error }, "the log of stock does not answer");
      }
      await pause(againMs, signal);
    }
  }

  /** Where another keeper's commit was first, the same again on its state. */
  async function settle(all: readonly Waiting[], signal: AbortSignal): Promise<void> {
    for (;;) {
      const draft = draftCommit(stock);
      for (const count of counting.heard()) draft.count(count);
      for (const { counts } of all) for (const count of counts) draft.count(count);
      const told = all.map(({ join }) => join(draft));
      const forgotten = [...idle].slice(0, linesMax);
      for (const product of forgotten) draft.forget(product);
      const commit = draft.commit(newId());
      let isTrue: boolean;
      if (commit === undefined) isTrue = (await surely(catchUp, signal)) === 0;
      else {
        const products = productsIn(commit, stock);
        isTrue = (await surely(() => write(commit), signal)) !== undefined;
        if (isTrue) onChange?.(products, commit);
      }
      if (!isTrue) continue;
      for (const product of forgotten) idle.delete(product);
      for (const tell of told) tell();
      return;
    }
  }

  async function turn(signal: AbortSignal): Promise<void> {
    const inTime = (waiting: Waiting) => clock() - waiting.since <= waitMsMax;
    const taken = holds.take(linesMax);
    for (const late of taken.filter((one) => !inTime(one))) late.giveUp();
    const all = [...ends.splice(0, linesMax), ...taken.filter(inTime)];
    try {
      await settle(all, signal);
    } catch (error) {
      for (const { fail } of all) fail(error as Error);
      throw error;
    }
  }

  /** Undefined where a product that stood in the state was let go of meanwhile. */
  function take(request: HoldRequest, { counts, absent }: Looked): Promise<HoldAnswer | undefined> {
    return new Promise((resolve, fail) => {
      const busy = () => resolve({ outcome: "busy" });
      const waiting: Waiting = {
        since: clock(),
        weight: request.lines.length,
        counts,
        join(draft) {
          const isKnown = request.lines.every(({ product }) => draft.knows(product) || absent.has(product));
          const answer = isKnown ? draft.hold(request) : undefined;
          return () => resolve(answer);
        },
        giveUp: busy,
        fail,
      };
      if (isReady && holds.add(request.buyer, waiting)) bell.ring();
      else busy();
    });
  }

  async function save(): Promise<void> {
    try {
      await keepSnapshot();
    } catch (error) {
      journal.warn({ partition, err: error }, "the state of stock could not be kept beside the log");
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    try {
      await surely(catchUp, signal);
      isReady = true;
      onReady?.();
      while (!signal.aborted) {
        aliveAt = clock();
        if (holds.size + ends.length + idle.size > 0 || counting.heard().length > 0) {
          await turn(signal);
          void save();
        } else await bell.wait(idleMs, signal);
      }
    } finally {
      isReady = false;
      const over = new LogUnavailable(`the keeper of partition ${partition} has ended`);
      for (const { fail } of [...ends, ...holds.take(Number.POSITIVE_INFINITY)]) fail(over);
      ends = [];
    }
  }

  return {
    stock,
    get isReady() {
      return isReady;
    },
    get waiting() {
      return holds.size + ends.length;
    },
    run,
    forget(products) {
      for (const product of products) idle.add(product);
      bell.ring();
    },
    knownTo: counting.knownTo,
    aliveAt: () => aliveAt,
    async hold(request) {
      for (let tries = 0; isReady && tries < triesMax; tries++) {
        const answer = await take(request, await counting.lookUp(request));
        if (answer !== undefined) return answer;
      }
      return { outcome: "busy" };
    },
    end(reservation, how) {
      return new Promise((resolve, fail) => {
        if (!isReady) return fail(new LogUnavailable(`the keeper of partition ${partition} is not ready`));
        ends.push({
          since: clock(),
          weight: 1,
          counts: [],
          join(draft) {
            draft.end(reservation, how);
            return resolve;
          },
          giveUp: resolve,
          fail,
        });
        bell.ring();
      });
    },
    hear(product, counted) {
      counting.hear(product, counted);
      bell.ring();
    },
  };
}
