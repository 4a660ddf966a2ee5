import { setTimeout as delay } from "node:timers/promises";
import type { ReadModel } from "../../projections/read-model.ts";
import type { Versions } from "../../projections/version.ts";
import type { Broadcast } from "../../streams/broadcast.ts";
import type { Log } from "../../streams/log.ts";
import { ageOf, type Bounds, type TierKind } from "./bounds.ts";
import { createFindings, type Finding } from "./findings.ts";
import type { History, State } from "./history.ts";
import { createHttpTier } from "./http-tier.ts";
import type { Judgement } from "./judge.ts";
import { createJudging } from "./judging.ts";
import { createOracle, type OracleCounts } from "./oracle.ts";
import { createRedisTier } from "./redis-tier.ts";
import { createSchedule, type Question } from "./schedule.ts";
import { countUnchecked, createTally, type TierSummary } from "./tally.ts";
import type { Reply, Tier } from "./tier.ts";
import { hearWords } from "./words.ts";

/**
 * `shelfwire audit`: follows the log with a consumer of its own, asks every tier about each change some time after it, and
 * holds the answers against the reference fold (docs/edge-audit.md). The idea of an observer that takes part in no cache
 * and asks them all is that of Polaris (Meta, 2022).
 *
 * It reads only. Memory is bounded by `tracedMax` products, by `pendingMax` changes with questions to come, and by
 * the questions that each tier has under way.
 */
export interface AuditOptions {
  readonly catalog: Log;
  readonly readModel: ReadModel;
  readonly versions: Versions;
  readonly changes: Broadcast;
  /** Addresses such as `http://127.0.0.1:8080`. */
  readonly nodes: readonly string[];
  readonly edge?: string | undefined;
  readonly bounds: Readonly<Record<TierKind, Bounds>>;
  /** The first sequence whose change is asked about; absent: the next one to come. */
  readonly from?: number | undefined;
  /** The share of products that is traced. Default: all. */
  readonly sample?: number | undefined;
  /** Changes a second that are asked about, at most; the others are passed over and counted. */
  readonly changesPerSecondMax?: number | undefined;
  /** Rising. Default `offsetsMs`. */
  readonly offsets?: readonly number[] | undefined;
  /** No change is taken after so many, or when the signal says so; questions under way are asked to the last. */
  readonly changesMax?: number | undefined;
  readonly enough: AbortSignal;
  /** Ends it at once. */
  readonly stop: AbortSignal;
  readonly onFinding: (finding: Finding) => void;
  readonly onProgress: (progress: AuditReport) => void;
}

export interface AuditReport extends OracleCounts {
  readonly tiers: readonly TierSummary[];
  /** Changes that the rate, the bound of pending ones or the end kept from being asked about. */
  readonly passedOver: number;
  readonly findings: readonly Finding[];
  readonly seconds: number;
}

export const offsetsMs: readonly number[] = [100, 1_000, 5_000, 60_000];

const tickMs = 5;
const progressMs = 10_000;
const inFlightMax = 32;
const tracedMax = 50_000;
const pendingMax = 200_000;
/** What a state is kept for beyond the last question about it: answers older than this are known to be so, not by how much. */
const horizonBeyondMs = 60_000;

interface Change {
  readonly history: History;
  readonly state: State;
}

