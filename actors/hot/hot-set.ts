import { type Identifier, parseIdentifier } from "../../streams/identifier.ts";
import { firsts } from "./firsts.ts";
import { createHeatSums } from "./heat-sums.ts";
import type { Heat, HeatWord } from "./heat-word.ts";

/**
 * Who is hot. A product becomes hot by its readers at one rate and stays so until they have been fewer than a lower one
 * for some seconds, so that none comes and goes with each word. There is room for so many products, whatever they are
 * hot for: who is hotter by a quarter takes the place of the coolest, and what an operator or a sale wants goes last.
 *
 * Pure: time is passed in, in monotonic milliseconds, and the same words give the same verdicts.
 */
export interface HotSet {
  hear(word: HeatWord, at: number): void;
  /**
   * What a product has to be hot for beside its heat; undefined where that is nothing (any more). One without room waits
   * for it: the next verdicts say whether it is given.
   */
  claim(id: Identifier, claim: Claim | undefined): void;
  hasRoom(id: Identifier): boolean;
  /** A product as the owner before left it. */
  restore(id: Identifier, as: { readonly isHeated: boolean; readonly hasRoom: boolean }): void;
  /** It is as any that nobody has heard of. */
  forget(id: Identifier): void;
  /**
   * What has changed since it was asked last. Costs time for the products that words have named, and 20 times a second,
   * or where it is `pressing`, for all that are hot or wait: some 60 ns each.
   */
  judge(at: number, pressing?: "pressing"): readonly Verdict[];
  /** Workers that live and hold what is pushed. */
  holders(at: number): readonly string[];
  /** Reads a second, in the cluster. */
  perSecond(id: Identifier): number;
  /** The hottest first. */
  callers(at: number): readonly Heat[];
  endpoints(at: number): readonly Heat[];
}

/** `kept`: a sale or an operator wants it. */
export type Claim = "drop" | "kept";

/** `forgotten`: what it was claimed for is so, since too many wait for room. */
export interface Verdict {
  readonly type: "heated" | "cooled" | "evicted" | "admitted" | "forgotten";
  readonly id: Identifier;
}

export const hotFromPerSecond = 50;
export const hotUntilPerSecond = 20;
export const coolAfterMs = 10_000;
/** Room that others want is given anew so often: a look at all of them. */
const roomEveryMs = 50;
const swapFactor = 1.25;
/** Places that change hands at a time, where nothing presses: each costs a load, and transitions of two products. */
const swapsMax = 16;
/** Products that may wait for room, for each that has it; of more the coolest are forgotten. */
const waitingPerPlace = 4;

interface Member {
  readonly id: Identifier;
  isHeated: boolean;
  /** Since when its heat is too low to stay. */
  coolSince: number | undefined;
  claim: Claim | undefined;
  hasRoom: boolean;
  /** Its reads a second when room was given last. */
  heat: number;
}

