import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../../ops/demo/random.ts";
import type { Shelfwire } from "../chaos/shelfwire.ts";
import type { Rig } from "./rig.ts";

/** Whom it hit, and how often. */
export type Strikes = Record<Target, number>;
export type Target = "keeper" | "node" | "nats" | "standing nats" | "standing keeper";

/**
 * At random moments: kills by -9; nats-server stands still, so that publishes time out; and a process of keepers stands still,
 * maybe for so long that another one keeps its stock when it goes on.
 */
export interface Striking {
  readonly counts: Strikes;
  /** Resolves when everything runs again. */
  stop(): Promise<void>;
}

interface Victim {
  readonly target: Target;
  /** Resolves when all of it runs again. */
  strike(): Promise<void>;
}

const firstMs = [100, 600] as const;
/** In so many cases the next one is struck before the last one is back. */
const atOnceShare = 0.3;
/** A publish of the checkout is given up after 3 s. */
const natsStandsMs = [1_000, 4_500] as const;
/** A lease ends after 5 s. */
const keeperStandsMs = [1_000, 8_000] as const;

export interface StrikesPlan {
  readonly targets: readonly Target[];
  /** Between two of them. */
  readonly gapMs: readonly [number, number];
  readonly random: Random;
}

export function strikeAtRandom(rig: Rig, { targets, gapMs, random }: StrikesPlan): Striking {
  const counts: Strikes = { keeper: 0, node: 0, nats: 0, "standing nats": 0, "standing keeper": 0 };
  const victims = victimsIn(rig, random).filter(({ target }) => targets.includes(target));
  const struck = new Map<Victim, Promise<void>>();
  const stopping = new AbortController();

  function strike(victim: Victim): Promise<void> {
    counts[victim.target]++;
    const back = victim.strike().finally(() => struck.delete(victim));
    struck.set(victim, back);
    // Whoever waits for it hears of a failure; nobody may wait at the moment.
    back.catch(() => {});
    return back;
  }

  async function keepStriking(): Promise<void> {
    for (let waitMs = random.between(...firstMs); ; waitMs = random.between(...gapMs)) {
      await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) break;
      const living = victims.filter((victim) => !struck.has(victim));
      if (living.length === 0) continue;
      const back = strike(random.pick(living));
      if (!random.chance(atOnceShare)) await back;
    }
    await Promise.all(struck.values());
  }

  const over = keepStriking();
  over.catch(() => {});
  return {
    counts,
    async stop() {
      stopping.abort();
      await over;
    },
  };
}

function victimsIn(rig: Rig, random: Random): readonly Victim[] {
  const server: Victim = {
    target: "nats",
    async strike() {
      rig.signal("nats", "SIGKILL");
      await rig.untilAnswers("nats");
    },
  };
  const standingServer: Victim = {
    target: "standing nats",
    async strike() {
      rig.signal("nats", "SIGSTOP");
      await delay(random.between(...natsStandsMs));
      rig.signal("nats", "SIGCONT");
      await rig.untilAnswers("nats");
    },
  };
  const standing = (keeper: Shelfwire): Victim => ({
    target: "standing keeper",
    async strike() {
      const pid = keeper.pid();
      if (pid === undefined) return;
      process.kill(pid, "SIGSTOP");
      await delay(random.between(...keeperStandsMs));
      // Unless it was killed meanwhile.
      if (keeper.pid() === pid) process.kill(pid, "SIGCONT");
    },
  });
  return [
    ...rig.keepers.map((keeper): Victim => ({ target: "keeper", strike: keeper.kill })),
    ...rig.keepers.map(standing),
    ...rig.nodes.map(({ life }): Victim => ({ target: "node", strike: life.kill })),
    server,
    standingServer,
  ];
}
