import type { Versions } from "../../projections/version.ts";
import type { Broadcast } from "../../streams/broadcast.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import type { Journal } from "../../streams/journal.ts";
import { partitionOf } from "../../streams/partition.ts";
import { cachePolicies } from "../cache-policy.ts";
import { Problem } from "../problems.ts";
import type { ReadOptions } from "../read-options.ts";
import type { View } from "../views.ts";
import { createAbsentProducts } from "./absent-products.ts";
import { createGatewayCounters, type GatewayCounters } from "./counters.ts";
import type { Floors } from "./floors.ts";
import { hearChanges } from "./heard-changes.ts";
import { createHeldAnswers, type Held } from "./held-answers.ts";
import { createKeeping } from "./keeping.ts";
import type { MadeAnswer } from "./made-answer.ts";
import { byDefault, type Served } from "./served.ts";
import { createLoads, type Item, type MakeAll } from "./loads.ts";
import type { ProductAnswers } from "./product-answers.ts";
import { withPatience } from "./patience.ts";
import { createReadyProducts } from "./ready-products.ts";
import type { StoredAnswers } from "./stored-answers.ts";
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
  /** What Redis holds ready of a product that is not held here; undefined where `products` is to be asked. */
  ready(id: Identifier, view: View, done: (served: Served | undefined) => void): void;
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

