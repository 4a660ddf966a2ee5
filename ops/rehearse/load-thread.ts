import { setTimeout as delay } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { createRandom } from "../demo/random.ts";
import type { FromThread, LoadFigures, LoadSettings, ToThread } from "./load.ts";
import { openLoad } from "./open-load.ts";
import { countPhase, type PhaseCounting } from "./phase-counts.ts";
import { highestRate, type Phase, phaseAt, rateIn } from "./profile.ts";
import { createTraffic } from "./traffic.ts";

/** The thread of load.ts. */
const settings = workerData as LoadSettings;
const port = parentPort;
if (port === null) throw new Error("this file is a thread of load.ts");
const tell = (message: FromThread) => port.postMessage(message);

const random = createRandom(settings.seed, 1);
const traffic = createTraffic(settings, random);

/** Enough for all requests that become due while every node stands still for a quarter of a second. */
const connectionsFor = (perSecond: number) => Math.min(2_048, Math.max(256, Math.ceil(0.25 * perSecond)));
const settleMs = 5_000;

let begin: ((at: number) => void) | undefined;
/** For good: what is asked to run after that ends at once. */
const stopping = new AbortController();

const wallNow = () => performance.timeOrigin + performance.now();

/** Resolves with the moment of the begin when it is there. */
async function untilBegin(): Promise<number> {
  const told = new Promise<number>((resolve) => {
    begin = resolve;
  });
  tell({ kind: "open" });
  const at = await told;
  await delay(Math.max(0, at - wallNow()));
  return at;
}

interface Counted {
  readonly phase: Phase;
  readonly counting: PhaseCounting;
  busy: number;
}

async function run(phases: readonly Phase[]): Promise<LoadFigures> {
  const all: readonly Counted[] = phases.map((phase) => ({ phase, counting: countPhase(), busy: 0 }));
  const of = new Map(all.map((one) => [one.phase, one]));
  const burstsAt = settings.cold.map((): number | undefined => undefined);
  const looks = performance.eventLoopUtilization;
  let current: Phase | undefined;
  let looked = looks();
  let beganAt = 0;

  function enter(phase: Phase | undefined): void {
    const left = current && of.get(current);
    if (left !== undefined) left.busy = looks(looked).utilization;
    looked = looks();
    current = phase;
  }

  await openLoad({
    targets: settings.targets,
    sources: settings.sources,
    connections: connectionsFor(highestRate(phases)),
    rate: (at) => rateIn(phaseAt(phases, at), at),
    ms: phases.at(-1)?.toMs ?? 0,
    settleMs,
    stop: stopping.signal,
    async untilBegin() {
      beganAt = await untilBegin();
    },
    next(at) {
      const phase = phaseAt(phases, at);
      if (phase !== current) enter(phase);
      const ask = traffic.next(phase, at);
      if (ask.burst >= 0) burstsAt[ask.burst] ??= beganAt + at;
      return ask;
    },
    onTold: (told) => of.get(phaseAt(phases, told.at))?.counting.see(told),
  });
  enter(undefined);
  return { phases: all.map(({ counting, busy }) => counting.counts(busy)), burstsAt };
}

port.on("message", async (message: ToThread) => {
  if (message.kind === "begin") begin?.(message.at);
  else if (message.kind === "stop") stopping.abort();
  else {
    try {
      tell({ kind: "done", figures: await run(message.phases) });
    } catch (error) {
      tell({ kind: "failed", reason: (error as Error).message });
    }
  }
});
