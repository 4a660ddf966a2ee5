import type { Identifier } from "../../streams/identifier.ts";
import type { ChangeCounts } from "./changes.ts";
import type { Flip } from "./flip.ts";
import { histogramOf } from "./histogram.ts";
import { errorsIn, type PhaseCounts } from "./phase-counts.ts";
import type { Phase } from "./profile.ts";
import type { Transition } from "./transitions.ts";

/** What a rehearsal measured, and what is certified of it. Pure. */
export interface Measured {
  readonly phases: readonly PhaseMeasured[];
  /** Requests a second that all nodes together carry; undefined: not measured, because the peak was given. */
  readonly capacity: number | undefined;
  readonly peak: number;
  /** Of all nodes together, as the operator says. */
  readonly cores: number | undefined;
  readonly start: Flip;
  readonly end: Flip;
  readonly changes: ChangeCounts;
  readonly deals: readonly Identifier[];
  readonly bursts: readonly { readonly product: Identifier; readonly at: number | undefined }[];
  readonly transitions: readonly Transition[];
  /** Products whose value the hot-set's owner pushed, once for each. */
  readonly pushed: readonly Identifier[];
}

export interface PhaseMeasured {
  readonly phase: Phase;
  readonly counts: PhaseCounts;
  /** What the nodes had of their cores meanwhile, in seconds; undefined: they are not on this machine. */
  readonly processorSeconds: number | undefined;
}

export interface Certificate {
  readonly phases: readonly PhaseLine[];
  readonly capacity: number | undefined;
  readonly peak: number;
  readonly perCore: PerCore | undefined;
  readonly fleet: readonly { readonly perSecond: number; readonly cores: number; readonly nodes: number }[];
  readonly start: Flip;
  readonly end: Flip;
  readonly changes: ChangeCounts;
  readonly hotKeys: HotKeys;
  readonly detection: Detection;
  readonly verdicts: readonly Verdict[];
}

export interface PhaseLine {
  readonly name: string;
  readonly seconds: number;
  readonly requests: number;
  readonly perSecond: number;
  readonly errors: number;
  readonly errorsBy: Readonly<Record<string, number>>;
  readonly unsent: number;
  readonly retried: number;
  readonly hot: Tiers;
  /** All reads of other products, bursts among them. */
  readonly other: Tiers;
  /** Milliseconds from when a request was due. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** What of the 99th percentile the load itself may be to blame for: how late it sent, in milliseconds. */
  readonly latenessP99: number;
  readonly busy: number;
  /** Answers for a second of processor; undefined where that is not known. */
  readonly perCore: number | undefined;
}

/** Answers by tier. */
export type Tiers = Readonly<Record<string, number>>;

export interface PerCore {
  /** Requests a second. */
  readonly perSecond: number;
  /** `processor`: answers of the peak for each second of processor. `cores`: the highest rate, by the cores given. */
  readonly by: "processor" | "cores";
}

export interface HotKeys {
  /** Answers that came from the log, and loads by the hot-set's owner, wherever these came from. */
  readonly logReads: number;
  /** Changes of the deals, or loads by the owner where these are more. */
  readonly refreshes: number;
  readonly ownerLoads: number;
}

export interface Detection {
  readonly bursts: number;
  /** From the first request to the transition to hot, in milliseconds, rising; of the bursts that had one. */
  readonly tookMs: readonly number[];
}

export interface Verdict {
  readonly what: string;
  readonly found: string;
  readonly pass: boolean;
}

const fleetLoad = 0.6;
const fleetPerSecond: readonly number[] = [6_000, 600_000];
const coresOfNode = 16;
const hotShareMin = 0.999;
const rampFactorMax = 3;
const flipMsMax = 50;
/** Its event, its start and its end. It is cancelled only when all is counted. */
const changesBySale = 3;
/** From here on the sale is known. */
const warmed = ["warming", "ramp", "peak", "cooling"];

export function certify(measured: Measured): Certificate {
  const phases = measured.phases.map(lineOf);
  const perCore = perCoreOf(measured, phases);
  const known = { ...measured, phases };
  const hotKeys = hotKeysOf(measured, phases);
  const { capacity, peak, start, end, changes } = measured;
  return {
    phases,
    capacity,
    peak,
    perCore,
    fleet: perCore === undefined ? [] : fleetPerSecond.map((perSecond) => fleetFor(perSecond, perCore)),
    start,
    end,
    changes,
    hotKeys,
    detection: detectionOf(known),
    verdicts: verdictsOf(phases, hotKeys, { start, end }),
  };
}