export interface GatewayOptions {
  readonly answers: ProductAnswers;
  readonly stored: StoredAnswers;
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

const views = ["assembled", "details"] as const;
const policies: Readonly<Record<View, HeldPolicy>> = {
  assembled: cachePolicies.productAssembled,
  details: cachePolicies.productDetails,
};

/**
 * The keys of answers. An assembled product's is its identifier, which is not made anew for each request; the others
 * begin with what no identifier has.
 */
const keyOf = (id: Identifier, view: View) => (view === "assembled" ? id : `\n${view} ${id}`);
const pageKeyOf = ({ key }: Page) => `\npage ${key}`;

export function createGateway(options: GatewayOptions): Gateway {
  const { answers, floors, now, journal, random = Math.random } = options;
  const counters = createGatewayCounters();
  const held = createHeldAnswers(options.bytesMax);
  const heard = hearChanges(options.changes, options.versions, (touched) => {
    for (const view of views) absent[view].remove(touched.products.keys());
    counters.invalidated += held.touch(touched);
  });
  const absentIn = () =>
    createAbsentProducts(floors, (moment, id) => heard.inDoubtSince(moment, [partitionOf(tokenOf(id))]), now);
  /** Each view has its own, since they believe Redis for different times. */
  const absent = { assembled: absentIn(), details: absentIn() };
  const trust = createTrust({ heard, floors, now, random });
  const { keep, servedAs } = createKeeping({ held, heard, trust, absent, counters, now });
  const loads = createLoads({ moment: heard.moment, floors, keep, counters, journal });

  const productItem = (id: Identifier, view: View): Item => ({
    key: keyOf(id, view),
    id,
    view,
    policy: policies[view],
    floor: () => floors.of(id),
    make: async (wanted) => (await answers.make([id], view, wanted))[0],
  });

  /** The position that the store was heard or seen to have reached: one that is behind it lost something. */
  function knownSequence(id: Identifier): number {
    let known = heard.reached(partitionOf(tokenOf(id)));
    for (const view of views) known = Math.max(known, held.peek(keyOf(id, view))?.answer.sequence ?? 0);
    return known;
  }

  function wantedOf({ policy }: Item, minSequence: number, entry: Held | undefined): ReadOptions {
    const hasOlder = entry !== undefined && entry.shown >= minSequence;
    return { freshnessMs: policy.freshnessMs, minSequence, knownSequence, hasOlder };
  }

  /**
   * A position that the store was heard to have reached is reached by any load: who names it may wait for one that
   * nobody named a position for.
   */
  const minToLoad = ({ id }: Item, minSequence: number) =>
    id !== undefined && minSequence <= heard.reached(partitionOf(tokenOf(id))) ? 0 : minSequence;

  /** What needs no waiting: held and trusted, or known to be nothing. */
  function atOnce(item: Item, minSequence: number): { readonly served: Served | undefined } | undefined {
    const entry = held.get(item.key);
    if (entry === undefined) {
      const { id, view } = item;
      if (id === undefined || view === undefined || minSequence > 0 || !absent[view].has(id)) {
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
    loads.begin([item], { ...wantedOf(item, 0, entry), freshnessMs: Math.min(freshnessMs, redisMs) });
    loads
      .result(item, 0)
      .catch(() => {})
      .finally(() => {
        const current = held.peek(item.key);
        if (current === undefined || trust.standing(current, item.policy, 0) === "trusted") return;
        // It brought nothing younger.
        counters.lengthened++;
        current.retryAt = now() + lengthenedMs;
      });
  }

  /** What a load brings, or what is held where that fails or takes too long, or the product by default. */
  async function waited(item: Item, minSequence: number): Promise<Served | undefined> {
    const result = loaded(item, minSequence);
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
      return byDefault(item.id);
    }
  }

  async function loaded(item: Item, minSequence: number): Promise<Served | undefined> {
    const least = minToLoad(item, minSequence);
    const one = await loads.result(item, least);
    // The load that was under way may have begun before the store was heard to be there.
    const isOlder = (one?.sequence ?? 0) < minSequence;
    if (!isOlder || least === minSequence) return one;
    if (!loads.isUnderWay(item.key, minSequence))
      loads.begin([item], wantedOf(item, minSequence, held.peek(item.key)));
    return loads.result(item, minSequence);
  }

  const ready = createReadyProducts({
    stored: options.stored,
    wanted: (id) => ({
      freshnessMs: policies.assembled.freshnessMs,
      due: heard.reached(partitionOf(tokenOf(id))),
    }),
    moment: heard.moment,
    admits: (key, { prepared }) => held.admits(key, prepared),
    // What is ready is never older than what was shown by the time that it came.
    keep: (id, begun, tookMs, answer) =>
      keep(productItem(id, "assembled"), { moment: begun, tookMs, minSequence: 0, floor: 0 }, answer),
  });

  /** Several at once: those that must be loaded are loaded together, once each. */
  async function many(items: readonly Item[], minSequence: number, makeAll?: MakeAll) {
    const results = items.map((item) => atOnce(item, minSequence));
    if (results.every((one) => one !== undefined)) return results.map(({ served }) => served);
    const missing = items.filter((_, at) => results[at] === undefined);
    const distinct = new Map(missing.map((item) => [item.key, item]));
    const fresh = [...distinct.values()].filter(
      (item) => !loads.isUnderWay(item.key, minToLoad(item, minSequence)),
    );
    counters.shared += missing.length - fresh.length;
    for (const least of new Set(fresh.map((item) => minToLoad(item, minSequence)))) {
      const alike = fresh.filter((item) => minToLoad(item, minSequence) === least);
      const entries = alike.map(({ key }) => held.peek(key));
      const older = entries.every((entry) => entry !== undefined && entry.shown >= minSequence);
      const [first] = alike;
      if (first !== undefined)
        loads.begin(alike, wantedOf(first, least, older ? entries[0] : undefined), makeAll);
    }
    const all = await Promise.all(
      items.map((item, at) => {
        const known = results[at];
        return known === undefined ? waited(item, minSequence) : known.served;
      }),
    );
    for (const one of all) {
      if (one?.source === "stale") counters.servedStale++;
      if (one?.source === "default") counters.servedDefault++;
    }
    return all;
  }

  return {
    counters,
    held(id, view) {
      const entry = held.get(keyOf(id, view));
      if (entry === undefined) return undefined;
      const standing = trust.standing(entry, policies[view], 0);
      if (standing === "unsure") return undefined;
      counters.hits++;
      if (standing !== "trusted") checkBehind(productItem(id, view), entry, standing === "early");
      return servedAs(entry, "memory");
    },
    ready(id, view, done) {
      const key = keyOf(id, view);
      if (view === "details" || held.peek(key) !== undefined || absent[view].has(id)) done(undefined);
      else
        ready.serve(id, key, (served) => {
          if (served !== undefined) {
            counters.misses++;
            counters.ready++;
          }
          done(served);
        });
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
    async page(page, minSequence = 0) {
      const key = pageKeyOf(page);
      const floor = () => Math.max(page.floor(), floors.ofPage(key));
      const [served] = await many([{ ...page, key, floor }], minSequence);
      if (served === undefined) throw new Error(`${key} was made of nothing`);
      if (!served.degraded) floors.raisePage(key, served.sequence ?? 0);
      return served;
    },
    close: () => heard.close(),
  };
}
