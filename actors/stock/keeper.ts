import type { Identifier } from "../../streams/identifier.ts";
import type { Journal } from "../../streams/journal.ts";
import { type Log, LogRefused, LogUnavailable } from "../../streams/log.ts";
import type { Commit, End } from "../../streams/stock-commit.ts";
import { createBell } from "../bell.ts";
import { type Pause, pause as realPause } from "../pause.ts";
import type { Actor } from "../supervisor.ts";
import { type CommitDraft, draftCommit } from "./commit-draft.ts";
import { type Counted, createCounting, type FoundCount, type Looked, type QuantityOf } from "./counting.ts";
import { createFairQueue } from "./fair-queue.ts";
import type { StockSnapshots } from "./snapshot.ts";
import type { Stock } from "./stock.ts";
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
  end(end: End): Promise<void>;
  /** What CATALOG says, as it comes. */
  hear(product: Identifier, counted: Counted): void;
  /** Takes products out of the state that nobody buys; one of which something is on hold stays. */
  forget(products: Iterable<Identifier>): void;
  /**
   * Up to where CATALOG is known here, of the product's stock; undefined while something of it is not in the state yet, or the
   * state is older than what another keeper said.
   */
  knownTo(product: Identifier): number | undefined;
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
  /** Called with the products of each commit that counted, whoever wrote it, when the state has it. */
  readonly onChange?: (products: ReadonlySet<Identifier>) => void;
  /** Called with each commit of this keeper's own that counted. */
  readonly onCommit?: (commit: Commit) => void;
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
  counts(): readonly FoundCount[];
  /** Gives what is to be done when the commit counts, where the fold did not take some of its holds. */
  join(draft: CommitDraft): (isRefused: ReadonlySet<string>) => void;
  giveUp(): void;
  fail(error: Error): void;
}

const waitingMax = 20_000;
const waitingOfOneMax = 16;
/** Lines of one commit: a message has room for as many holds, counts of two kinds and products to let go of, with the longest names. */
const linesMax = 500;
/** Who asks gives up later than that: nothing is taken for somebody who is gone. */
const waitMsMax = 2_000;
const idleMs = 1_000;
const againMs = 100;
const triesMax = 3;
const refusedMs = 1_000;
const endsMax = 10_000;
const nothing: ReadonlySet<string> = new Set();

