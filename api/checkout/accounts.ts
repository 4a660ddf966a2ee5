import {
  type AccountEntry,
  accountSubject,
  decodeAccount,
  encodeAccount,
  type LimitedUnits,
} from "../../streams/checkout-account.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { type Log, LogUnavailable } from "../../streams/log.ts";
import { createSlots } from "../../streams/slots.ts";
import { type CheckoutTerms, checkoutLimits as limits } from "./checkout-limits.ts";
import type { Records } from "./records.ts";
import { isOver } from "./reservation.ts";

/**
 * What one user may have: so many open reservations, fewer of what is in a sale, so many new ones a minute, and of a sale
 * with a purchase limit so many units. Each reservation is entered here before anything is taken for it, on the condition that no other one was entered
 * meanwhile: so also those that are asked for at once are counted one behind the other, in the whole cluster.
 *
 * What is entered counts until it is known to have come to nothing. That is looked up only where it makes a difference, so
 * in most cases this costs two reads and an append.
 */
export interface Accounts {
  /** Throws `LogUnavailable`. */
  enter(user: Identifier, wanted: WantedEntry): Promise<Entered>;
}

export interface WantedEntry {
  readonly reservation: string;
  /** When it ends by itself. */
  readonly until: number;
  /** Whether something in it is of a sale. */
  readonly inSale: boolean;
  readonly wishes: readonly Wish[];
}

/** Units of a sale with a limit. */
export interface Wish extends LimitedUnits {
  readonly limit: number;
}

export type Entered =
  /** `others`: what else was entered and may still be the user's. */
  | { readonly outcome: "entered"; readonly others: readonly AccountEntry[] }
  /** It was entered without any such units. */
  | { readonly outcome: "over-limit"; readonly lines: readonly Left[] }
  /** It was not entered. */
  | { readonly outcome: "too-many"; readonly detail: string; readonly waitMs: number };

export interface Left {
  readonly product: Identifier;
  readonly left: number;
}

export function createAccounts(options: {
  /** CHECKOUT. */
  readonly log: Log;
  readonly records: Records;
  readonly terms: CheckoutTerms;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}): Accounts {
  const { log, records, terms, now } = options;
  const slots = createSlots(limits.readsAtOnce);

  /** With what became of it, as far as that is known by now. */
  async function reviewed(user: Identifier, entry: AccountEntry): Promise<AccountEntry> {
    const { state } = await slots.run(() => records.read(user, entry.reservation));
    const wasNeverBegun = state.stage === "none" && now() - entry.at >= limits.minuteMs;
    // Nobody was told that it is held, and nobody will be.
    const wasLeft = state.stage === "begun" && now() >= state.until + limits.attemptMs;
    if (isOver(state) || wasNeverBegun || wasLeft) return { ...entry, until: 0, limited: [] };
    return state.stage === "confirmed" ? { ...entry, until: 0 } : entry;
  }

  /** With what became of those by which it is decided whether another one may be entered. */
  async function review(
    user: Identifier,
    others: readonly AccountEntry[],
    decides: (entry: AccountEntry) => boolean,
  ): Promise<readonly AccountEntry[]> {
    if (slots.waiting >= limits.reviewsMax)
      throw new LogUnavailable(`${slots.waiting} reservations wait to be looked up`);
    return Promise.all(others.map((entry) => (decides(entry) ? reviewed(user, entry) : entry)));
  }

  async function read(subject: string) {
    const message = await log.last(subject, "leader");
    if (message === undefined) return { sequence: 0, entries: [] };
    const entries = decodeAccount(message.payload);
    // Taken for an empty one it would be written over.
    if (entries === undefined)
      throw new LogUnavailable(`${subject}: message ${message.sequence} is no account; take it away`);
    return { sequence: message.sequence, entries };
  }

  async function isEntered(subject: string, reservation: string, at: number): Promise<boolean> {
    const { entries } = await read(subject);
    return entries.some((entry) => entry.reservation === reservation && entry.at === at);
  }

  return {
    async enter(user, wanted) {
      const { reservation, until, inSale, wishes } = wanted;
      const subject = accountSubject(user);
      for (let tries = 0; tries < limits.triesMax; tries++) {
        const { sequence, entries } = await read(subject);
        const at = now();
        let others = entries.filter((entry) => entry.reservation !== reservation && isOfUse(entry, at));
        const own = entries.find((entry) => entry.reservation === reservation);
        if (own !== undefined && covers(own, until, wishes)) return { outcome: "entered", others };
        const pace = paceOf(others, terms, at);
        if (pace !== undefined) return pace;
        let entered = judge(others, wanted, terms, at);
        if (entered.outcome !== "entered") {
          const isFull = linesOf(others) >= limits.rememberedMax;
          const all = await review(
            user,
            others,
            (entry) => isFull || at < entry.until || unitsIn(entry, wishes).length > 0,
          );
          others = all.filter((entry) => isOfUse(entry, at));
          entered = judge(others, wanted, terms, at);
        }
        if (entered.outcome === "too-many") return entered;
        const limited =
          entered.outcome === "entered"
            ? wishes.map(({ sale, product, units, ends }) => ({ sale, product, units, ends }))
            : [];
        const payload = encodeAccount([...others, { reservation, at, until, inSale, limited }]);
        const appended = await log.append(subject, payload, {
          // Of two that are entered at once one is stored, whatever the server makes of what they expect.
          id: tries === 0 ? `${subject}@${sequence}` : `${subject}@${sequence}.${tries}`,
          expectedLastSubjectSequence: sequence,
          deadlineMs: limits.appendMs,
        });
        // Two that were entered at once may have been taken for one.
        if (appended.outcome === "stored" && (await isEntered(subject, reservation, at))) return entered;
      }
      throw new LogUnavailable(`${subject} changes faster than anything can be entered`);
    },
  };
}

