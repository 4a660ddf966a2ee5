import { Worker } from "node:worker_threads";
import type { Target } from "./connection.ts";
import type { PhaseCounts } from "./phase-counts.ts";
import type { Phase } from "./profile.ts";
import type { TrafficSettings } from "./traffic.ts";

/** The load, in a thread of its own: what publishes and watches beside it does not hold it up. */
export interface Load {
  /**
   * Sends the phases, one behind the other. `onOpen` is called when the connections are open, and gives the moment at
   * which the first phase begins, in milliseconds since 1970. Ends before its time with `stop`, as all that follow do.
   */
  run(phases: readonly Phase[], onOpen: () => number): Promise<LoadFigures>;
  stop(): void;
  close(): Promise<void>;
}

export interface LoadSettings extends TrafficSettings {
  readonly targets: readonly Target[];
  readonly sources: readonly string[];
  readonly seed: number;
}

export interface LoadFigures {
  /** One for each phase, in their order. */
  readonly phases: readonly PhaseCounts[];
  /** When the first request of each cold product's burst was due, in milliseconds since 1970. */
  readonly burstsAt: readonly (number | undefined)[];
}

export type ToThread =
  | { readonly kind: "run"; readonly phases: readonly Phase[] }
  | { readonly kind: "begin"; readonly at: number }
  | { readonly kind: "stop" };

export type FromThread =
  | { readonly kind: "open" }
  | { readonly kind: "done"; readonly figures: LoadFigures }
  | { readonly kind: "failed"; readonly reason: string };

export function startLoad(settings: LoadSettings): Load {
  const thread = new Worker(new URL("./load-thread.ts", import.meta.url), { workerData: settings });
  const tell = (message: ToThread) => thread.postMessage(message);
  const ended = Promise.withResolvers<never>();
  thread.once("error", ended.reject);
  thread.once("exit", (code) => ended.reject(new Error(`the load ended by itself: ${code}`)));
  // Nobody may wait for it at the moment.
  ended.promise.catch(() => {});

  return {
    run(phases, onOpen) {
      const done = Promise.withResolvers<LoadFigures>();
      const hear = (message: FromThread): void => {
        if (message.kind === "open") tell({ kind: "begin", at: onOpen() });
        else {
          thread.off("message", hear);
          if (message.kind === "done") done.resolve(message.figures);
          else done.reject(new LoadFailed(message.reason));
        }
      };
      thread.on("message", hear);
      tell({ kind: "run", phases });
      return Promise.race([done.promise, ended.promise]);
    },
    stop: () => tell({ kind: "stop" }),
    async close() {
      await thread.terminate();
    },
  };
}

/** The nodes cannot be reached. */
export class LoadFailed extends Error {
  override readonly name = "LoadFailed";
}
