import type { Versions } from "../../projections/version.ts";
import type { Broadcast } from "../../streams/broadcast.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import type { Journal } from "../../streams/journal.ts";
import { partitionOf } from "../../streams/partition.ts";
import { allAspects } from "../../projections/aspects.ts";
import { cachePolicies } from "../cache-policy.ts";
import { Problem } from "../problems.ts";
import type { ReadOptions } from "../read-options.ts";
import type { Source } from "../sources.ts";
import { defaultProduct, type View } from "../views.ts";
import { degradedOf, prepare, type Prepared } from "../answer.ts";
import { createAbsentProducts } from "./absent-products.ts";
import { createGatewayCounters, type GatewayCounters } from "./counters.ts";
import type { Floors } from "./floors.ts";
import { hearChanges } from "./heard-changes.ts";
import { createHeldAnswers, type Held } from "./held-answers.ts";
import { createLoads, type Item, type Keep, type MakeAll } from "./loads.ts";
import { aspectsIn, type MadeAnswer } from "./made-answer.ts";
import type { ProductAnswers } from "./product-answers.ts";
import { withPatience } from "./patience.ts";
import { createTrust, type HeldPolicy } from "./trust.ts";

/**
 * The gateway's cache: answers as bytes, in this process, in front of Redis and the log.
 *
 * An entry is trusted since its partitions were last known to be at the head of the log, which their owners say
 * once a second and with every change; a change marks what it touches. Where something may have been missed, the
 * entry is checked before it is served. An entry that cannot be checked is served as stale. It is replaced, never
 * by an older one, and it leaves when its bytes are wanted for others; time alone removes nothing.
 */
export interface Gateway {
  /** What may be served as it is, without waiting for anything; undefined where something must be done first. */
  held(id: Identifier, view: View): Served | undefined;
  /**
   * In the order asked; undefined for each identifier that no product has. Where no tier answers, a product is given
   * by default, but not to a reader who names a position: then it throws a 503 problem.
   */
  products(
    ids: readonly Identifier[],
    view: View,
    minSequence: number | undefined,
  ): Promise<readonly (Served | undefined)[]>;
  /** An answer about many products, or none. Throws what making it throws. */
  page(page: Page, minSequence: number | undefined): Promise<Served>;
  readonly counters: Readonly<GatewayCounters>;
  close(): void;
}

export interface Page {
  /** Names the answer among all pages. */
  readonly key: string;
  readonly policy: HeldPolicy;
  /** What this node has shown of it as a whole, beside the products in it. */
  floor(): number;
  make(options: ReadOptions): Promise<MadeAnswer>;
}

export interface Served {
  readonly prepared: Prepared;
  readonly source: Source;
  /** Undefined for what is known of no position. */
  readonly sequence: number | undefined;
  readonly knownAt: number | undefined;
  readonly validUntil: number | undefined;
  readonly degraded: boolean;
}

export interface GatewayOptions {
  readonly answers: ProductAnswers;
  readonly changes: Broadcast;
  readonly floors: Floors;
  readonly versions: Versions;
  readonly bytesMax: number;
  readonly now: () => number;
  readonly random?: () => number;
  readonly journal: Journal;
}

/** A check behind the request that failed is not tried again for so long. */
const lengthenedMs = 1_000;

const policies: Readonly<Record<View, HeldPolicy>> = {
  assembled: cachePolicies.productAssembled,
  details: cachePolicies.productDetails,
};

