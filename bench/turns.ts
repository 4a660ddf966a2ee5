import { readFileSync } from "node:fs";
import { load, type LoadOptions } from "./http-load.ts";
import { median } from "./rig.ts";
import type { Service } from "./services.ts";

/** Services under the same load in turn, so that whatever else the machine does falls on all of them. */
export async function inTurns<Name extends string>(
  services: Readonly<Record<Name, Service>>,
  turns: number,
  options: Omit<LoadOptions, "port">,
): Promise<Readonly<Record<Name, Measured>>> {
  const named = Object.entries(services) as [Name, Service][];
  const results = Object.fromEntries(named.map(([name]) => [name, nothing()])) as Record<Name, Measured>;
  for (const [, { port }] of named) await load({ ...options, port });
  for (let turn = 0; turn < turns; turn++) {
    for (const [name, service] of named) await measure(service, options, results[name]);
  }
  return results;
}

export type Measured = ReturnType<typeof nothing>;

/** One figure for each turn, but for the tiers. */
const nothing = () => ({
  perSecond: [] as number[],
  /** Milliseconds. */
  p99: [] as number[],
  /** Processor time of the service for a request. */
  cpuMicros: [] as number[],
  /** How much of the first core, which the load shares with nats-server and redis-server, was busy: 0 to 1. */
  loadBusy: [] as number[],
  /** Answers of all turns by the tier that they came from. */
  tiers: new Map<string, number>(),
});

async function measure(
  { port, pid }: Service,
  options: Omit<LoadOptions, "port">,
  into: Measured,
): Promise<void> {
  const before = { service: processMicros(pid), core: firstCoreTicks() };
  const { requests, requestsPerSecond, p99, tiers } = await load({ ...options, port });
  const after = { service: processMicros(pid), core: firstCoreTicks() };
  into.perSecond.push(requestsPerSecond);
  into.p99.push(p99);
  into.cpuMicros.push((after.service - before.service) / requests);
  into.loadBusy.push((after.core.busy - before.core.busy) / (after.core.all - before.core.all));
  for (const [tier, count] of tiers) into.tiers.set(tier, (into.tiers.get(tier) ?? 0) + count);
}

/** Linux counts processor time in hundredths of a second (proc(5)). */
const tickMicros = 10_000;

function processMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * tickMicros;
}

function firstCoreTicks(): { readonly busy: number; readonly all: number } {
  const line = /^cpu0 +(.*)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1] ?? "";
  // The first eight are a partition of the time; guests are counted among them.
  const ticks = line.split(" ").slice(0, 8).map(Number);
  const all = ticks.reduce((sum, each) => sum + each, 0);
  return { all, busy: all - (ticks[3] ?? 0) - (ticks[4] ?? 0) };
}

export function figures({ perSecond, p99 }: Measured): string {
  const rate = Math.round(median(perSecond)).toLocaleString("en");
  return `${rate} requests/s, p99 ${median(p99).toFixed(2)} ms`;
}

/** The median of what each turn gives of the one beside the other. */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((each, at) => each / (theirs[at] ?? Number.NaN)));
}

/** Answers by tier, such as `memory 76.1 %, redis 23.9 %`. */
export function sharesOf(tiers: ReadonlyMap<string, number>): string {
  const all = [...tiers.values()].reduce((sum, count) => sum + count, 0);
  return [...tiers]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([tier, count]) => `${tier} ${((100 * count) / all).toFixed(1)} %`)
    .join(", ");
}

/** How busy the services and the load were, for the note of a row. */
export function busyText({ cpuMicros, loadBusy }: Measured, theirs: Measured): string {
  const share = (of: readonly number[]) => median(of).toFixed(2);
  return `${median(cpuMicros).toFixed(0)} and ${median(theirs.cpuMicros).toFixed(0)} µs of processor a request; the load's core ${share(loadBusy)} and ${share(theirs.loadBusy)} busy`;
}