export function createStockKeeper(options: StockKeeperOptions): StockKeeper {
  const { partition, log, onReady, onChange, onCommit, newId, clock, journal, pause = realPause } = options;
  const { stock, catchUp, write, keepSnapshot } = openStockLog({
    log,
    partition,
    snapshots: options.snapshots,
    onTaken(products, forgotten) {
      for (const product of forgotten) counting.forget(product);
      // Somebody buys them after all.
      for (const product of products) idle.delete(product);
      onChange?.(products);
    },
    clock,
  });
  const counting = createCounting(stock, options.quantityOf, clock);
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
  const alive = () => void (aliveAt = clock());

  const notReady = () => new LogUnavailable(`the keeper of partition ${partition} is not at work`);

  /** Again and again until the log has answered: only then it is known what became of a commit. */
  async function surely<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let tries = 0; ; tries++) {
      alive();
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

  /**
   * Puts everybody into one commit; where another keeper's was first, again, on its state, whoever is still there by then.
   * Nobody is let go of then: what that keeper did is not shown by this one.
   */
  async function settle(all: readonly Waiting[], signal: AbortSignal): Promise<void> {
    const forgotten = [...idle].slice(0, linesMax);
    for (const product of forgotten) idle.delete(product);
    for (let left = all, isFirst = true; ; isFirst = false, left = stillHere(left)) {
      if (signal.aborted) throw notReady();
      const draft = draftCommit(stock);
      for (const count of counting.heard()) draft.count(count);
      for (const { counts } of left) for (const count of counts()) draft.count(count);
      const told = left.map(({ join }) => join(draft));
      if (isFirst) for (const product of forgotten) draft.forget(product);
      const commit = draft.commit(newId());
      if (commit === undefined) {
        // Who is refused is refused by the newest state.
        const { sequence } = stock;
        await surely(() => catchUp(alive), signal);
        if (stock.sequence > sequence) continue;
        for (const tell of told) tell(nothing);
        return;
      }
      const applied = await surely(() => write(commit, alive), signal);
      if (applied === undefined) continue;
      onCommit?.(commit);
      const refused = commit.holds.filter((_, at) => applied.held[at] === false);
      const isRefused = new Set(refused.map(({ reservation }) => reservation));
      for (const tell of told) tell(isRefused);
      return;
    }
  }

  /** Sends those away who have waited for too long: nothing is taken for them. */
  function stillHere(all: readonly Waiting[]): readonly Waiting[] {
    return all.filter((waiting) => {
      const isHere = clock() - waiting.since <= waitMsMax;
      if (!isHere) waiting.giveUp();
      return isHere;
    });
  }

  async function turn(signal: AbortSignal): Promise<void> {
    const all = [...ends.splice(0, linesMax), ...stillHere(holds.take(linesMax))];
    const ahead = counting.ahead();
    try {
      await settle(all, signal);
      // All was read that there was.
      counting.dismiss(ahead);
    } catch (error) {
      const isRefusal = error instanceof LogRefused;
      for (const { fail } of all) fail(isRefusal ? new LogUnavailable(error.message) : (error as Error));
      if (!isRefusal) throw error;
      // Full, for example: it is asked again, and until then nothing is sold and nothing is given back.
      journal.error({ partition, err: error }, "the log of stock takes nothing; make room in it");
      await pause(refusedMs, signal);
    }
  }

  /**
   * `since`: before all that was looked up. Undefined where a product was let go of meanwhile: then it is looked up anew.
   */
  function take(
    request: HoldRequest,
    { counts, absent, letGo }: Looked,
    since: number,
  ): Promise<HoldAnswer | undefined> {
    const isNew = () => counting.letGo() === letGo;
    return new Promise((resolve, fail) => {
      const busy = () => resolve({ outcome: "busy" });
      const waiting: Waiting = {
        since,
        weight: request.lines.length,
        counts: () => (isNew() ? counts : []),
        join(draft) {
          const isKnown = request.lines.every(({ product }) => draft.knows(product) || absent.has(product));
          const answer = isKnown ? draft.hold(request) : undefined;
          return (isRefused) => {
            if (answer?.outcome !== "held" || !isRefused.has(request.reservation)) resolve(answer);
            else fail(new LogUnavailable(`the log did not take ${request.reservation}`));
          };
        },
        giveUp: busy,
        fail,
      };
      if (!isReady) fail(notReady());
      else if (holds.add(request.buyer, waiting)) bell.ring();
      else busy();
    });
  }

  function save(): void {
    keepSnapshot().catch((error: unknown) =>
      journal.warn({ partition, err: error }, "the state of stock could not be kept beside the log"),
    );
  }

  async function run(signal: AbortSignal): Promise<void> {
    try {
      await surely(() => catchUp(alive), signal);
      isReady = true;
      onReady?.();
      while (!signal.aborted) {
        alive();
        const isWanted = holds.size + ends.length + idle.size + counting.ahead() > 0;
        if (isWanted || counting.heard().length > 0) {
          await turn(signal);
          save();
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
      const since = clock();
      for (let tries = 0; tries < triesMax; tries++) {
        if (!isReady) throw notReady();
        const answer = await take(request, await counting.lookUp(request), since);
        if (answer !== undefined) return answer;
      }
      return { outcome: "busy" };
    },
    end(end) {
      return new Promise((resolve, fail) => {
        if (!isReady || ends.length >= endsMax) return fail(notReady());
        ends.push({
          // Whoever is gone wants it as well.
          since: Number.POSITIVE_INFINITY,
          weight: 1,
          counts: () => [],
          join(draft) {
            draft.end(end);
            return () => resolve();
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