function lineOf({ phase, counts, processorSeconds }: PhaseMeasured): PhaseLine {
  const seconds = (phase.toMs - phase.fromMs) / 1_000;
  const times = histogramOf(counts.times);
  const { requests, answered, errors, unsent, retried, tiers, busy } = counts;
  return {
    name: phase.name,
    seconds,
    requests,
    perSecond: requests / seconds,
    errors: errorsIn(counts),
    errorsBy: errors,
    unsent,
    retried,
    hot: tiers.hot,
    other: sumOf(tiers.other, tiers.burst),
    p50: times.quantile(0.5),
    p99: times.quantile(0.99),
    p999: times.quantile(0.999),
    max: times.max,
    latenessP99: histogramOf(counts.lateness).quantile(0.99),
    busy,
    // Without a tick of the processor's clock in it nothing can be said.
    perCore:
      processorSeconds === undefined || processorSeconds === 0 ? undefined : answered / processorSeconds,
  };
}

function sumOf(one: Tiers, other: Tiers): Tiers {
  const sum: Record<string, number> = { ...one };
  for (const [tier, count] of Object.entries(other)) sum[tier] = (sum[tier] ?? 0) + count;
  return sum;
}

function perCoreOf({ cores, capacity, peak }: Measured, phases: readonly PhaseLine[]): PerCore | undefined {
  const measured = phases.find(({ name }) => name === "peak")?.perCore;
  if (measured !== undefined) return { perSecond: measured, by: "processor" };
  return cores === undefined ? undefined : { perSecond: (capacity ?? peak) / cores, by: "cores" };
}

function fleetFor(perSecond: number, perCore: PerCore) {
  const cores = Math.ceil(perSecond / (fleetLoad * perCore.perSecond));
  return { perSecond, cores, nodes: Math.ceil(cores / coresOfNode) };
}

function hotKeysOf({ deals, pushed, changes }: Measured, phases: readonly PhaseLine[]): HotKeys {
  const areDeals = new Set(deals);
  const ownerLoads = pushed.filter((product) => areDeals.has(product)).length;
  const answers = after(phases).reduce((sum, { hot }) => sum + (hot["log"] ?? 0), 0);
  return {
    logReads: answers + ownerLoads,
    refreshes: Math.max(ownerLoads, changes.onDeals + changesBySale * deals.length),
    ownerLoads,
  };
}

const hotState = /^hot/;

function detectionOf({ bursts, transitions }: Pick<Measured, "bursts" | "transitions">): Detection {
  const tookMs = bursts.flatMap(({ product, at: began }) => {
    const hot = transitions.find((one) => one.product === product && hotState.test(one.to));
    return began === undefined || hot === undefined ? [] : [hot.at - began];
  });
  return { bursts: bursts.length, tookMs: tookMs.sort((a, b) => a - b) };
}

const after = (phases: readonly PhaseLine[]) => phases.filter(({ name }) => warmed.includes(name));
const named = (phases: readonly PhaseLine[], name: string) => phases.find((phase) => phase.name === name);

function verdictsOf(
  phases: readonly PhaseLine[],
  { logReads, refreshes }: HotKeys,
  flips: { readonly start: Flip; readonly end: Flip },
): readonly Verdict[] {
  const errors = phases.reduce((sum, phase) => sum + phase.errors, 0);
  const hot = after(phases).reduce((sum, phase) => sumOf(sum, phase.hot), {} as Tiers);
  const all = Object.values(hot).reduce((sum, count) => sum + count, 0);
  const inMemory = (hot["memory"] ?? 0) / all;
  const steady = named(phases, "steady")?.p99 ?? Number.NaN;
  const ramp = named(phases, "ramp")?.p99 ?? Number.NaN;
  const perRefresh = logReads / refreshes;
  const missed = Object.values(flips).some(({ flippedMs }) => flippedMs === undefined);
  const lastOld = Math.max(flips.start.lastOldMs, flips.end.lastOldMs);
  const early = flips.start.early + flips.end.early;
  return [
    { what: "no errors in any phase", found: `${errors}`, pass: errors === 0 },
    {
      what: `hot reads from memory, since the sale is known: at least ${100 * hotShareMin} %`,
      found: `${(Math.floor(1e5 * inMemory) / 1e3).toFixed(3)} % of ${all}`,
      pass: inMemory >= hotShareMin,
    },
    {
      what: "log reads per hot key per refresh: at most 1",
      found: `${perRefresh.toFixed(2)} (${logReads} in ${refreshes})`,
      pass: perRefresh <= 1,
    },
    {
      what: `p99 in the ramp: at most ${rampFactorMax} times the steady one`,
      found: `${(ramp / steady).toFixed(2)} (${ramp.toFixed(1)} ms, ${steady.toFixed(1)} ms)`,
      pass: ramp <= rampFactorMax * steady,
    },
    {
      what: `no price of before later than ${flipMsMax} ms after the sale's start or end, and none of after too early`,
      found: `${missed ? "not everywhere in 2 s" : `${lastOld} ms`}, ${early} early`,
      pass: !missed && lastOld <= flipMsMax && early === 0,
    },
  ];
}