export async function audit(options: AuditOptions): Promise<AuditReport> {
  const { catalog, readModel, versions, changes, nodes, edge, bounds, enough, stop, onProgress } = options;
  const { sample = 1, offsets = offsetsMs, changesMax = Number.POSITIVE_INFINITY } = options;
  const now = () => Date.now();
  const startedAt = performance.now();
  const horizonMs = (offsets.at(-1) ?? 0) + horizonBeyondMs;

  const redis = createRedisTier(readModel, versions, now);
  const nodeTiers = nodes.map((url) => createHttpTier("node", url));
  const tiers: readonly Tier[] = [
    redis,
    ...nodeTiers,
    ...(edge === undefined ? [] : [createHttpTier("edge", edge)]),
  ];
  const tally = createTally(tiers.map(({ name }) => name));
  const words = hearWords(changes, { now, horizonMs });
  const others = (id: History["id"]) => oracle.historyOf(id);
  const witnesses = { words, redis, nodes: nodeTiers, head: () => oracle.head, others };
  const findings = createFindings({ witnesses, tally, onFinding: options.onFinding });
  const allowance = createAllowance(options.changesPerSecondMax, now);
  let taken = 0;
  let passedOver = 0;

  const oracle = createOracle({
    catalog,
    sample,
    tracedMax,
    horizonMs,
    now,
    onChange(history, state) {
      const isOver = enough.aborted || taken >= changesMax;
      if (isOver || schedule.pending >= pendingMax || !allowance.take()) passedOver++;
      else {
        taken++;
        schedule.add({ history, state }, state.time);
      }
    },
    onHead: () => judging.wake(),
  });
  const judging = createJudging({ oracle, catalog, others, now });

  const schedule = createSchedule<Change>({
    offsetsMs: offsets,
    tiers: tiers.length,
    inFlightMax,
    now,
    ask,
    giveUp: ({ tier, offsetMs }) => countUnchecked(tally.of(nameOf(tier), offsetMs), "behind"),
  });

  const nameOf = (tier: number) => tiers[tier]?.name ?? "";

  async function ask({ change, tier: place, offsetMs }: Question<Change>): Promise<void> {
    const tier = tiers[place];
    if (tier === undefined) return;
    const reply = await tier.ask(change.history.id);
    const judgement = await judging.judge(change.history.id, reply);
    const history = oracle.historyOf(change.history.id) ?? change.history;
    count(tier, history, reply, judgement, offsetMs);
  }

  function count(tier: Tier, history: History, reply: Reply, judgement: Judgement, offsetMs: number): void {
    const counts = tally.of(tier.name, offsetMs);
    switch (judgement.verdict) {
      case "ahead":
        return;
      case "unchecked":
        countUnchecked(counts, judgement.reason);
        return;
      case "wrong":
        counts.checked++;
        counts.wrong++;
        findings.wrong({ tier, history, reply }, judgement, offsetMs);
        return;
      case "placed": {
        const aged = ageOf(judgement, bounds[tier.kind], reply.askedAt, offsetMs);
        counts.checked++;
        if (judgement.mixed) counts.mixed++;
        if (aged.waits) counts.waiting++;
        if (aged.beyond) counts.beyond++;
        if (aged.late === undefined) return;
        counts.late++;
        tally.agesOf(tier.name).record(Math.max(1, Math.round(aged.late.ageMs)));
        findings.late({ tier, history, reply, lack: aged.late }, aged, offsetMs);
      }
    }
  }

  const report = (): AuditReport => ({
    ...oracle.counts,
    passedOver,
    tiers: tally.summary(),
    findings: findings.worstFirst(),
    seconds: Math.round((performance.now() - startedAt) / 1_000),
  });

  const over = new AbortController();
  const from = options.from ?? (await catalog.bounds()).last + 1;
  const following = oracle.follow(from, over.signal);
  let failed = false;
  following.catch(() => {
    failed = true;
  });
  const ticking = setInterval(() => schedule.tick(now()), tickMs);
  const telling = setInterval(() => onProgress(report()), progressMs);
  try {
    const isDone = () => (enough.aborted || taken >= changesMax) && schedule.idle;
    while (!stop.aborted && !failed && !isDone()) await delay(tickMs * 4);
    await findings.settled();
  } finally {
    clearInterval(ticking);
    clearInterval(telling);
    over.abort();
    words.close();
    await following;
    for (const tier of tiers) tier.close();
  }
  return report();
}

/** So many a second, a second's worth at once at most. */
function createAllowance(perSecond: number | undefined, now: () => number): { take(): boolean } {
  let left = perSecond ?? 0;
  let at = now();
  return {
    take() {
      if (perSecond === undefined) return true;
      const moment = now();
      left = Math.min(perSecond, left + ((moment - at) * perSecond) / 1_000);
      at = moment;
      if (left < 1) return false;
      left--;
      return true;
    },
  };
}
