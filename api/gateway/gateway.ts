import type { Versions } from "../../projections/version.ts";
import type { Broadcast } from "../../streams/broadcast.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import type { Journal } from "../../streams/journal.ts";
import { partitionOf } from "../../streams/partition.ts";
import { productPolicies } from "../cache-policy.ts";
import type { ReadOptions } from "../read-options.ts";
import type { View } from "../views.ts";
import { createAnswering } from "./answering.ts";
import { keyOf, pageKeyOf, views } from "./answer-keys.ts";
import { createAbsentProducts } from "./absent-products.ts";
import { createGatewayCounters, type GatewayCounters } from "./counters.ts";
import type { Floors } from "./floors.ts";
import { hearChanges } from "./heard-changes.ts";
import { withFlips } from "./flips.ts";
import { createHotProducts } from "./hot-products.ts";
import { type HotLine, hearPushedValues } from "./pushed-values.ts";
import { createHeldAnswers } from "./held-answers.ts";
import { createKeeping } from "./keeping.ts";
import type { MadeAnswer } from "./made-answer.ts";
import type { Served } from "./served.ts";
import { createLoads, type Item } from "./loads.ts";
import type { ProductAnswers } from "./product-answers.ts";
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
  /** One product, as `products` gives it, without a promise where Redis holds it ready. */
  product(
    id: Identifier,
    view: View,
    done: (served: Served | undefined) => void,
    failed: (error: unknown) => void,
  ): void;
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
  readonly answers: Pick<ProductAnswers, "make">;
  readonly stored: StoredAnswers;
  readonly changes: Broadcast;
  readonly floors: Floors;
  readonly versions: Versions;
  readonly bytesMax: number;
  /** Where values of hot products come from; none come where it is left out. */
  readonly hot?: HotLine;
  readonly now: () => number;
  readonly random?: () => number;
  readonly journal: Journal;
}

/**
 * How long a value may be on its way; then it is asked for. The owner gathers changes of a product for up to 500 ms, where
 * they are of its quantity alone.
 */
const awaitedMs = 600;

export function createGateway(options: GatewayOptions): Gateway {
  const { answers, floors, now, journal, random = Math.random } = options;
  const counters = createGatewayCounters();
  const held = withFlips(createHeldAnswers(options.bytesMax), counters, now);
  const hot = createHotProducts(now);
  const heard = hearChanges(options.changes, options.versions, (touched) => {
    for (const view of views) absent[view].remove(touched.products.keys());
    if (hot.size > 0) for (const id of touched.products.keys()) awaitValue(id);
    counters.invalidated += held.touch(touched);
  });
  const absentIn = () =>
    createAbsentProducts(floors, (moment, id) => heard.inDoubtSince(moment, [partitionOf(tokenOf(id))]), now);
  /** Each view has its own, since they believe Redis for different times. */
  const absent = { assembled: absentIn(), details: absentIn() };
  const trust = createTrust({ heard, floors, now, random });
  const { keep, servedAs } = createKeeping({ held, heard, trust, absent, counters, now });
  const pushed =
    options.hot &&
    hearPushedValues({
      line: options.hot,
      hot,
      held,
      heard,
      trust,
      floors,
      absent,
      versions: options.versions,
      counters,
      now,
    });
  const loads = createLoads({ moment: heard.moment, floors, keep, counters, journal });

  /** Of a hot product the new value follows the word that it changed: nobody loads what comes by itself. */
  function awaitValue(id: Identifier): void {
    const entry = hot.isPushed(id) ? held.peek(keyOf(id, "assembled")) : undefined;
    if (entry === undefined || entry.touched) return;
    if (trust.standing(entry, productPolicies.assembled, 0) === "unsure") return;
    entry.awaiting = { until: now() + awaitedMs, knownAt: trust.knownAt(entry) };
  }

  const productItem = (id: Identifier, view: View): Item => ({
    key: keyOf(id, view),
    id,
    view,
    policy: productPolicies[view],
    floor: () => floors.of(id),
    make: async (wanted) => (await answers.make([id], view, wanted))[0],
  });

  const { many, checkBehind } = createAnswering({
    held,
    heard,
    trust,
    loads,
    absent,
    servedAs,
    counters,
    now,
  });

  const ready = createReadyProducts({
    stored: options.stored,
    wanted: (id) => ({
      freshnessMs: productPolicies.assembled.freshnessMs,
      due: heard.reached(partitionOf(tokenOf(id))),
    }),
    moment: heard.moment,
    held,
    absent: absent.assembled,
    counters,
    // What is ready is never older than what was shown by the time that it came.
    keep: (id, begun, tookMs, answer) =>
      keep(productItem(id, "assembled"), { moment: begun, tookMs, minSequence: 0, floor: 0 }, answer),
  });

  const loadAll = (
    ids: readonly Identifier[],
    view: View,
    minSequence: number,
    stored?: ReadOptions["stored"],
  ) =>
    many(
      ids.map((id) => productItem(id, view)),
      minSequence,
      (some, wanted) =>
        answers.make(
          some.flatMap(({ id }) => id ?? []),
          view,
          wanted,
        ),
      stored,
    );

  return {
    counters,
    held(id, view) {
      const entry = held.get(keyOf(id, view));
      if (entry === undefined) return undefined;
      const standing = trust.standing(entry, productPolicies[view], 0);
      if (standing === "unsure") return undefined;
      counters.hits++;
      if (standing !== "trusted") checkBehind(productItem(id, view), entry, standing === "early");
      return servedAs(entry, "memory");
    },
    product(id, view, done, failed) {
      const load = (stored?: ReadOptions["stored"]) =>
        loadAll([id], view, 0, stored).then(([served]) => done(served), failed);
      if (view === "details") load();
      else
        ready.serve(id, (served, stored) => {
          if (served === undefined) load(stored);
          else done(served);
        });
    },
    async products(ids, view, minSequence = 0) {
      if (view === "details" || minSequence > 0 || ids.length === 0) return loadAll(ids, view, minSequence);
      const { served, stored } = await ready.serveAll(ids);
      const rest = ids.filter((_, at) => served[at] === undefined);
      if (rest.length === 0) return served;
      const loadedRest = await loadAll(rest, view, minSequence, stored);
      let next = 0;
      return ids.map((_, at) => served[at] ?? loadedRest[next++]);
    },
    async page(page, minSequence = 0) {
      const key = pageKeyOf(page.key);
      const floor = () => Math.max(page.floor(), floors.ofPage(key));
      const [served] = await many([{ ...page, key, floor }], minSequence);
      if (served === undefined) throw new Error(`${key} was made of nothing`);
      if (!served.degraded) floors.raisePage(key, served.sequence ?? 0);
      return served;
    },
    close() {
      heard.close();
      pushed?.close();
    },
  };
}