/** `hotMax`: products that there is room for. */
export function createHotSet({ hotMax }: { readonly hotMax: number }): HotSet {
  const sums = createHeatSums();
  const members = new Map<Identifier, Member>();
  const cooling = new Set<Member>();
  /** With room, and without. */
  const inside = new Set<Member>();
  const waiting = new Set<Member>();
  let roomAt = Number.NEGATIVE_INFINITY;

  function memberOf(id: Identifier): Member {
    const known = members.get(id);
    if (known !== undefined) return known;
    const member: Member = {
      id,
      isHeated: false,
      coolSince: undefined,
      claim: undefined,
      hasRoom: false,
      heat: 0,
    };
    members.set(id, member);
    waiting.add(member);
    return member;
  }

  function forget(member: Member): void {
    members.delete(member.id);
    inside.delete(member);
    waiting.delete(member);
    cooling.delete(member);
  }

  function forgetIfIdle(member: Member): void {
    if (!member.isHeated && member.claim === undefined) forget(member);
  }

  /** Looks at a product whose heat has changed. */
  function look(key: string, at: number, verdicts: Verdict[]): void {
    const perSecond = sums.perSecond(key);
    const id = key as Identifier;
    const known = members.get(id);
    if (known?.isHeated !== true) {
      if (perSecond < hotFromPerSecond || parseIdentifier(key) === undefined) return;
      const member = memberOf(id);
      member.isHeated = true;
      if (member.hasRoom) verdicts.push({ type: "heated", id });
    } else if (perSecond >= hotUntilPerSecond) {
      known.coolSince = undefined;
      cooling.delete(known);
    } else if (known.coolSince === undefined) {
      known.coolSince = at;
      cooling.add(known);
    }
  }

  function cool(at: number, verdicts: Verdict[]): void {
    for (const member of cooling) {
      if (at - (member.coolSince ?? at) < coolAfterMs) continue;
      member.isHeated = false;
      member.coolSince = undefined;
      cooling.delete(member);
      verdicts.push({ type: "cooled", id: member.id });
      forgetIfIdle(member);
    }
  }

  function admit(member: Member, verdicts: Verdict[]): void {
    waiting.delete(member);
    inside.add(member);
    member.hasRoom = true;
    verdicts.push({ type: member.isHeated ? "heated" : "admitted", id: member.id });
  }

  function evict(member: Member, verdicts: Verdict[]): void {
    inside.delete(member);
    waiting.add(member);
    member.hasRoom = false;
    verdicts.push({ type: "evicted", id: member.id });
  }

  const rank = (member: Member) => (member.claim === "kept" ? 1 : 0);
  /** The one to keep first. */
  const order = (a: Member, b: Member) => rank(b) - rank(a) || b.heat - a.heat || (a.id < b.id ? -1 : 1);
  const reversed = (a: Member, b: Member) => order(b, a);
  const outranks = (a: Member, b: Member) =>
    rank(a) > rank(b) || (rank(a) === rank(b) && a.heat > swapFactor * b.heat);

  function measure(some: Iterable<Member>): void {
    for (const member of some) member.heat = sums.perSecond(member.id);
  }

  /** Room that is taken goes to who deserves it more, `max` times at most. */
  function swap(max: number, verdicts: Verdict[]): void {
    const [coolest] = firsts(inside, 1, reversed);
    if (coolest === undefined) return;
    // Whoever goes later is no cooler than this one.
    const rivals = firsts(
      [...waiting].filter((member) => outranks(member, coolest)),
      max,
      order,
    );
    const places = firsts(inside, rivals.length, reversed);
    for (const [at, rival] of rivals.entries()) {
      const place = places[at];
      if (place === undefined || !outranks(rival, place)) return;
      evict(place, verdicts);
      admit(rival, verdicts);
    }
  }

  /** The coolest of those who wait, where they are too many. */
  function forgetCoolest(verdicts: Verdict[]): void {
    for (const member of firsts(waiting, waiting.size - waitingPerPlace * hotMax, reversed)) {
      forget(member);
      if (member.claim !== undefined) verdicts.push({ type: "forgotten", id: member.id });
    }
  }

  function giveRoom(at: number, isPressing: boolean, verdicts: Verdict[]): void {
    const isTight = inside.size > hotMax || waiting.size > hotMax - inside.size;
    if (isTight && !isPressing && at < roomAt) return;
    if (isTight) roomAt = at + roomEveryMs;
    measure(waiting);
    if (isTight) measure(inside);
    // There was more room for the owner before.
    for (const member of firsts(inside, inside.size - hotMax, reversed)) evict(member, verdicts);
    for (const member of firsts(waiting, hotMax - inside.size, order)) admit(member, verdicts);
    if (waiting.size === 0) return;
    swap(isPressing ? hotMax : swapsMax, verdicts);
    forgetCoolest(verdicts);
  }

  return {
    hear: (word, at) => sums.hear(word, at),
    claim(id, claim) {
      if (claim === undefined && !members.has(id)) return;
      const member = memberOf(id);
      member.claim = claim;
      forgetIfIdle(member);
    },
    hasRoom: (id) => members.get(id)?.hasRoom === true,
    restore(id, { isHeated, hasRoom }) {
      const member = memberOf(id);
      member.isHeated = isHeated;
      member.hasRoom = hasRoom;
      if (hasRoom) {
        waiting.delete(member);
        inside.add(member);
      }
      // Who reads it is not known yet.
      if (isHeated) sums.touch(id);
    },
    forget(id) {
      const member = members.get(id);
      if (member === undefined) return;
      forget(member);
      // Its readers make it hot anew.
      sums.touch(id);
    },
    judge(at, pressing) {
      const verdicts: Verdict[] = [];
      for (const key of sums.touched(at)) look(key, at, verdicts);
      cool(at, verdicts);
      giveRoom(at, pressing !== undefined, verdicts);
      return verdicts;
    },
    holders: (at) => sums.holders(at),
    perSecond: (id) => sums.perSecond(id),
    callers: (at) => sums.total("callers", at),
    endpoints: (at) => sums.total("endpoints", at),
  };
}
