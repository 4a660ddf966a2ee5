import type { Versions } from "../../projections/version.ts";
import type { Journal } from "../../streams/journal.ts";
import type { Broadcast } from "../../streams/broadcast.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { partitionOf } from "../../streams/partition.ts";
import { type CachePolicy, cachePolicies } from "../cache-policy.ts";
import { Problem } from "../problems.ts";
import type { Source } from "../sources.ts";
import type { View } from "../views.ts";
import { createAbsentProducts } from "./absent-products.ts";
import type { Floors } from "./floors.ts";
import { hearChanges } from "./heard-changes.ts";
import { createHeldAnswers, type Held, keyOf } from "./held-answers.ts";
import type { ProductAnswer, ProductAnswers } from "./product-answers.ts";

/**
 * The gateway's cache: product answers as bytes, in this process, in front of Redis and the log.
 *
 * An entry is trusted since its partitions were last known to be at the head of the log, which their owners say
 * once a second and with every change; a change drops what it touches. Where something may have been missed, the
 * entry is checked before it is served. An entry that cannot be checked is served as stale. It is replaced, never
 * by an older one, and it leaves when its bytes are wanted for others; time alone removes nothing.
 */
export interface Gateway {
  /** What may be served as it is, without waiting for anything; undefined where something must be done first. */
  held(id: Identifier, view: View): Served | undefined;
  /** In the order asked; undefined for each identifier that no product has. Throws a 503 problem as a last resort. */
  products(
    ids: readonly Identifier[],
    view: View,
    minSequence: number | undefined,
  ): Promise<readonly (Served | undefined)[]>;
  readonly counters: Readonly<GatewayCounters>;
  close(): void;
}

export interface Served {
  readonly answer: ProductAnswer;
  readonly source: Source;
  readonly sequence: number;
  readonly knownAt: number;
  readonly degraded: boolean;
}

export interface GatewayCounters {
  hits: number;
  /** Identifiers known to name no product. */
  negativeHits: number;
  misses: number;
  /** Readers who waited for somebody else's load. */
  shared: number;
  /** Entries checked because something may have been missed, or because their time of trust was over. */
  revalidated: number;
  /** Served first and checked behind the request. */
  servedWhileChecking: number;
  invalidated: number;
  /** Invalidated, and the bytes were the same when they were made again. */
  invalidatedInVain: number;
  /** Not kept, because a change came while they were loaded. */
  raced: number;
  failed: number;
  servedStale: number;
}

export interface GatewayOptions {
  readonly answers: ProductAnswers;
  readonly changes: Broadcast;
  readonly floors: Floors;
  readonly versions: Versions;
  readonly bytesMax: number;
  readonly now: () => number;
  readonly journal: Journal;
}

/** A load under way, and the least that it will include. */
interface Loading {
  readonly minSequence: number;
  /** What was shown of the product when it began. */
  readonly floor: number;
  readonly result: Promise<Served | undefined>;
}

const policies: Readonly<Record<View, CachePolicy & { readonly gatewayMs: number }>> = {
  assembled: cachePolicies.productAssembled,
  details: cachePolicies.productDetails,
};

