import { Worker } from "node:worker_threads";
import type { HitRateFigures } from "./hit-rate.ts";
import type { Phase, Spread } from "./phases.ts";
import type { Seen } from "./seen.ts";
import type { StandstillFigures } from "./standstills.ts";
import type { VisibilityFigures } from "./visibility.ts";

/** The load on a world, as those who do harm to it direct it. */
export interface Load {
  /** Publishes the catalogue; resolves when the log has it. */
  open(): Promise<void>;
  /** Reads everything once on every node. */
  warm(): Promise<void>;
  /** Changes and reads begin, in the calm. */
  begin(): Promise<void>;
  enter(phase: Phase): Promise<void>;
  /** The harm is undone. */
  over(): Promise<void>;
  /** The hit rate of the last whole second. */
  rate(): Promise<number>;
  /** Resolves when every event has its acknowledgement and every read its answer. */
  stop(): Promise<void>;
  /** With the world level: holds every answer against what was published, and says what came of everything. */
  compare(): Promise<LoadFigures>;
  close(): Promise<unknown>;
}

export interface LoadSettings {
  readonly nodes: readonly { readonly name: string; readonly url: string }[];
  /** Straight to the server, past every link. */
  readonly natsUrl: string;
  readonly products: number;
  readonly readsPerSecond: number;
  readonly changesPerSecond: number;
}

export interface LoadFigures {
  readonly published: number;
  readonly acked: number;
  readonly unacked: number;
  /** 5xx, the default, no answer, an answer that lacks something. */
  readonly failures: Seen;
  /** Answers older than what their client had seen. */
  readonly older: Seen;
  /** Values that went back in time on a node. */
  readonly wentBack: Seen;
  readonly wentBackDegraded: Seen;
  readonly wrong: readonly string[];
  /** Answers that were not equal to the log in the end. */
  readonly differences: readonly string[];
  readonly latencies: Readonly<Record<Phase, Spread>>;
  readonly hitRate: HitRateFigures;
  readonly visibility: VisibilityFigures;
  /** Of the measuring thread. */
  readonly standstills: StandstillFigures;
  /** Its beginning and its end on the clock of the stories above. */
  readonly outageAt: { readonly from: number; readonly to: number };
}

export type Command = "open" | "warm" | "begin" | "over" | "rate" | "stop" | "compare" | Phase;

interface Said {
  readonly command: Command | "start";
  readonly value?: unknown;
  readonly error?: string;
}

export async function startLoad(settings: LoadSettings): Promise<Load> {
  const thread = new Worker(new URL("./load-thread.ts", import.meta.url), { workerData: settings });
  const waiting = new Map<Said["command"], PromiseWithResolvers<unknown>>();
  let failure: Error | undefined;
  thread.on("message", ({ command, value, error }: Said) => {
    const asked = waiting.get(command);
    waiting.delete(command);
    if (error === undefined) asked?.resolve(value);
    else asked?.reject(new Error(error));
  });
  const fail = (error: Error) => {
    failure = error;
    for (const { reject } of waiting.values()) reject(error);
  };
  thread.on("error", fail);
  thread.on("exit", (code) => fail(new Error(`the load ended: ${code}`)));

  function hears(command: Said["command"]): Promise<unknown> {
    if (failure !== undefined) return Promise.reject(failure);
    const asked = Promise.withResolvers<unknown>();
    waiting.set(command, asked);
    return asked.promise;
  }
  const tell = (command: Command) => {
    const answered = hears(command);
    thread.postMessage(command);
    return answered;
  };
  const done = async (command: Command) => {
    await tell(command);
  };

  await hears("start");
  return {
    open: () => done("open"),
    warm: () => done("warm"),
    begin: () => done("begin"),
    enter: done,
    over: () => done("over"),
    rate: async () => (await tell("rate")) as number,
    stop: () => done("stop"),
    compare: async () => (await tell("compare")) as LoadFigures,
    close: () => thread.terminate(),
  };
}
