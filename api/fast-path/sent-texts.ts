import { ageSecondsOf } from "../answer.ts";
import type { Served } from "../gateway/served.ts";
import { seededHashOf } from "../key-table.ts";

/**
 * Answers as they were sent, head and body in one text, for whoever asks for the same before the clock or the log has
 * changed anything in them: no longer than until the second ends, for the sake of `Date`.
 *
 * 512 places by hash, one text in each, of what was asked for twice in one second. A text has up to 12 KB of body and as much
 * of head; with what is kept to know it again by that is 1.5 MB for products of a kilobyte, beside the gateway's cache.
 */
export interface SentTexts {
  find(asked: Asked): string | undefined;
  /** `text`: of an answer whose connection goes on. */
  keep(asked: Asked, text: string): void;
}

/** What makes an answer, with the view, which `served` has in its bytes. */
export interface Asked {
  readonly id: string;
  readonly served: Served;
  readonly unpurged: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

interface Sent {
  readonly text: string;
  readonly served: Served;
  readonly unpurged: boolean;
  readonly ageSeconds: number | undefined;
  /** Nothing in it changes by the clock from here to there. */
  readonly from: number;
  readonly until: number;
}

const places = 512;

export function createSentTexts(): SentTexts {
  const texts = Array.from<Sent | undefined>({ length: places }).fill(undefined);
  /** By place: what was asked for there last, and in which second. */
  const before = new Int32Array(places);

  /** The views of a product have places of their own. */
  const hashOf = ({ id, served }: Asked) => seededHashOf(id) ^ served.prepared.bytes.length;

  return {
    find(asked) {
      const sent = texts[hashOf(asked) & (places - 1)];
      return sent !== undefined && isStill(sent, asked) ? sent.text : undefined;
    },
    keep(asked, text) {
      const { served, unpurged, now } = asked;
      const hash = hashOf(asked);
      const place = hash & (places - 1);
      const second = Math.floor(now / 1_000);
      const isSecond = before[place] === (hash ^ second);
      before[place] = hash ^ second;
      if (!isSecond) return;
      texts[place] = {
        text: inOnePiece(text),
        served,
        unpurged,
        ageSeconds: ageSecondsOf(served.knownAt, now),
        from: now,
        until: changesAt(served, now),
      };
    },
  };
}

/** What `headersOf` reads, and the bytes. */
function isStill(sent: Sent, { served, unpurged, now }: Asked): boolean {
  const { prepared, source, sequence, validUntil, lastCallUntil, degraded } = sent.served;
  return (
    now >= sent.from &&
    now < sent.until &&
    prepared === served.prepared &&
    sequence === served.sequence &&
    source === served.source &&
    validUntil === served.validUntil &&
    lastCallUntil === served.lastCallUntil &&
    degraded === served.degraded &&
    unpurged === sent.unpurged &&
    sent.ageSeconds === ageSecondsOf(served.knownAt, now)
  );
}

/** The next moment at which the clock by itself changes something in the head. */
function changesAt({ validUntil, lastCallUntil }: Served, now: number): number {
  const second = now - (now % 1_000) + 1_000;
  // Lifetimes that the boundary cuts are whole seconds, counted back from it.
  const cut = validUntil === undefined ? second : now + 1 + ((validUntil - now) % 1_000);
  const called = lastCallUntil === undefined || lastCallUntil <= now ? second : lastCallUntil;
  return Math.min(second, cut, called);
}

/** A text that was put together is a tree of its pieces, which each write would put together anew. */
const inOnePiece = (text: string) => Buffer.from(text, "latin1").toString("latin1");
