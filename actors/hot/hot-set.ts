import { type Identifier, parseIdentifier } from "../../streams/identifier.ts";
import { createHeatSums } from "./heat-sums.ts";
import type { Heat, HeatWord } from "./heat-word.ts";

/**
 * Who is hot. A product becomes hot by its readers at one rate and stays so until they have been fewer than a lower one
 * for some seconds, so that none comes and goes with each word. There is room for so many products, whatever they are
 * hot for: who is hotter by a quarter takes the place of the coolest, and what an operator or a sale wants goes last.
 *
 * Pure: time is passed in, in milliseconds since 1970, and the same words give the same verdicts.
 */
export interface HotSet {
  hear(word: HeatWord, at: number): void;
  /** What a product has to be hot for beside its heat; undefined where that is nothing (any more). */
  claim(id: Identifier, claim: Claim | undefined): void;
  /** A product as the owner before left it. */
  restore(id: Identifier, as: { readonly isHeated: boolean; readonly hasRoom: boolean }): void;
  /** What has changed since it was asked last. */
  judge(at: number): readonly Verdict[];
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

export interface Verdict {
  readonly type: "heated" | "cooled" | "evicted" | "admitted";
  readonly id: Identifier;
}

export const hotFromPerSecond = 50;
export const hotUntilPerSecond = 20;
export const coolAfterMs = 10_000;
/** A place is taken from nobody more often, so that sorting a full set costs little. */
const swapEveryMs = 50;
const swapFactor = 1.25;

interface Member {
  readonly id: Identifier;
  isHeated: boolean;
  /** Since when its heat is too low to stay. */
  coolSince: number | undefined;
  claim: Claim | undefined;
  hasRoom: boolean;
  /** Whether its machine was told that there is no room. */
  isRefused: boolean;
}

/** `hotMax`: products that there is room for. */
export function createHotSet({ hotMax }: { readonly hotMax: number }): HotSet {
  const sums = createHeatSums();
  const members = new Map<Identifier, Member>();
  const cooling = new Set<Member>();
  /** Without room. */
  const waiting = new Set<Member>();
  let swapAt = 0;

  function memberOf(id: Identifier): Member {
    const known = members.get(id);
    if (known !== undefined) return known;
    const member: Member = {
      id,
      isHeated: false,
      coolSince: undefined,
      claim: undefined,
      hasRoom: false,
      isRefused: false,
    };
    members.set(id, member);
    waiting.add(member);
    return member;
  }

  function forgetIfIdle(member: Member): void {
    if (member.isHeated || member.claim !== undefined) return;
    members.delete(member.id);
    waiting.delete(member);
    cooling.delete(member);
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
    member.hasRoom = true;
    member.isRefused = false;
    verdicts.push({ type: member.isHeated ? "heated" : "admitted", id: member.id });
  }

  function refuse(member: Member, verdicts: Verdict[]): void {
    waiting.add(member);
    member.hasRoom = false;
    if (member.isRefused) return;
    member.isRefused = true;
    verdicts.push({ type: "evicted", id: member.id });
  }

  const rank = (member: Member) => (member.claim === "kept" ? 1 : 0);
  const heat = ({ id }: Member) => sums.perSecond(id);
  /** The one to keep first. */
  const order = (a: Member, b: Member) => rank(b) - rank(a) || heat(b) - heat(a) || (a.id < b.id ? -1 : 1);
  const outranks = (a: Member, b: Member) =>
    rank(a) > rank(b) || (rank(a) === rank(b) && heat(a) > swapFactor * heat(b));

  /** Gives the room there is to those who wait, and room that is taken to who deserves it more. */
  function giveRoom(at: number, verdicts: Verdict[]): void {
    if (waiting.size === 0) return;
    const candidates = [...waiting].sort(order);
    let free = hotMax - (members.size - waiting.size);
    for (const candidate of candidates.splice(0, Math.max(0, free))) admit(candidate, verdicts);
    if (candidates.length === 0) return;
    if (at >= swapAt) {
      swapAt = at + swapEveryMs;
      const inside = [...members.values()].filter(({ hasRoom }) => hasRoom).sort(order);
      for (const candidate of candidates) {
        const coolest = inside.at(-1);
        if (coolest === undefined || !outranks(candidate, coolest)) break;
        inside.pop();
        refuse(coolest, verdicts);
        admit(candidate, verdicts);
      }
    }
    // Heat that finds no room is nothing that a machine was told of.
    for (const member of waiting) if (member.claim !== undefined) refuse(member, verdicts);
  }

  return {
    hear: (word, at) => sums.hear(word, at),
    claim(id, claim) {
      if (claim === undefined && !members.has(id)) return;
      const member = memberOf(id);
      member.claim = claim;
      forgetIfIdle(member);
    },
    restore(id, { isHeated, hasRoom }) {
      const member = memberOf(id);
      member.isHeated = isHeated;
      member.hasRoom = hasRoom;
      member.isRefused = !hasRoom;
      if (hasRoom) waiting.delete(member);
      // Who reads it is not known yet.
      if (isHeated) sums.touch(id);
    },
    judge(at) {
      const verdicts: Verdict[] = [];
      for (const key of sums.touched(at)) look(key, at, verdicts);
      cool(at, verdicts);
      giveRoom(at, verdicts);
      return verdicts;
    },
    holders: (at) => sums.holders(at),
    perSecond: (id) => sums.perSecond(id),
    callers: (at) => sums.total("callers", at),
    endpoints: (at) => sums.total("endpoints", at),
  };
}