export function createGateway(options: GatewayOptions): Gateway {
  const { answers, floors, now, journal } = options;
  const counters: GatewayCounters = {
    hits: 0,
    negativeHits: 0,
    misses: 0,
    shared: 0,
    revalidated: 0,
    servedWhileChecking: 0,
    invalidated: 0,
    invalidatedInVain: 0,
    raced: 0,
    failed: 0,
    servedStale: 0,
  };
  const held = createHeldAnswers(options.bytesMax);
  const absent = createAbsentProducts(
    floors,
    (moment, id) => heard.inDoubtSince(moment, [partitionOf(tokenOf(id))]),
    now,
  );
  const loading = new Map<string, Loading>();
  const heard = hearChanges(options.changes, options.versions, (products, groups) => {
    absent.remove(products);
    counters.invalidated += held.removeAbout(products, groups);
  });

  const isDoubtful = ({ answer, moment }: Held) => heard.inDoubtSince(moment, answer.partitions);
  /** An owner's clock may be ahead of ours. */
  const knownAtOf = ({ answer }: Held) =>
    Math.max(answer.knownAt, Math.min(now(), heard.headAt(answer.partitions)));
  /** Everything about a product up to this sequence is in the entry, while it is not in doubt. */
  const reachOf = ({ answer }: Held, id: Identifier) =>
    Math.max(answer.products.get(id) ?? 0, heard.reached(partitionOf(tokenOf(id))));

  /** Whether the entry is as new as what was shown of each product in it, and as the reader asks for. */
  function isNewEnough(entry: Held, minSequence: number): boolean {
    if (reachOf(entry, entry.id) < minSequence) return false;
    for (const id of entry.answer.products.keys()) if (reachOf(entry, id) < floors.of(id)) return false;
    return true;
  }

  /** What the entry may do at this moment: be served, be served and checked behind, or be checked first. */
  function standingOf(entry: Held, view: View, minSequence: number): "trusted" | "ageing" | "unsure" {
    const { freshnessMs, gatewayMs } = policies[view];
    const { validUntil = Number.POSITIVE_INFINITY } = entry.answer;
    if (now() >= validUntil || isDoubtful(entry) || !isNewEnough(entry, minSequence)) return "unsure";
    const age = now() - knownAtOf(entry);
    if (age <= Math.min(gatewayMs, freshnessMs)) return "trusted";
    return age <= freshnessMs ? "ageing" : "unsure";
  }

  function served(entry: Held): Served {
    const { answer } = entry;
    entry.shown = Math.max(entry.shown, reachOf(entry, entry.id));
    return { answer, source: "memory", sequence: entry.shown, knownAt: knownAtOf(entry), degraded: false };
  }

  /** Keeps what was loaded, unless a change came meanwhile or what is held is newer. Returns what is to be served. */
  function keep(
    id: Identifier,
    view: View,
    { moment, minSequence, floor }: Pick<Loading, "minSequence" | "floor"> & { readonly moment: number },
    answer: ProductAnswer | undefined,
  ): Served | undefined {
    const standing = held.peek(id, view);
    const newer = standing !== undefined && standing.shown >= minSequence ? standing : undefined;
    if (answer === undefined) {
      // Products do not cease to exist.
      if (newer !== undefined) return stale(newer);
      const about = { products: [id], groups: [], partitions: [partitionOf(tokenOf(id))] };
      if (heard.unchangedSince(moment, about)) absent.add(id, moment, floor);
      else counters.raced++;
      return undefined;
    }
    const { source, sequence, knownAt, degraded } = answer;
    if (degraded) {
      const isOlder = newer !== undefined && sequence < newer.shown;
      return isOlder ? stale(newer) : { answer, source, sequence, knownAt, degraded };
    }
    const about = { ...answer, products: [...answer.products.keys()] };
    if (!heard.unchangedSince(moment, about)) {
      held.remove(id, view);
      counters.raced++;
    } else if (standing === undefined || standing.answer.sequence <= sequence || isDoubtful(standing)) {
      held.put(id, view, { id, answer, moment, shown: sequence });
    }
    if (held.wasRemovedInVain(id, view, answer.prepared.etag)) counters.invalidatedInVain++;
    return { answer, source, sequence, knownAt, degraded };
  }

  function stale(entry: Held): Served {
    counters.servedStale++;
    const { answer, shown } = entry;
    return { answer, source: "stale", sequence: shown, knownAt: knownAtOf(entry), degraded: true };
  }

  /** Loads several at once; who asks for one of them meanwhile waits for the same load. */
  function load(ids: readonly Identifier[], view: View, minSequence: number): void {
    const moment = heard.moment();
    // Before anything is read: another thread of this node may show something newer at any time.
    const floorsThen = ids.map(floors.of);
    const wanted = { freshnessMs: policies[view].freshnessMs, minSequence, knownSequence };
    const made = answers.make(ids, view, wanted);
    const alone = async (id: Identifier, error: unknown) => {
      if (ids.length === 1) throw error;
      return (await answers.make([id], view, wanted))[0];
    };
    for (const [at, id] of ids.entries()) {
      const key = keyOf(id, view);
      const floor = floorsThen[at] as number;
      const result = made
        .then(
          (results) => results[at],
          (error: unknown) => alone(id, error),
        )
        .then((answer) => keep(id, view, { moment, minSequence, floor }, answer))
        .finally(() => {
          if (loading.get(key) === one) loading.delete(key);
        });
      const one: Loading = { minSequence, floor, result };
      loading.set(key, one);
      // Whoever waits hears of it; a check behind a request has nobody.
      result.catch((error: unknown) => {
        counters.failed++;
        journal.debug({ err: error, id }, "an answer could not be made");
      });
    }
  }

  /** The position that the store was heard to have reached: one that is behind it lost something. */
  const knownSequence = (id: Identifier) => heard.reached(partitionOf(tokenOf(id)));

  const isLoading = (id: Identifier, view: View, minSequence: number) =>
    (loading.get(keyOf(id, view))?.minSequence ?? -1) >= minSequence;

  /** What a load brings; once more where that began before what was shown meanwhile. */
  async function loaded(id: Identifier, view: View, minSequence: number): Promise<Served | undefined> {
    const due = floors.of(id);
    const { floor = 0, result } = loading.get(keyOf(id, view)) ?? {};
    const one = await result;
    // Who is in the group is known only now, so its members are held against what was shown by now.
    const lacks = ([each, sequence]: readonly [Identifier, number]) =>
      sequence < (each === id ? due : floors.of(each));
    const isBehind =
      one === undefined ? floors.of(id) > floor : !one.degraded && [...one.answer.products].some(lacks);
    if (!isBehind) return one;
    if (!isLoading(id, view, minSequence)) load([id], view, minSequence);
    return loading.get(keyOf(id, view))?.result;
  }

  /** Where no tier behind answers: what is held, however old, if it is as new as the reader asks for. */
  function orStale(entry: Held | undefined, minSequence: number, error: unknown): Served {
    const away = error instanceof Problem && error.code === "unavailable";
    if (!away || entry === undefined || entry.shown < minSequence) throw error;
    return stale(entry);
  }

  function refresh(id: Identifier, view: View): void {
    if (isLoading(id, view, 0)) return;
    counters.servedWhileChecking++;
    load([id], view, 0);
  }

  return {
    counters,
    held(id, view) {
      const entry = held.get(id, view);
      if (entry === undefined || standingOf(entry, view, 0) !== "trusted") return undefined;
      counters.hits++;
      return served(entry);
    },
    async products(ids, view, minSequence = 0) {
      const results: (Served | undefined | Promise<Served | undefined>)[] = [];
      const missing: number[] = [];
      for (const [at, id] of ids.entries()) {
        const entry = held.get(id, view);
        const standing = entry && standingOf(entry, view, minSequence);
        if (entry !== undefined && standing !== "unsure") {
          counters.hits++;
          if (standing === "ageing") refresh(id, view);
          results[at] = served(entry);
        } else if (entry === undefined && minSequence === 0 && absent.has(id)) {
          counters.negativeHits++;
          results[at] = undefined;
        } else {
          if (entry === undefined) counters.misses++;
          else counters.revalidated++;
          missing.push(at);
        }
      }
      if (missing.length === 0) return results as readonly (Served | undefined)[];
      const wanted = [...new Set(missing.map((at) => ids[at] as Identifier))];
      const fresh = wanted.filter((id) => !isLoading(id, view, minSequence));
      counters.shared += missing.length - fresh.length;
      if (fresh.length > 0) load(fresh, view, minSequence);
      for (const at of missing) {
        const id = ids[at] as Identifier;
        const entry = held.peek(id, view);
        results[at] = loaded(id, view, minSequence).catch((error: unknown) =>
          orStale(entry, minSequence, error),
        );
      }
      return Promise.all(results);
    },
    close: () => heard.close(),
  };
}
