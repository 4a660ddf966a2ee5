import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Identifier } from "../../streams/identifier.ts";
import { publicSubject } from "../../streams/subjects.ts";
import { openLoad } from "../../ops/rehearse/open-load.ts";
import { load } from "../http-load.ts";
import { fill, productId } from "../mix.ts";
import type { Row } from "../report.ts";
import { quantile, startRig } from "../rig.ts";
import { ended, startUp } from "../up.ts";

/**
 * Overload: prices and pages of categories, which no memory holds, at multiples of what the process can do; then a
 * third of it, until all is as it was. Shelfwire, Redis and nats-server are on the second core, the load on the first.
 */
const products = 10_000;
/** Categories of the mix, each with a hundredth of the products. */
const shelves = 100;
const factors = [1, 2, 5, 10];
const calmShare = 0.3;
const calmMs = 5_000;
const overloadMs = 10_000;
const recoveryMs = 12_000;
const connections = 4_000;
const settleMs = 4_000;
/** An answer that comes later is of no use to anybody. */
const goodMs = 1_000;
const sliceMs = 500;

export async function overload(): Promise<readonly Row[]> {
  const rig = await startRig();
  const dataDir = await mkdtemp(join(tmpdir(), "shelfwire-overload-"));
  let up: ChildProcess | undefined;
  try {
    for (let shelf = 0; shelf < shelves; shelf++) {
      const id = `shelf-${shelf}` as Identifier;
      const category = Buffer.from(JSON.stringify({ name: `Shelf ${shelf}` }));
      await rig.catalogue.catalog.append(publicSubject("category.modified", id), category);
    }
    await fill(rig.natsPort, products, 1);
    const started = await startUp(rig, dataDir);
    up = started.child;
    const port = Number(new URL(started.http).port);
    let asked = 0;
    const path = () => {
      const number = (asked++ * 7_919) % products;
      return asked % 4 === 0
        ? `/api/categories/shelf-${number % shelves}/products`
        : `/api/products/${productId(number)}/price`;
    };
    const closed = () => load({ port, path, connections: 64, ms: 4_000 });
    await closed();
    const capacity = (await closed()).requestsPerSecond;
    const { pid } = up;
    const at = (factor: number, ms: number) => loadOf(pid, port, path, factor * capacity, ms);

    const { told: calm } = await at(calmShare, calmMs);
    const levels: (OpenLoad & { readonly factor: number })[] = [];
    for (const factor of factors) levels.push({ factor, ...(await at(factor, overloadMs)) });
    const { told: after } = await at(calmShare, recoveryMs);

    const peak = Math.max(...levels.map(({ told }) => goodput(told)));
    const peakOfCpu = Math.max(...levels.map(goodOfCpu));
    return [
      ...levels.map((level) => ({
        name: `overload, ${level.factor} times the capacity of ${rate(capacity)} requests/s, open loop, ${overloadMs / 1_000} s`,
        ours: `${rate(goodput(level.told))} good answers/s, ${rate(goodOfCpu(level))} a second of its core`,
        yardstick: `${rate(peak)}, ${rate(peakOfCpu)} (the most at any load)`,
        ratio: `${(goodput(level.told) / peak).toFixed(2)} and ${(goodOfCpu(level) / peakOfCpu).toFixed(2)}`,
        wanted: level.factor === 1 ? "reported" : "at least 0.90",
        note: noteOf(level.told),
      })),
      {
        name: `overload, after it, at ${calmShare} times the capacity`,
        ours: `as before after ${recoveredAfter(calm, after)}`,
        yardstick: `before: p99 ${p99(calm).toFixed(1)} ms`,
        ratio: "",
        wanted: "10 s",
        note: `the last 2 s: p99 ${p99(after.filter((one) => one.at > recoveryMs - 2_000)).toFixed(1)} ms`,
      },
    ];
  } finally {
    if (up !== undefined) await ended(up);
    await rig.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

interface Told {
  readonly at: number;
  readonly tookMs: number;
  readonly status: number;
}

interface OpenLoad {
  readonly told: readonly Told[];
  /** What the process had of its core from the first request to the last, in seconds. */
  readonly cpu: number;
}

async function loadOf(
  pid: number | undefined,
  port: number,
  path: () => string,
  perSecond: number,
  ms: number,
): Promise<OpenLoad> {
  const told: Told[] = [];
  let before = 0;
  let after: number | undefined;
  await openLoad({
    targets: [{ hostname: "127.0.0.1", port }],
    sources: [],
    connections,
    rate: () => perSecond,
    ms,
    next: () => ({ path: path() }),
    settleMs,
    async untilBegin() {
      before = cpuSeconds(pid);
      setTimeout(() => {
        after = cpuSeconds(pid);
      }, ms);
    },
    onTold: ({ at, tookMs, status }) => told.push({ at, tookMs, status }),
  });
  return { told, cpu: (after ?? cpuSeconds(pid)) - before };
}

const ticksPerSecond = 100;
function cpuSeconds(pid: number | undefined): number {
  const afterName = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1] ?? "";
  const [user, system] = afterName.split(" ").slice(11, 13).map(Number);
  return ((user ?? 0) + (system ?? 0)) / ticksPerSecond;
}

const isGood = ({ status, tookMs }: Told) => status === 200 && tookMs <= goodMs;
const goodput = (told: readonly Told[]) => told.filter(isGood).length / (overloadMs / 1_000);
/** On a machine that does other things as well, the process has less of its core at one time than at another. */
const goodOfCpu = ({ told, cpu }: OpenLoad) => told.filter(isGood).length / cpu;
const p99 = (told: readonly Told[]) =>
  quantile(
    told.map(({ tookMs }) => tookMs),
    0.99,
  );

function noteOf(told: readonly Told[]): string {
  const share = (status: number) =>
    `${Math.round((100 * told.filter((one) => one.status === status).length) / told.length)} %`;
  const answered = told.filter(({ status }) => status === 200).map(({ tookMs }) => tookMs);
  const ms = (part: number) => Math.round(quantile(answered, part));
  return `answers p50 ${ms(0.5)} ms, p99 ${ms(0.99)} ms; ${share(503)} refused, ${share(0)} not sent, all ${connections.toLocaleString("en")} connections being in use`;
}

/** From where on every slice of time is as good as the load before: all answered, and p99 within twice what it was. */
function recoveredAfter(calm: readonly Told[], after: readonly Told[]): string {
  let recovered: number | undefined = 0;
  for (let from = 0; from < recoveryMs; from += sliceMs) {
    const slice = after.filter(({ at }) => at >= from && at < from + sliceMs);
    const isAsBefore = slice.every(({ status }) => status === 200) && p99(slice) <= 2 * p99(calm);
    if (!isAsBefore) recovered = undefined;
    else recovered ??= from;
  }
  return recovered === undefined ? `more than ${recoveryMs / 1_000} s` : `${recovered / 1_000} s`;
}

const rate = (perSecond: number) => Math.round(perSecond).toLocaleString("en");
