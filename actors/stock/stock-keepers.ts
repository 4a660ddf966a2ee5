import type { Asking } from "../../streams/asking.ts";
import type { Journal } from "../../streams/journal.ts";
import type { Leases } from "../../streams/lease.ts";
import type { Log, StoredMessage, Tail } from "../../streams/log.ts";
import type { Hold, HowEnded } from "../../streams/stock-commit.ts";
import { parseStoredSubject } from "../../streams/subjects.ts";
import { createPartitionOwner, type PartitionOwner } from "../partition-owner.ts";
import { type Pause, pause as realPause } from "../pause.ts";
import { type Actor, supervise, type Supervisor } from "../supervisor.ts";
import { together } from "../together.ts";
import { countedIn, createQuantityReader } from "./catalog-counts.ts";
import type { StockKeeper } from "./keeper.ts";
import { createKeptPartition, type KeptPartition } from "./kept-partition.ts";
import { type Keeping, stockLeases } from "./stock-status.ts";

/**
 * Keeps the stock of some partitions, shared by leases with all who do: of each that is held a keeper, who answers for it
 * through the cluster, with what gives back holds that are past their time and what shows the stock that is left. A lease
 * that is lost ends its keeper; that another one may work before this one has noticed does no harm.
 */
export interface StockKeepersOptions {
  /** STOCK, and when it was created. */
  readonly log: Log;
  readonly epoch: number;
  readonly catalog: Log;
  readonly derived: Log;
  readonly leases: Leases;
  readonly asking: Asking;
  /** What becomes of a hold that is past its time. */
  readonly decide: (hold: Hold) => Promise<HowEnded>;
  /** Who this is among those who keep stock, and what its lease says of it. */
  readonly member: string;
  readonly about: (keeping: Keeping) => string;
  /** Unique in the cluster. */
  readonly newId: () => string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly pause?: Pause;
  readonly journal: Journal;
}

export interface StockKeepers extends Actor {
  /** The partitions whose stock is kept here, and whether their keepers can be asked. */
  kept(): ReadonlyMap<number, boolean>;
}

const lookMs = 250;
const batchMax = 1_024;
const counts = "log.catalog.*.inventory.changed.*";

export function createStockKeepers(options: StockKeepersOptions): StockKeepers {
  const { epoch, catalog, derived, leases, member, clock, journal, pause = realPause } = options;
  const quantityOf = createQuantityReader(catalog, derived, epoch);
  const partitions = new Map<number, KeptPartition>();
  const lives = new Map<number, Supervisor>();
  let commits = 0;
  let aliveAt = clock();

  function about(): string {
    const all = [...partitions].map(([partition, { keeper }]) => ({ partition, keeper }));
    const sum = (of: (keeper: StockKeeper) => number) =>
      all.reduce((units, { keeper }) => units + of(keeper), 0);
    return options.about({
      ready: all.filter(({ keeper }) => keeper.isReady).map(({ partition }) => partition),
      waiting: sum(({ waiting }) => waiting),
      holds: sum(({ stock }) => stock.open.size),
      commits,
      restarts: lives.values().reduce((all, { restarts }) => all + restarts, 0),
    });
  }

  /** One life of one partition's keeper, which is among those kept here while it lasts. */
  function createPartition(partition: number, owns: PartitionOwner["owns"]): Actor {
    const kept = createKeptPartition({
      ...options,
      partition,
      isOurs: () => owns(partition),
      quantityOf,
      pause,
      onCommit() {
        commits++;
      },
    });
    return {
      aliveAt: kept.aliveAt,
      async run(signal) {
        partitions.set(partition, kept);
        try {
          await kept.run(signal);
        } finally {
          if (partitions.get(partition) === kept) partitions.delete(partition);
        }
      },
    };
  }

  /** Follows what is ours until the signal aborts, and ends all of it then. */
  async function keep({ owned, owns }: PartitionOwner, signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        aliveAt = clock();
        const ours = owned();
        const lost = [...lives].filter(([partition]) => !ours.has(partition));
        for (const [partition] of lost) lives.delete(partition);
        await Promise.all(lost.map(([, life]) => life.stop()));
        for (const partition of ours) {
          if (lives.has(partition)) continue;
          const create = () => createPartition(partition, owns);
          lives.set(partition, supervise(`stock ${partition}`, create, { journal, now: clock, pause }));
        }
        await pause(lookMs, signal);
      }
    } finally {
      await Promise.all(lives.values().map((life) => life.stop()));
    }
  }

  async function hear(tail: Tail, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { messages } = await tail.take(batchMax, lookMs);
      for (const message of messages) tell(message);
    }
  }

  /** Most of what happens to stock is about products that nobody buys at the moment. */
  function tell(message: StoredMessage): void {
    const about = parseStoredSubject(message.subject);
    if ("problem" in about) return;
    const kept = partitions.get(about.partition);
    if (kept?.keeper.stock.products.has(about.identifier) !== true) return;
    const counted = countedIn(message, epoch);
    if (counted !== undefined) kept.hear(counted.product, counted);
  }

  return {
    aliveAt: () => aliveAt,
    kept: () => new Map(partitions.entries().map(([partition, { keeper }]) => [partition, keeper.isReady])),
    async run(signal) {
      const owner = createPartitionOwner({
        leases,
        name: stockLeases,
        member,
        about,
        clock,
        pause,
        journal,
      });
      const { last } = await catalog.bounds();
      const tail = catalog.tail({ from: last + 1, subject: counts });
      try {
        await together(signal, [owner.run, (either) => keep(owner, either), (either) => hear(tail, either)]);
      } finally {
        await tail.close();
      }
    },
  };
}
