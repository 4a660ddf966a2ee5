import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../../ops/demo/random.ts";
import type { Importing } from "./importing.ts";
import type { Meddling } from "./link.ts";
import type { Publishing } from "./publishing.ts";
import type { Story } from "./story.ts";
import type { World } from "./world.ts";

/** A fault: what is done to a world at work, as one file each in `faults/`. */
export interface Fault {
  readonly name: string;
  /** What is done, for the report. */
  readonly story: string;
  /** How many of the published events are bad, from 0 to 1. */
  readonly badShare: number;
  /** How many are large, from 0 (the default) to 1. */
  readonly largeShare?: number;
  readonly withProjector: boolean;
  /** Why this machine cannot do it; undefined where it can. */
  readonly obstacle?: () => string | undefined;
  /** Before the world is made. */
  arm(random: Random, dataDir: string): Armed;
}

export interface Armed {
  readonly meddling?: Meddling;
  /** Does its harm and resolves with how often, once all of it is undone. */
  harm(scene: Scene): Promise<number>;
  /** When the world is gone again; `keep`: somebody wants to look at its data. */
  disarm?(keep: boolean): void;
}

export interface Scene {
  readonly world: World;
  readonly publishing: Publishing;
  readonly story: Story;
  /** The import beside the publisher, where there is one. */
  readonly importing: Importing | undefined;
  readonly random: Random;
  /** How long the harm lasts, about. */
  readonly harmMs: number;
}

/** A small share of bad events, so that every fault meets some. */
export const usualBadShare = 0.02;

/**
 * Strikes at random moments until the time is over, at least once. Once a strike has resolved the next one may
 * come; what it passes to `later` is waited for at the end only. Resolves with the number of strikes.
 */
export async function strikeOften(
  { random, harmMs }: Pick<Scene, "random" | "harmMs">,
  pauseMs: readonly [from: number, to: number],
  strike: (later: (recovery: Promise<unknown>) => void) => Promise<void> | void,
): Promise<number> {
  const recoveries: Promise<unknown>[] = [];
  let strikes = 0;
  for (const end = performance.now() + harmMs; strikes === 0 || performance.now() < end; strikes++) {
    await delay(random.between(...pauseMs));
    await strike((recovery) => {
      recoveries.push(recovery);
      recovery.catch(() => {});
    });
  }
  await Promise.all(recoveries);
  return strikes;
}