/** Whether it was entered with all of these just before, by another attempt at the same. */
function covers(own: AccountEntry, until: number, wishes: readonly Wish[]): boolean {
  if (own.until < until - limits.attemptMs) return false;
  return wishes.every(({ sale, product, units }) =>
    own.limited.some((one) => one.sale === sale && one.product === product && one.units === units),
  );
}

/** Whether anything depends on it still. A sale that has ended may be extended. */
function isOfUse({ at, until, limited }: AccountEntry, moment: number): boolean {
  if (moment < until || moment < at + limits.minuteMs) return true;
  return limited.some(({ ends }) => moment < ends + limits.extendedMs);
}

/** Units of the sales and products that are wished for. */
const unitsIn = ({ limited }: AccountEntry, wishes: readonly Wish[]): readonly LimitedUnits[] =>
  limited.filter((one) => wishes.some((wish) => wish.sale === one.sale && wish.product === one.product));

/** What an account remembers, in lines. */
const linesOf = (entries: readonly AccountEntry[]): number =>
  entries.reduce((sum, { limited }) => sum + 1 + limited.length, 0);

function paceOf(
  others: readonly AccountEntry[],
  { perMinuteMax }: CheckoutTerms,
  moment: number,
): Entered | undefined {
  const lately = others.filter(({ at }) => moment < at + limits.minuteMs);
  if (lately.length < perMinuteMax) return undefined;
  const first = Math.min(...lately.map(({ at }) => at));
  const detail = `at most ${perMinuteMax} reservations may be begun in a minute`;
  return { outcome: "too-many", detail, waitMs: first + limits.minuteMs - moment };
}

function judge(
  others: readonly AccountEntry[],
  { inSale, wishes }: WantedEntry,
  { openMax, openInSaleMax }: CheckoutTerms,
  moment: number,
): Entered {
  const open = others.filter(({ until }) => moment < until);
  if (open.length >= openMax) return tooManyOpen(open, `${openMax} reservations may be open`, moment);
  const openInSale = open.filter((entry) => entry.inSale);
  if (inSale && openInSale.length >= openInSaleMax)
    return tooManyOpen(openInSale, `${openInSaleMax} reservations may be open in sales`, moment);
  if (linesOf(others) >= limits.rememberedMax) {
    const detail = `at most ${limits.rememberedMax} reservations, and units of sales in them, are remembered while sales last`;
    return { outcome: "too-many", detail, waitMs: limits.minuteMs };
  }
  const lines = wishes.flatMap(({ product, sale, units, limit }) => {
    const had = unitsBefore(others, sale, product).reduce((sum, [, each]) => sum + each, 0);
    return had + units > limit ? [{ product, left: Math.max(0, limit - had) }] : [];
  });
  return lines.length > 0 ? { outcome: "over-limit", lines } : { outcome: "entered", others };
}

function tooManyOpen(open: readonly AccountEntry[], allowed: string, moment: number): Entered {
  const first = Math.min(...open.map(({ until }) => until));
  return { outcome: "too-many", detail: `at most ${allowed}; confirm or cancel one`, waitMs: first - moment };
}

/** What the user has of a product in a sale, by reservation. */
export function unitsBefore(
  entries: readonly AccountEntry[],
  sale: Identifier,
  product: Identifier,
): readonly (readonly [reservation: string, units: number])[] {
  return entries.flatMap(({ reservation, limited }) =>
    limited
      .filter((units) => units.sale === sale && units.product === product)
      .map(({ units }) => [reservation, units] as const),
  );
}
