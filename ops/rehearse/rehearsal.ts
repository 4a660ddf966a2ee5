import { setTimeout as delay } from "node:timers/promises";
import { createRandom } from "../demo/random.ts";
import { type Identifier, parseIdentifier } from "../../streams/identifier.ts";
import type { Broadcast } from "../../streams/broadcast.ts";
import type { Log } from "../../streams/log.ts";
import { Refused } from "../refused.ts";
import { findCapacity } from "./capacity.ts";
import { type Certificate, certify, type PhaseMeasured } from "./certificate.ts";
import { type Changes, createChanges, salePriceOf } from "./changes.ts";
import type { Target } from "./connection.ts";
import { type Flip, watchFlip } from "./flip.ts";
import { histogramOf } from "./histogram.ts";
import { type Load, type LoadFigures, startLoad } from "./load.ts";
import { isLoopback, sourcesFor } from "./loopback.ts";
import { errorsIn } from "./phase-counts.ts";
import { processesListeningOn, processorSeconds } from "./processes.ts";
import { chooseProducts, type Products, productsIn } from "./products.ts";
import { type Phase, type PhaseName, profileOf } from "./profile.ts";
import { followTransitions } from "./transitions.ts";

/**
 * `shelfwire rehearse`: a flash sale on a running system, from outside. It publishes a real sale and real changes and puts
 * back what it changed, so it is for a system that sells nothing at the moment. Takes as long as its phases, and some
 * forty seconds to find the capacity.
 */
export interface RehearsalOptions {
  readonly catalog: Log;
  readonly hot: Log;
  /** Where values of hot products are pushed. */
  readonly hotValues: Broadcast;
  /** Addresses such as `http://127.0.0.1:8080`. */
  readonly nodes: readonly string[];
  /** Undefined: all that the log knows. */
  readonly ids: readonly Identifier[] | undefined;
  readonly settings: RehearsalSettings;
  readonly stop: AbortSignal;
  readonly onProgress: (told: string) => void;
}

export interface RehearsalSettings {
  readonly seconds: Readonly<Record<PhaseName, number>>;
  /** Requests a second; undefined: the share of the capacity, which is measured first. */
  readonly peak: number | undefined;
  readonly share: number;
  readonly cores: number | undefined;
  readonly zipf: number;
  readonly deals: number;
  readonly dealShare: number;
  readonly changesPerSecond: number;
  readonly seed: number;
  /** How long one rate is tried while the capacity is looked for; what is found must then hold for six times as long. */
  readonly trialMs: number;
}

export interface Rehearsed {
  readonly certificate: Certificate;
  readonly products: number;
}

/** A quarter of what a page may take: from there on a queue grows with each further request a second. */
const goodP99Ms = 50;
const holdTrials = 6;
/** A burst each second of their phase. */
const burstsIn = (seconds: RehearsalSettings["seconds"]) => Math.floor(seconds.bursts);
/** Between the connections being open and the first request. */
const leadMs = 200;
const calmMs = 1_000;

/** Throws `Refused` where the nodes, the catalogue or a signal make it impossible. */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsed> {
  const { catalog, nodes, settings, stop, onProgress } = options;
  const [node = ""] = nodes;
  const targets = nodes.map(targetOf);
  const ids = options.ids ?? (await productsIn(catalog));
  const wanted = { ids, deals: settings.deals, cold: burstsIn(settings.seconds) };
  const products = await chooseProducts(node, wanted, createRandom(settings.seed, 0));
  const load = startLoad({
    targets,
    sources: sourcesFor(targets),
    seed: settings.seed,
    products: products.all,
    deals: products.deals.map(({ id }) => id),
    cold: products.cold,
    exponent: settings.zipf,
  });
  const halt = () => load.stop();
  stop.addEventListener("abort", halt);
  try {
    const capacity = settings.peak === undefined ? await capacityOf(load, settings, options) : undefined;
    const peak = settings.peak ?? settings.share * (capacity ?? 0);
    onProgress(`the peak is ${Math.round(peak)} requests/s`);
    await delay(calmMs);
    const certificate = await perform(load, products, { ...options, targets, peak, capacity });
    return { certificate, products: products.all.length };
  } finally {
    stop.removeEventListener("abort", halt);
    await load.close();
  }
}

const refuseStopped = (stop: AbortSignal): void => {
  if (stop.aborted) throw new Refused("the rehearsal was ended before its time: nothing is certified");
};

/** By the mix of the peak. */
async function capacityOf(
  load: Load,
  { dealShare, trialMs }: RehearsalSettings,
  { stop, onProgress }: Pick<RehearsalOptions, "stop" | "onProgress">,
): Promise<number> {
  async function bears(perSecond: number, ms: number): Promise<boolean> {
    refuseStopped(stop);
    const phase: Phase = {
      name: "trial",
      fromMs: 0,
      toMs: ms,
      perSecond: [perSecond, perSecond],
      dealShare,
      burstShare: 0,
    };
    const { phases } = await load.run([phase], () => Date.now());
    refuseStopped(stop);
    const borne = phases.every(
      (counts) => errorsIn(counts) === 0 && histogramOf(counts.times).quantile(0.99) < goodP99Ms,
    );
    onProgress(`${Math.round(perSecond)} requests/s for ${ms / 1_000} s: ${borne ? "answered" : "too many"}`);
    return borne;
  }
  const capacity = await findCapacity({
    passes: (perSecond) => bears(perSecond, trialMs),
    holds: (perSecond) => bears(perSecond, holdTrials * trialMs),
  });
  if (capacity === 0)
    throw new Refused(`no rate is answered without errors and within ${goodP99Ms} ms: name one with --peak`);
  return capacity;
}

