import type { ServerResponse } from "node:http";
import { ageSecondsOf } from "../answer.ts";
import { seededHashOf } from "../key-table.ts";
import type { Served } from "./served.ts";

/**
 * Answers as they were sent, head and body in one text, for whoever asks for the same before the clock or the log has
 * changed anything in them: no longer than until the second ends, for the sake of `Date`.
 *
 * The head is the one that Node has made for one of them: to check and join some fifteen headers costs a tenth of what an
 * answer from memory takes. Node has no public way to send a head that is ready: `_header` is where it keeps one until it
 * leaves. Where that is no text nothing is kept here, and each head is made anew.
 *
 * 512 places by hash, one text in each, of what was asked for twice in one second. A text has up to 12 KB of body and as much
 * of head; with what is kept to know it again by that is 1.5 MB for products of a kilobyte, beside the gateway's cache.
 */
export interface SentTexts {
  find(asked: Asked, response: ServerResponse): string | undefined;
  /** To be called when the head was written, and before it has left. */
  keep(asked: Asked, body: string, response: ServerResponse): void;
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

interface WithHead {
  _header?: string | null;
  /** It is the last one that the connection may ask for, so its head says that it ends. */
  readonly maxRequestsOnConnectionReached?: boolean;
}

const places = 512;

export function createSentTexts(): SentTexts {
  const texts = Array.from<Sent | undefined>({ length: places }).fill(undefined);
  /** By place: what was asked for there last, and in which second. */
  const before = new Int32Array(places);

  /** The views of a product have places of their own. */
  const hashOf = ({ id, served }: Asked) => seededHashOf(id) ^ served.prepared.bytes.length;

  return {
    find(asked, response) {
      const sent = texts[hashOf(asked) & (places - 1)];
      return sent !== undefined && isStill(sent, asked) && staysOpen(response) ? sent.text : undefined;
    },
    keep(asked, body, response) {
      const { served, unpurged, now } = asked;
      const hash = hashOf(asked);
      const place = hash & (places - 1);
      const second = Math.floor(now / 1_000);
      const isSecond = before[place] === (hash ^ second);
      before[place] = hash ^ second;
      const head = (response as WithHead)._header;
      if (!isSecond || typeof head !== "string" || !staysOpen(response)) return;
      const ageSeconds = ageSecondsOf(served.knownAt, now);
      texts[place] = {
        text: inOnePiece(head + body),
        served,
        unpurged,
        ageSeconds,
        from: now,
        until: changesAt(served, now),
      };
    },
  };
}

/** As `response.writeHead(200, …).end(body, "latin1")`. */
export function sendText(text: string, response: ServerResponse): void {
  (response as WithHead)._header = text;
  response.end();
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

/** Neither side wants to end the connection: then every head says the same of it. */
const staysOpen = (response: ServerResponse): boolean =>
  response.shouldKeepAlive && (response as WithHead).maxRequestsOnConnectionReached !== true;