export function createGateway(options: GatewayOptions): Gateway {
  const { answers, floors, now, journal, random = Math.random } = options;
  const counters = createGatewayCounters();
  const held = createHeldAnswers(options.bytesMax);
  const heard = hearChanges(options.changes, options.versions, (touched) => {
    absent.remove(touched.products.keys());
    counters.invalidated += held.touch(touched);
  });
  const absent = createAbsentProducts(
    floors,
    (moment, id) => heard.inDoubtSince(moment, [partitionOf(tokenOf(id))]),
    now,
  );
  const trust = createTrust({ heard, floors, now, random });
  const loads = createLoads({ moment: heard.moment, floors, keep, counters, journal });

  function servedAs(entry: Held, source: "memory" | "stale"): Served {
    const { validUntil } = entry.answer;
    const degraded = source === "stale";
    if (degraded) counters.servedStale++;
    else entry.shown = Math.max(entry.shown, trust.reach(entry));
    const prepared = degraded ? degradedOf(entry.answer.prepared) : entry.answer.prepared;
    return { prepared, source, sequence: entry.shown, knownAt: trust.knownAt(entry), validUntil, degraded };
  }

  const servedAnew = ({ prepared, source, sequence, knownAt, validUntil, degraded }: MadeAnswer): Served => ({
    prepared,
    source,
    sequence: sequence === 0 ? undefined : sequence,
    knownAt: knownAt === 0 ? undefined : knownAt,
    validUntil,
    degraded,
  });

  /** Keeps what was loaded, unless a change came meanwhile or what is held is newer. Returns what is to be served. */
  function keep(
    { key, id }: Item,
    load: Parameters<Keep>[1],
    answer: MadeAnswer | undefined,
  ): Served | undefined {
    const { moment, minSequence, floor, tookMs } = load;
    const standing = held.peek(key);
    const newer = standing !== undefined && standing.shown >= minSequence ? standing : undefined;
    if (answer === undefined) {
      // Products do not cease to exist.
      if (newer !== undefined) return servedAs(newer, "stale");
      if (id !== undefined) keepAbsent(id, moment, floor);
      return undefined;
    }
    const { sequence, degraded } = answer;
    if (degraded) {
      const isOlder = newer !== undefined && sequence < newer.shown;
      return isOlder ? servedAs(newer, "stale") : servedAnew(answer);
    }
    const about = {
      products: answer.products.keys(),
      aspectsOf: (product: Identifier) => aspectsIn(answer, product),
      names: answer.names,
      partitions: answer.partitions,
    };
    if (standing?.touched === true && standing.answer.prepared.etag === answer.prepared.etag)
      counters.invalidatedInVain++;
    const isLatest = standing === undefined || standing.answer.sequence <= sequence;
    if (!heard.unchangedSince(moment, about)) counters.raced++;
    else if (isLatest || heard.inDoubtSince(standing.moment, standing.answer.partitions))
      held.put(key, { answer, moment, shown: sequence, tookMs, touched: false, retryAt: 0 });
    return servedAnew(answer);
  }

  function keepAbsent(id: Identifier, moment: number, floor: number): void {
    const about = {
      products: [id],
      aspectsOf: () => allAspects,
      names: [],
      partitions: [partitionOf(tokenOf(id))],
    };
    if (heard.unchangedSince(moment, about)) absent.add(id, moment, floor);
    else counters.raced++;
  }

  const productItem = (id: Identifier, view: View): Item => ({
    key: `${view} ${id}`,
    id,
    policy: policies[view],
    floor: () => floors.of(id),
    make: async (wanted) => (await answers.make([id], view, wanted))[0],
  });

  /** The position that the store was heard to have reached: one that is behind it lost something. */
  const knownSequence = (id: Identifier) => heard.reached(partitionOf(tokenOf(id)));

  function wantedOf({ policy }: Item, minSequence: number, entry: Held | undefined): ReadOptions {
    const hasOlder = entry !== undefined && entry.shown >= minSequence;
    return { freshnessMs: policy.freshnessMs, minSequence, knownSequence, hasOlder };
  }

  /** What needs no waiting: held and trusted, or known to be nothing. */
  function atOnce(item: Item, minSequence: number): { readonly served: Served | undefined } | undefined {
    const entry = held.get(item.key);
    if (entry === undefined) {
      if (item.id === undefined || minSequence > 0 || !absent.has(item.id)) {
        counters.misses++;
        return undefined;
      }
      counters.negativeHits++;
      return { served: undefined };
    }
    const standing = trust.standing(entry, item.policy, Math.max(minSequence, item.floor()));
    if (standing === "unsure") {
      counters.revalidated++;
      return undefined;
    }
    counters.hits++;
    if (standing !== "trusted") checkBehind(item, entry, standing === "early");
    return { served: servedAs(entry, "memory") };
  }

  function checkBehind(item: Item, entry: Held, isEarly: boolean): void {
    if (now() < entry.retryAt || loads.isUnderWay(item.key, 0)) return;
    counters.servedWhileChecking++;
    if (isEarly) counters.refreshedEarly++;
    const { freshnessMs, redisMs } = item.policy;
    loads
      .begin([item], { ...wantedOf(item, 0, entry), freshnessMs: Math.min(freshnessMs, redisMs) })
      .result(item, 0)
      .catch(() => {
        counters.lengthened++;
        entry.retryAt = now() + lengthenedMs;
      });
  }

  /** What a load brings, or what is held where that fails or takes too long, or the product by default. */
  async function waited(item: Item, minSequence: number): Promise<Served | undefined> {
    const result = loads.result(item, minSequence);
    const entry = held.peek(item.key);
    const older = entry !== undefined && entry.shown >= minSequence ? entry : undefined;
    try {
      if (older === undefined || !trust.isAsNewAsShown(older)) return await result;
      return await withPatience(result, () => {
        counters.impatient++;
        return servedAs(older, "stale");
      });
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "unavailable") throw error;
      if (older !== undefined) return servedAs(older, "stale");
      if (item.id === undefined || minSequence > 0) throw error;
      counters.servedDefault++;
      return byDefault(item.id);
    }
  }

  /** Several at once: those that must be loaded are loaded together, once each. */
  async function many(items: readonly Item[], minSequence: number, makeAll?: MakeAll) {
    const results = items.map((item) => atOnce(item, minSequence));
    if (results.every((one) => one !== undefined)) return results.map(({ served }) => served);
    const missing = items.filter((_, at) => results[at] === undefined);
    const distinct = new Map(missing.map((item) => [item.key, item]));
    const fresh = [...distinct.values()].filter(({ key }) => !loads.isUnderWay(key, minSequence));
    counters.shared += missing.length - fresh.length;
    const [first] = fresh;
    if (first !== undefined) {
      const entries = fresh.map(({ key }) => held.peek(key));
      const allHeld = entries.every((entry) => entry !== undefined && entry.shown >= minSequence);
      loads.begin(fresh, wantedOf(first, minSequence, allHeld ? entries[0] : undefined), makeAll);
    }
    return Promise.all(
      items.map((item, at) => {
        const known = results[at];
        return known === undefined ? waited(item, minSequence) : known.served;
      }),
    );
  }

  return {
    counters,
    held(id, view) {
      const entry = held.get(`${view} ${id}`);
      if (entry === undefined || trust.standing(entry, policies[view], 0) !== "trusted") return undefined;
      counters.hits++;
      return servedAs(entry, "memory");
    },
    products(ids, view, minSequence = 0) {
      const items = ids.map((id) => productItem(id, view));
      return many(items, minSequence, (some, wanted) =>
        answers.make(
          some.flatMap(({ id }) => id ?? []),
          view,
          wanted,
        ),
      );
    },
    async page({ key, ...page }, minSequence = 0) {
      const [served] = await many([{ ...page, key: `page ${key}` }], minSequence);
      if (served === undefined) throw new Error(`the page ${key} was made of nothing`);
      return served;
    },
    close: () => heard.close(),
  };
}

function byDefault(id: Identifier): Served {
  return {
    prepared: prepare(defaultProduct(id)),
    source: "default",
    sequence: undefined,
    knownAt: undefined,
    validUntil: undefined,
    degraded: true,
  };
}