interface Staged extends RehearsalOptions {
  readonly targets: readonly Target[];
  readonly peak: number;
  readonly capacity: number | undefined;
}

async function perform(load: Load, products: Products, staged: Staged): Promise<Certificate> {
  const { catalog, hot, hotValues, settings, stop, targets, peak, capacity, onProgress } = staged;
  const { seconds, dealShare } = settings;
  const phases = profileOf({ seconds, peak, dealShare });
  const name = parseIdentifier(`rehearsal-${Date.now()}`);
  if (name === undefined) throw new RangeError("the sale has no name");
  const changes = createChanges({
    log: catalog,
    name,
    deals: products.deals,
    priced: products.priced,
    perSecond: settings.changesPerSecond,
    random: createRandom(settings.seed, 2),
  });
  const deals = products.deals.map(({ id }) => id);
  const transitions = await followTransitions({ hot, values: hotValues }, [...deals, ...products.cold]);
  try {
    let sale: Promise<Sale> | undefined;
    const meter = createMeter(targets, phases);
    const figures = await load.run(phases, () => {
      const beginsAt = Date.now() + leadMs;
      meter.begin(beginsAt);
      changes.begin();
      sale = watchSale({ changes, products, phases, beginsAt, targets, stop, onProgress });
      // Awaited below, when the load has ended.
      sale.catch(() => {});
      return beginsAt;
    });
    refuseStopped(stop);
    if (sale === undefined) throw new RangeError("the load ran without a begin");
    const flips = await sale;
    await transitions.close();
    return certify({
      phases: measuredOf(phases, figures, meter.seconds()),
      capacity,
      peak,
      cores: settings.cores,
      ...flips,
      changes: changes.counts,
      deals,
      bursts: products.cold.map((product, at) => ({ product, at: figures.burstsAt[at] })),
      transitions: transitions.seen,
      pushed: transitions.pushed,
    });
  } finally {
    await transitions.close();
    await changes.restore();
  }
}

interface Sale {
  readonly start: Flip;
  readonly end: Flip;
}

interface SaleOptions {
  readonly changes: Changes;
  readonly products: Products;
  readonly phases: readonly Phase[];
  readonly beginsAt: number;
  readonly targets: readonly Target[];
  readonly stop: AbortSignal;
  readonly onProgress: (told: string) => void;
}

/** Schedules the sale when its warming begins, and watches its start and its end. */
async function watchSale({ changes, products, phases, beginsAt, ...options }: SaleOptions): Promise<Sale> {
  const { targets: nodes, stop, onProgress } = options;
  const momentOf = (name: PhaseName) => beginsAt + (phases.find((one) => one.name === name)?.fromMs ?? 0);
  const startsAt = Math.round(momentOf("peak"));
  const endsAt = Math.round(momentOf("cooling"));
  await delay(Math.max(0, momentOf("warming") - Date.now()), undefined, { signal: stop });
  await changes.schedule(startsAt, endsAt);
  onProgress(`the sale is known; it begins at ${new Date(startsAt).toISOString()}`);
  const start = products.deals.map((deal) => ({
    id: deal.id,
    before: deal.amount,
    after: salePriceOf(deal),
  }));
  const end = start.map(({ id, before, after }) => ({ id, before: after, after: before }));
  const [flippedToSale, flippedBack] = await Promise.all([
    watchFlip({ nodes, prices: start, at: startsAt, stop }),
    watchFlip({ nodes, prices: end, at: endsAt, stop }),
  ]);
  return { start: flippedToSale, end: flippedBack };
}

/** What the nodes had of their cores at the begin of each phase and at the end of the last one, where they are local. */
function createMeter(targets: readonly Target[], phases: readonly Phase[]) {
  const isLocal = targets.every(({ hostname }) => isLoopback(hostname));
  const pids = isLocal ? [...new Set(targets.flatMap(({ port }) => processesListeningOn(port)))] : [];
  const looks: number[] = [];
  return {
    begin(at: number) {
      for (const ms of [...phases.map(({ fromMs }) => fromMs), phases.at(-1)?.toMs ?? 0])
        setTimeout(() => looks.push(processorSeconds(pids)), at + ms - Date.now()).unref();
    },
    /** One for each phase. */
    seconds: () =>
      phases.map((_, at) => {
        const [from, to] = [looks[at], looks[at + 1]];
        return pids.length === 0 || from === undefined || to === undefined ? undefined : to - from;
      }),
  };
}

function measuredOf(
  phases: readonly Phase[],
  figures: LoadFigures,
  seconds: readonly (number | undefined)[],
): readonly PhaseMeasured[] {
  return phases.map((phase, at) => {
    const counts = figures.phases[at];
    if (counts === undefined) throw new RangeError(`the load has no figures of ${phase.name}`);
    return { phase, counts, processorSeconds: seconds[at] };
  });
}

/** Of an address such as `http://127.0.0.1:8080`. */
export function targetOf(url: string): Target {
  const { hostname, port } = new URL(url);
  // An address of IPv6 stands in brackets in a URL alone.
  return { hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port === "" ? 80 : port) };
}
