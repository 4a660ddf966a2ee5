import { countedIn, createQuantityReader } from "../../../actors/stock/catalog-counts.ts";
import { letGoOfIdle } from "../../../actors/stock/idle-products.ts";
import { createKeptPartition, type KeptPartition } from "../../../actors/stock/kept-partition.ts";
import { supervise } from "../../../actors/supervisor.ts";
import { together } from "../../../actors/together.ts";
import type { Asking } from "../../../streams/asking.ts";
import type { Log } from "../../../streams/log.ts";
import type { Hold, HowEnded } from "../../../streams/stock-commit.ts";
import { parseStoredSubject } from "../../../streams/subjects.ts";
import type { Clock } from "../../simulation/clock.ts";
import type { Life, Network } from "../../simulation/network.ts";
import { quiet } from "../world.ts";

/** A keeper of one partition as `stock-keepers.ts` wires it, over simulated servers and time, without a lease. */
export interface KeeperProcess {
  /** Lets go of all that is idle. */
  letGo(): void;
  stop(): Promise<void>;
}

export interface KeeperProcessOptions {
  readonly life: Life;
  readonly network: Network;
  readonly clock: Clock;
  readonly partition: number;
  readonly epoch: number;
  readonly log: Log;
  readonly catalog: Log;
  readonly derived: Log;
  readonly asking: Asking;
  readonly decide: (hold: Hold) => Promise<HowEnded>;
}

const waitMs = 250;
const batchMax = 1_024;
const counts = "log.catalog.*.inventory.changed.*";

export function startKeeper(options: KeeperProcessOptions): KeeperProcess {
  const { life, network, clock, partition, epoch, catalog, derived } = options;
  const { now } = clock;
  const pause = network.pauseOf(life);
  const quantityOf = createQuantityReader(catalog, derived, epoch);
  let kept: KeptPartition | undefined;
  let ids = 0;

  async function hear(signal: AbortSignal, { hear: tell, keeper }: KeptPartition, from: number) {
    const tail = catalog.tail({ from, subject: counts });
    try {
      while (!signal.aborted) {
        const { messages } = await tail.take(batchMax, waitMs);
        for (const message of messages) {
          const about = parseStoredSubject(message.subject);
          if ("problem" in about || about.partition !== partition) continue;
          const counted = keeper.stock.products.has(about.identifier) ? countedIn(message, epoch) : undefined;
          if (counted !== undefined) tell(counted.product, counted);
        }
      }
    } finally {
      await tail.close();
    }
  }

  function create() {
    const one = createKeptPartition({
      ...options,
      quantityOf,
      isOurs: () => true,
      newId: () => `${life.process} ${life.number} ${ids++}`,
      now,
      clock: now,
      pause,
      journal: quiet,
    });
    return {
      aliveAt: one.aliveAt,
      async run(signal: AbortSignal) {
        const { last } = await catalog.bounds();
        kept = one;
        await together(signal, [one.run, (either) => hear(either, one, last + 1)]);
      },
    };
  }

  const supervisor = supervise("stock", create, { journal: quiet, now, pause });
  return {
    letGo() {
      if (kept !== undefined) letGoOfIdle(kept, 0);
    },
    stop: () => supervisor.stop(),
  };
}
