import { isDeepStrictEqual } from "node:util";
import { aspects } from "../../projections/aspects.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { summaryAnswer } from "../verify/answers.ts";
import type { Shown } from "../verify/reference/product.ts";
import { agreesInPrice } from "./agree.ts";
import type { History, State } from "./history.ts";
import { type Lack, type Moment, nextChange, upToDate } from "./judge.ts";

/** Histories of other products, where they are traced. */
export type Others = (id: Identifier) => History | undefined;

/**
 * What an answer lacks of the variants in it, each held against its own history. They carry no version of their own, so
 * the newest state that agrees counts. What agrees with none is passed over: it may be of before all that is held, or newer
 * than what the oracle has heard.
 */
export function lacksOfVariants(
  variants: readonly unknown[],
  moment: Moment,
  others: Others,
): readonly Lack[] {
  return variants.flatMap((variant) => {
    const fields = (variant ?? {}) as Readonly<Record<string, unknown>>;
    const history = others(fields["id"] as Identifier);
    return history === undefined ? [] : lacksOf(history, fields, moment);
  });
}

function lacksOf(
  history: History,
  fields: Readonly<Record<string, unknown>>,
  moment: Moment,
): readonly Lack[] {
  const { title, brand, image, options, price, in_stock, rating } = fields;
  const { states } = history;
  const same = (expected: (shown: Shown) => unknown, found: unknown) => (shown: Shown) =>
    isDeepStrictEqual(expected(shown), found) ? upToDate : undefined;
  const summary = (shown: Shown) => summaryAnswer(shown, moment.askedAt);
  const document = (shown: Shown) => {
    const of = summary(shown);
    return [of.title, of.brand, of.image, shown.details?.options];
  };
  const parts = [
    { aspect: aspects.details, agrees: same(document, [title, brand, image, options]) },
    { aspect: aspects.price, agrees: (shown: Shown) => agreesInPrice(shown, price, moment) },
    { aspect: aspects.stock, agrees: same((shown) => summary(shown).in_stock, in_stock) },
    { aspect: aspects.rating, agrees: same((shown) => summary(shown).rating, rating) },
  ];
  return parts.flatMap(({ aspect, agrees }) => {
    const place = newestAgreeing(states, agrees);
    if (place === undefined) return [];
    const missed = nextChange(states, place.at, aspect);
    const since = Math.min(place.since, missed?.time ?? upToDate);
    if (since === upToDate) return [];
    return [{ aspect, missed: missed?.time === since ? missed : undefined, since, variant: history }];
  });
}

function newestAgreeing(
  states: readonly State[],
  agrees: (shown: Shown) => number | undefined,
): { readonly at: number; readonly since: number } | undefined {
  for (let at = states.length - 1; at >= 0; at--) {
    const state = states[at];
    const since = state && agrees(state.shown);
    if (since !== undefined) return { at, since };
  }
  return undefined;
}
