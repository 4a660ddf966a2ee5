import type { Journal } from "../streams/journal.ts";
import { type Pause, pause as realPause } from "./pause.ts";

/**
 * A supervisor: lets an actor live. One that throws is started again after a pause that doubles up to a
 * limit; one that stands still, by its own sign of life, is stopped and started again. How often each was
 * restarted is known.
 */
export interface Actor {
  run(signal: AbortSignal): Promise<void>;
  /** When it last finished a step, by the supervisor's clock; an actor without one is never called stuck. */
  readonly aliveAt?: () => number;
}

export interface SupervisorOptions {
  readonly journal: Journal;
  /** Milliseconds, the clock that `aliveAt` uses. */
  readonly now: () => number;
  readonly pauseMs?: { readonly first: number; readonly most: number };
  /** Without a sign of life for this long an actor is stuck. */
  readonly stuckMs?: number;
  readonly pause?: Pause;
}

export interface Supervisor {
  readonly restarts: number;
  /** Stops the actor and resolves when it has ended, or after two seconds without it. */
  stop(): Promise<void>;
}

/** How long an actor that was told to end may take before things go on without it. */
const abandonMs = 2_000;

/** `create` makes a new actor for each life, so nothing of a stuck one is shared with its successor. */
export function supervise(name: string, create: () => Actor, options: SupervisorOptions): Supervisor {
  const {
    journal,
    now,
    pauseMs = { first: 100, most: 5_000 },
    stuckMs = 15_000,
    pause = realPause,
  } = options;
  let restarts = 0;
  let actor: Actor | undefined;
  let current = new AbortController();
  const stopping = new AbortController();

  async function watch(): Promise<void> {
    const everyMs = stuckMs / 5;
    for (;;) {
      const lookedAt = now();
      await pause(everyMs, stopping.signal);
      if (stopping.signal.aborted) return;
      // Who stood still as a whole knows nothing of the actor; it has a round to give a sign.
      if (now() - lookedAt > 2 * everyMs) continue;
      if (actor?.aliveAt === undefined || current.signal.aborted) continue;
      const silentMs = now() - actor.aliveAt();
      if (silentMs < stuckMs) continue;
      journal.error({ actor: name, silentMs }, "actor stands still; starting it again");
      current.abort();
    }
  }

  async function live(): Promise<void> {
    let waitMs = pauseMs.first;
    while (!stopping.signal.aborted) {
      current = new AbortController();
      const startedAt = now();
      const run = Promise.try(() => {
        actor = create();
        return actor.run(current.signal);
      }).then(
        () => undefined,
        (error: unknown) => error as Error,
      );
      // A stuck actor may never end; nobody waits longer for it, since two at once do no harm.
      const over = new AbortController();
      const abandoned = new Promise<undefined>((resolve) => {
        current.signal.addEventListener("abort", () => {
          void pause(abandonMs, over.signal).then(() => resolve(undefined));
        });
      });
      const error = await Promise.race([run, abandoned]);
      over.abort();
      if (stopping.signal.aborted) return;
      restarts++;
      if (now() - startedAt > 10 * pauseMs.most) waitMs = pauseMs.first;
      journal.warn({ actor: name, err: error, restarts, pauseMs: waitMs }, "actor ended; starting it again");
      await pause(waitMs, stopping.signal);
      waitMs = Math.min(2 * waitMs, pauseMs.most);
    }
  }

  void watch();
  const life = live();
  return {
    get restarts() {
      return restarts;
    },
    async stop() {
      stopping.abort();
      current.abort();
      await life;
    },
  };
}
