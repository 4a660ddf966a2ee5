import type { IncomingMessage, ServerResponse } from "node:http";
import { seededHashOf } from "../key-table.ts";
import type { Served } from "./served.ts";

/**
 * Answers as texts, head and body, for whoever asks for the same product again before the clock or the log has changed
 * anything in them: no longer than until the second ends, for the sake of `Date`.
 *
 * The head is the one that Node has made for the first of them. To check and join some fifteen headers anew costs more than
 * all else that is ours in an answer from memory. Node has no public way to send a head that is ready: `_header` is where it
 * keeps one until it leaves. In a Node without that field nothing is kept here, and each head is made anew.
 *
 * One place for each of 256 products, by hash, and at most 12 KB of text in each.
 */
export interface ReadyTexts {
  find(about: About, response: ServerResponse): ReadyText | undefined;
  /** To be called when the head was written, and before it has left. */
  keep(about: About, body: string, response: ServerResponse): void;
}

export interface ReadyText {
  readonly head: string;
  readonly body: string;
}

/** All that makes an answer. */
export interface About {
  readonly id: string;
  readonly served: Served;
  readonly unpurged: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

interface Kept extends ReadyText, Pick<About, "served" | "unpurged"> {
  readonly ageSeconds: number;
  readonly until: number;
}

interface WithHead {
  _header?: string | null;
  /** It is the last one that the connection may ask for, so its head says that it ends. */
  readonly maxRequestsOnConnectionReached?: boolean;
}

const places = 256;

export function createReadyTexts(): ReadyTexts {
  const texts = Array.from<Kept | undefined>({ length: places }).fill(undefined);
  const placeOf = (id: string) => seededHashOf(id) & (places - 1);
  return {
    find(about, response) {
      const text = texts[placeOf(about.id)];
      return text !== undefined && isStill(text, about) && staysOpen(response) ? text : undefined;
    },
    keep({ id, served, unpurged, now }, body, response) {
      const head = (response as WithHead)._header;
      if (typeof head !== "string" || !staysOpen(response)) return;
      const ageSeconds = ageOf(served, now);
      texts[placeOf(id)] = { head, body, served, unpurged, ageSeconds, until: changesAt(served, now) };
    },
  };
}

/** As `response.writeHead(200, …).end(body, "latin1")`. */
export function sendText({ head, body }: ReadyText, response: ServerResponse): void {
  (response as WithHead)._header = head;
  response.end(body, "latin1");
}

function isStill(text: Kept, { served, unpurged, now }: About): boolean {
  const { prepared, source, sequence, validUntil, lastCallUntil, degraded } = text.served;
  return (
    now < text.until &&
    prepared === served.prepared &&
    sequence === served.sequence &&
    source === served.source &&
    validUntil === served.validUntil &&
    lastCallUntil === served.lastCallUntil &&
    degraded === served.degraded &&
    unpurged === text.unpurged &&
    text.ageSeconds === ageOf(served, now)
  );
}

const ageOf = ({ knownAt }: Served, now: number) =>
  knownAt === undefined ? -1 : Math.floor((now - knownAt) / 1_000);

/** The next moment at which the clock by itself changes something in the head. */
function changesAt({ validUntil, lastCallUntil }: Served, now: number): number {
  const second = now - (now % 1_000) + 1_000;
  // Lifetimes that the boundary cuts are whole seconds, counted from it.
  const cut = validUntil === undefined ? second : now + 1 + ((validUntil - now) % 1_000);
  const called = lastCallUntil === undefined || lastCallUntil <= now ? second : lastCallUntil;
  return Math.min(second, cut, called);
}

/** By HTTP/1.1, and neither side wants to end it: then every head says the same of it. */
function staysOpen(response: ServerResponse): boolean {
  const { httpVersionMajor, httpVersionMinor } = response.req as IncomingMessage;
  return (
    httpVersionMajor === 1 &&
    httpVersionMinor === 1 &&
    response.shouldKeepAlive &&
    (response as WithHead).maxRequestsOnConnectionReached !== true
  );
}
