import { decodeHotWord, encodeHeldWord } from "../../actors/hot/hot-word.ts";
import type { Versions } from "../../projections/version.ts";
import type { Broadcast } from "../../streams/broadcast.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { allPartitions } from "../../streams/partition.ts";
import { aboutAnswer } from "./made-answer.ts";
import type { AbsentProducts } from "./absent-products.ts";
import { keyOf } from "./answer-keys.ts";
import type { GatewayCounters } from "./counters.ts";
import type { Floors } from "./floors.ts";
import type { HeardChanges } from "./heard-changes.ts";
import type { HeldAnswers } from "./held-answers.ts";
import type { HotProducts } from "./hot-products.ts";
import { decodeParts, positionsIn, type ProductParts, renderProduct } from "./product-parts.ts";
import type { Trust } from "./trust.ts";
import type { View } from "../views.ts";

/**
 * Values of hot products that come without being asked for: held like what was loaded, and confirmed. A value is taken
 * only where it includes all that this worker heard of the product and all that this node has shown of it; another one is
 * passed over, and the next reader loads, as of any product.
 */
export interface HotLine {
  readonly values: Broadcast;
  readonly held: Broadcast;
  /** Who confirms: the name that the worker has in its words of heat. */
  readonly by: string;
}

/** What a load would have taken: how early a value is refreshed that nobody pushes anew. */
const tookMs = 5;

/** How far a value may be ahead of all that was heard of the log: events that were stored and not told of yet. */
const aheadMax = 100_000;

export function hearPushedValues(options: {
  readonly line: HotLine;
  readonly hot: HotProducts;
  readonly held: HeldAnswers;
  readonly heard: HeardChanges;
  readonly trust: Trust;
  readonly floors: Floors;
  readonly absent: Readonly<Record<View, AbsentProducts>>;
  readonly versions: Versions;
  readonly counters: GatewayCounters;
  readonly now: () => number;
}): { close(): void } {
  const { line, hot, held, heard, trust, floors, absent, versions, counters, now } = options;
  let confirmed: number[] = [];

  function confirm(push: number): void {
    if (confirmed.length === 0)
      setImmediate(() => {
        line.held.publish(encodeHeldWord({ by: line.by, held: confirmed }));
        confirmed = [];
      });
    confirmed.push(push);
  }

  /** Whether it, or something newer, is held now. */
  function take(id: Identifier, parts: ProductParts, view: View): boolean {
    const key = keyOf(id, view);
    const answer = renderProduct(parts, view, now());
    const standing = held.peek(key);
    const isSure = standing !== undefined && !standing.touched && !trust.inDoubt(standing);
    if (isSure && standing.answer.sequence > answer.sequence) return true;
    if (answer.degraded || !heard.covered(positionsIn(parts), aboutAnswer(answer))) return false;
    if (!isAsNewAsShown(parts)) return false;
    absent[view].remove([id]);
    held.put(key, {
      answer,
      moment: heard.moment(),
      tookMs: standing?.tookMs ?? tookMs,
      shown: Math.max(answer.sequence, isSure ? standing.shown : 0),
      touched: false,
      madeAt: now(),
      retryAt: 0,
    });
    return held.peek(key) !== undefined;
  }

  /** Raises what the node has shown to what is about to be shown, where that is nothing older, and nothing from nowhere. */
  function isAsNewAsShown({ found, group }: ProductParts): boolean {
    const all = [found, ...(group?.members ?? [])];
    const end = Math.max(...allPartitions.map(heard.reached)) + aheadMax;
    if (all.some(({ state, sequence }) => floors.of(state.id) > sequence || sequence > end)) return false;
    for (const { state, newest } of all) floors.raise(state.id, newest);
    return true;
  }

  const listening = line.values.listen({
    hear(bytes) {
      const word = decodeHotWord(bytes);
      if (word?.kind === "cool") hot.remove(word.id);
      if (word?.kind !== "value") return;
      const parts = decodeParts(word.value, word.id, versions);
      if (parts === undefined) return;
      try {
        if (take(word.id, parts, "assembled")) {
          hot.set(word.id, word);
          counters.pushed++;
          confirm(word.push);
        } else counters.pushedInVain++;
        // Whoever asks for the details alone has them held already.
        if (held.peek(keyOf(word.id, "details")) !== undefined) take(word.id, parts, "details");
      } catch {
        // No product: what cannot be rendered is passed over.
        counters.pushedInVain++;
      }
    },
    // What was missed comes again with the next refresh; until then its readers load.
    missed() {},
  });
  return { close: () => listening.close() };
}
