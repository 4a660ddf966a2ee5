import { createRandom, type Random } from "../../ops/demo/random.ts";
import { allPartitions } from "../../streams/partition.ts";
import { faultKinds, type Setting } from "./fault-kinds.ts";
import type { Fault, Plan, PlannedEvent, PlannedRead } from "./plan.ts";
import { fewPartitions, products, shopEvent } from "./shop.ts";

/**
 * The plan of a seed. A seed draws not only what happens but also what can: a run has few kinds of faults and
 * much of each, because a mixture of everything hides what one kind alone brings to light. Events come in
 * bursts and faults close behind them, where there is something to break.
 */
export function planOf(seed: number): Plan {
  const random = createRandom(seed, 0);
  const healAt = random.between(1_500, 6_000);
  const projectors = ["projector 1", "projector 2"].slice(0, random.chance(0.7) ? 2 : 1);
  const readers = ["reader 1", "reader 2"].slice(0, random.between(1, 2));
  const publishers = ["publisher 1", "publisher 2"].slice(0, random.between(1, 2));
  const events = plannedEvents(random, publishers, healAt);
  return {
    noise: random.between(0, 2 ** 31),
    latencyMsMax: random.pick([0.5, 2, 2, 20]),
    projectors,
    ownership: random.chance(0.6) ? "leased" : "everybody",
    partitions: random.chance(0.05) ? allPartitions : fewPartitions,
    batches: Array.from({ length: random.between(1, 4) }, () => random.pick([1, 1, 2, 3, 5, 50])),
    events,
    reads: plannedReads(random, readers, events, healAt),
    faults: plannedFaults(random, { projectors, readers, publishers, events, healAt }),
    healAt,
  };
}

function plannedEvents(
  random: Random,
  publishers: readonly string[],
  healAt: number,
): readonly PlannedEvent[] {
  const bursts = Array.from({ length: random.between(1, 5) }, () => random.between(0, healAt - 500));
  const events = Array.from({ length: random.between(3, 18) }, (_, number) => ({
    at: random.chance(0.8) ? random.pick(bursts) + random.between(0, 15) : random.between(0, healAt - 100),
    publisher: random.pick(publishers),
    id: `e${number}`,
    ...shopEvent(random, healAt),
  }));
  return events.sort((a, b) => a.at - b.at);
}

function plannedReads(
  random: Random,
  readers: readonly string[],
  events: readonly PlannedEvent[],
  healAt: number,
): readonly PlannedRead[] {
  const reads = Array.from({ length: random.between(3, 10) }, () => ({
    at: random.chance(0.7) ? random.pick(events).at + random.between(0, 60) : random.between(0, healAt),
    reader: random.pick(readers),
    product: random.pick(products),
    how: random.chance(0.15) ? ("strong" as const) : ("product" as const),
  }));
  return reads.sort((a, b) => a.at - b.at);
}

function plannedFaults(random: Random, setting: Setting): readonly Fault[] {
  if (random.chance(0.05)) return [];
  const kinds = random.sample(faultKinds, random.between(1, 6));
  const faults = Array.from({ length: random.between(1, 12) }, () => {
    const near = random.pick(setting.events).at + random.between(-2, 40);
    const at = random.chance(0.8) ? Math.max(0, near) : random.between(0, setting.healAt);
    return random.pick(kinds)(random, setting, at);
  });
  return faults.sort((a, b) => a.at - b.at);
}
