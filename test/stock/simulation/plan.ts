import { createRandom, type Random } from "../../../ops/demo/random.ts";
import type { Effect, Fault } from "../../simulation/plan.ts";

/**
 * A plan: all that a run is made from, as data. A seed gives a plan.
 *
 * Moments are milliseconds since the run began, products are numbers.
 */
export interface StockPlan {
  /** Draws latencies and losses. */
  readonly noise: number;
  readonly latencyMsMax: number;
  /** Each believes to own the partition, all the time. */
  readonly keepers: readonly string[];
  /** How many messages a tail gives at once, in turn. */
  readonly batches: readonly number[];
  /** So many of the appends to STOCK are held neither to what they expect nor to their ids. */
  readonly unheldShare: number;
  /** So many of the questions and of the answers are lost, come late, or come twice. */
  readonly troubleShare: number;
  readonly counts: readonly PlannedCount[];
  readonly purchases: readonly PlannedPurchase[];
  /** When a keeper lets go of what is idle, or leaves a snapshot. */
  readonly chores: readonly Chore[];
  readonly faults: readonly Fault[];
  readonly sleep: LongSleep | undefined;
  /** When the faults end. */
  readonly healAt: number;
}

export interface PlannedCount {
  readonly at: number;
  readonly product: number;
  /** Undefined: a bad event. */
  readonly quantity: number | undefined;
}

export interface PlannedPurchase {
  readonly at: number;
  readonly reservation: string;
  readonly buyer: string;
  readonly lines: readonly { readonly product: number; readonly quantity: number }[];
  /** In a sale with a limit for each buyer. */
  readonly isLimited: boolean;
  /** Whether an older count than the newest one will not do. */
  readonly hasSeen: boolean;
  readonly heldMs: number;
  /** `anew`: given back, and taken once more. */
  readonly fate: "sold" | "cancelled" | "kept" | "anew";
  /** What is wanted of it comes so much later; `cancelled` may come before the answer. */
  readonly fateMs: number;
}

export interface Chore {
  readonly at: number;
  readonly keeper: string;
  readonly what: "let go" | "snapshot";
}

/** Everybody stands still for more than ten minutes, each from and to a moment of his own. */
export interface LongSleep {
  readonly from: Readonly<Record<string, number>>;
  readonly until: Readonly<Record<string, number>>;
  /** When nobody stands still any more. */
  readonly over: number;
}

export const productsMax = 3;
export const shop = "shop";
const sleepMs = 620_000;

export function planOf(seed: number): StockPlan {
  const random = createRandom(seed, 0);
  const keepers = ["keeper 1", "keeper 2"].slice(0, random.chance(0.75) ? 2 : 1);
  const awakeMs = random.between(500, 3_000);
  const sleep = random.chance(0.3) ? plannedSleep(random, keepers, awakeMs) : undefined;
  const from = sleep === undefined ? 0 : sleep.over - awakeMs;
  /** A moment when somebody is awake. */
  const moment = () => (random.chance(0.5) ? 0 : from) + random.between(0, awakeMs);
  const healAt = Math.max(awakeMs, sleep?.over ?? 0) + random.between(500, 3_000);
  const products = random.between(1, productsMax);
  const product = () => random.between(0, products - 1);
  const counts = [
    ...Array.from({ length: products }, (_, each) => ({
      at: 0,
      product: each,
      quantity: random.between(0, 8),
    })),
    ...Array.from({ length: random.between(0, 5) }, () => ({
      at: moment(),
      product: product(),
      quantity: random.chance(0.1) ? undefined : random.between(0, 8),
    })),
  ];
  const buyers = random.between(1, 6);
  const purchases = Array.from({ length: random.between(2, 16) }, (_, number) => ({
    at: moment(),
    reservation: `r${number}`,
    buyer: `buyer ${random.between(1, buyers)}`,
    lines: random
      .sample(Array.from({ length: products }).keys().toArray(), random.between(1, 2))
      .map((each) => ({ product: each, quantity: random.between(1, 3) })),
    isLimited: random.chance(0.2),
    hasSeen: random.chance(0.5),
    heldMs: random.pick([300, 2_000, 30_000]),
    fate: random.pick(["sold", "sold", "cancelled", "kept", "anew"] as const),
    fateMs: random.between(0, 400),
  }));
  const chores = Array.from({ length: random.between(0, 6) }, () => ({
    at: (random.chance(0.3) ? 0 : from) + random.between(0, awakeMs),
    keeper: random.pick(keepers),
    what: random.pick(["let go", "let go", "snapshot"] as const),
  }));
  return {
    noise: random.between(0, 2 ** 31),
    latencyMsMax: random.pick([0.5, 2, 2, 20]),
    keepers,
    batches: Array.from({ length: random.between(1, 3) }, () => random.pick([1, 2, 50])),
    unheldShare: random.pick([0, 0, 0.2, 0.6]),
    troubleShare: random.pick([0, 0.05, 0.3]),
    counts,
    purchases,
    chores,
    faults: plannedFaults(random, keepers, moment),
    sleep,
    healAt,
  };
}

function plannedSleep(random: Random, keepers: readonly string[], awakeMs: number): LongSleep {
  const each = (moment: () => number) =>
    Object.fromEntries([shop, ...keepers].map((process) => [process, moment()]));
  const until = each(() => awakeMs + sleepMs + random.pick([0, 0, random.between(0, 2_500)]));
  return {
    from: each(() => random.pick([awakeMs, random.between(0, awakeMs)])),
    until,
    over: Math.max(...Object.values(until)),
  };
}

const effects: readonly ((random: Random) => Effect)[] = [
  (random) => ({ what: "die before", downMs: random.pick([1, 50, 1_000]) }),
  (random) => ({ what: "die after", downMs: random.pick([1, 50, 1_000]) }),
  (random) => ({ what: "lose request", timeoutMs: random.pick([5, 100, 800]) }),
  (random) => ({ what: "lose answer", timeoutMs: random.pick([5, 100, 800]) }),
  (random) => ({
    what: "land late",
    timeoutMs: random.pick([5, 100]),
    afterMs: random.pick([60, 300, 2_000]),
  }),
  () => ({ what: "carry out twice" }),
  (random) => ({ what: "slow", ms: random.pick([20, 200, 1_000]) }),
];

function plannedFaults(random: Random, keepers: readonly string[], moment: () => number): readonly Fault[] {
  const kinds = random.sample(effects, random.between(1, 3));
  return Array.from({ length: random.between(0, 10) }, (): Fault => {
    const process = random.pick(keepers);
    const at = moment();
    const luck = random.next();
    if (luck < 0.08) return { kind: "kill", at, process, downMs: random.pick([1, 100, 1_500]) };
    if (luck < 0.12) return { kind: "stop", at, process, downMs: random.pick([1, 100, 1_500]) };
    if (luck < 0.2) return { kind: "freeze", at, process, ms: random.pick([20, 500, 3_000]) };
    if (luck < 0.25) return { kind: "down", at, server: "log", ms: random.pick([50, 800, 3_000]) };
    if (luck < 0.33) return { kind: "silent tail", at, process, ms: random.pick([100, 3_500]) };
    return {
      kind: "call",
      at,
      process,
      server: "log",
      skip: random.between(0, 12),
      effect: random.pick(kinds)(random),
    };
  });
}
