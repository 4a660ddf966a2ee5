import { setTimeout as delay } from "node:timers/promises";
import { sequenceOf } from "../../projections/version.ts";
import type { Catalogue } from "../../ops/catalogue.ts";
import { allPartitions } from "../../streams/partition.ts";
import { productIds } from "./story.ts";
import type { World } from "./world.ts";

/** After any fault the read models must be level with the log within this time, and readers be told from them. */
export const healMsMax = 10_000;
/** Where the machine is also busy with other things. */
export const busyHealMsMax = 45_000;
/** With an import's tens of thousands of events behind it. */
export const importHealMsMax = 60_000;
const pollMs = 20;

/**
 * Resolves once everything that was in the logs at the call is in the read models, and an answer comes from
 * them. Throws after `msMax`, with what was missing.
 */
export async function untilLevel(world: World, msMax: number): Promise<void> {
  const heads = await headsOf(world.catalogue);
  const deadline = performance.now() + msMax;
  for (
    let missing = await lacking(world, heads);
    missing !== undefined;
    missing = await lacking(world, heads)
  ) {
    if (performance.now() > deadline) throw new Error(`not level after ${msMax} ms: ${missing}`);
    await delay(pollMs);
  }
}

async function lacking({ catalogue, apiUrl }: World, heads: Heads): Promise<string | undefined> {
  try {
    const behind = await partitionsBehind(catalogue, heads);
    if (behind !== undefined) return behind;
    // A price is held by no gateway.
    const response = await fetch(`${apiUrl}/api/products/${productIds[0]}/price`);
    const { degraded } = (await response.json()) as { degraded?: boolean };
    const tier = response.headers.get("cache-status") ?? "";
    const fromRedis = tier.endsWith("detail=redis") && degraded !== true;
    return fromRedis ? undefined : `an answer is ${response.status}, ${tier}, degraded: ${degraded}`;
  } catch (error) {
    return String(error);
  }
}

interface Heads {
  readonly catalog: number;
  readonly activity: number;
}

/** Where the logs end now. */
export async function headsOf({ catalog, activity }: Catalogue): Promise<Heads> {
  return { catalog: (await catalog.bounds()).last, activity: (await activity.bounds()).last };
}

/** Which partitions of the read models have not come to these heads, in words; undefined where all have. */
export async function partitionsBehind(catalogue: Catalogue, heads: Heads): Promise<string | undefined> {
  for (const log of ["catalog", "activity"] as const) {
    const positions = await catalogue.readModel.positions(log, allPartitions);
    const behind = allPartitions.filter(
      (partition) => sequenceAt(positions.get(partition)?.version) < heads[log],
    );
    if (behind.length > 0) {
      const reached = Math.min(...behind.map((partition) => sequenceAt(positions.get(partition)?.version)));
      return `${log} partitions ${behind.join(", ")} are at ${reached} of ${heads[log]}`;
    }
  }
  return undefined;
}

/** A position of another log cannot be: the trial has made this one. */
function sequenceAt(version: Parameters<typeof sequenceOf>[0] | undefined): number {
  return version === undefined ? -1 : sequenceOf(version);
}
