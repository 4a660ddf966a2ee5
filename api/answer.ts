import { hash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { type CachePolicy, cacheControl } from "./cache-policy.ts";
import type { TagHeaders } from "./cache-tags.ts";
import type { Source } from "./sources.ts";

/**
 * Answers: bytes, their validator, and what the caches between here and the reader may do with them.
 *
 * The ETag is strong and made from the bytes, so that whatever changes them changes it (RFC 9110, 8.8.3); a
 * request that names it gets 304 without the body (13.1.2).
 */
export interface Answer extends Circumstances {
  readonly body: object | string;
  readonly contentType?: string;
  readonly tags?: TagHeaders;
}

/** A body as it leaves, with its validator: made when the value changes, not when somebody asks. */
export interface Prepared {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly contentType: string;
  /** By what caches in front of us may drop it. */
  readonly tags: TagHeaders;
}

export interface Circumstances {
  readonly policy: CachePolicy;
  /** Who answered, for `Cache-Status` (RFC 9211). */
  readonly source?: Source;
  /** `<stream>/<sequence>` up to which the answer is known to be true. */
  readonly position?: string | undefined;
  /** When it was last known to equal the log, in milliseconds since 1970. */
  readonly knownAt?: number | undefined;
  /** The next moment at which the answer changes by the clock. */
  readonly validUntil?: number | undefined;
  /** Until then the last units of the product in it are being sold. */
  readonly lastCallUntil?: number | undefined;
  readonly degraded?: boolean;
  /** The edge cannot be relied upon to drop it when it changes. */
  readonly unpurged?: boolean;
}

const validatorsMax = 16;

const json = "application/json; charset=utf-8";

export function prepare(body: object | string, tags = untagged, contentType = json): Prepared {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  // Bytes of their own: a slice of Node's pool would hold all of its slab for as long as it is kept.
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return { bytes, etag: etagOf(bytes), contentType, tags };
}

const untagged: TagHeaders = [];

/** The same for keeps: bytes that are a part of others would hold all of those for as long. */
export function withOwnBytes(prepared: Prepared): Prepared {
  const { bytes } = prepared;
  if (bytes.length === bytes.buffer.byteLength) return prepared;
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return { ...prepared, bytes: own };
}

/** JSON around items that are prepared already. Its ETag is made from theirs, which are made from their bytes. */
export function prepareParts(begin: string, items: readonly Prepared[], end: string): Prepared {
  const pieces: Buffer[] = [Buffer.from(begin)];
  for (const [at, { bytes }] of items.entries()) {
    if (at > 0) pieces.push(comma);
    pieces.push(bytes);
  }
  pieces.push(Buffer.from(end));
  const named = `${begin}${items.map(({ etag }) => etag).join()}${end}`;
  return { bytes: Buffer.concat(pieces), etag: etagOf(named), contentType: json, tags: untagged };
}

const comma = Buffer.from(",");

const etagOf = (bytes: Buffer | string) => `"${hash("sha256", bytes, "base64url").slice(0, 27)}"`;

/** The same JSON with a word about its being degraded. */
export function degradedOf({ bytes, contentType }: Prepared): Prepared {
  return prepare(`${bytes.toString("utf8", 0, bytes.length - 1)},"degraded":true}`, untagged, contentType);
}

export function send(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Answer,
  now: number,
): FastifyReply {
  const { body, contentType, tags, degraded = false } = answer;
  const value = degraded && typeof body === "object" ? { ...body, degraded: true } : body;
  return sendPrepared(request, reply, prepare(value, tags, contentType), answer, now);
}

export function sendPrepared(
  request: FastifyRequest,
  reply: FastifyReply,
  prepared: Prepared,
  answer: Circumstances,
  now: number,
): FastifyReply {
  const headers = headersOf(prepared, answer, request.user !== undefined, now);
  for (let at = 0; at < headers.length; at += 2) reply.header(headers[at] as string, headers[at + 1]);
  const isKnown = answer.degraded !== true && matches(request.headers["if-none-match"], prepared.etag);
  return isKnown ? reply.code(304).send() : reply.send(prepared.bytes);
}

/**
 * All headers but the length of the body: name, value, name, value. `signedIn`: the caller is a known user. Whatever
 * makes them is compared in `fast-path/sent-texts.ts`.
 */
export function headersOf(
  { etag, contentType, tags }: Prepared,
  answer: Circumstances,
  signedIn: boolean,
  now: number,
): string[] {
  const { policy, source, position, knownAt, validUntil, degraded = false } = answer;
  const validForMs = validUntil === undefined ? undefined : validUntil - now;
  const { browser, cdn } = lifetimesOf(answer, signedIn, now);
  const headers = ["etag", etag, "content-type", contentType];
  headers.push("cache-control", degraded ? "no-store" : cacheControl(browser, validForMs));
  if (cdn !== undefined)
    headers.push("cdn-cache-control", degraded ? "no-store" : cacheControl(cdn, validForMs));
  if (policy.vary !== undefined)
    headers.push("vary", signedIn ? policy.vary.authenticated : policy.vary.anonymous);
  if (!degraded && !signedIn) for (const each of tags) headers.push(each);
  if (source !== undefined) headers.push("cache-status", `shelfwire; hit; detail=${source}`);
  if (position !== undefined) headers.push("catalog-version", position);
  const ageSeconds = ageSecondsOf(knownAt, now);
  if (ageSeconds !== undefined) headers.push("age", String(ageSeconds));
  if (validUntil !== undefined) headers.push("catalog-valid-until", String(validUntil));
  return headers;
}

export const ageSecondsOf = (knownAt: number | undefined, now: number): number | undefined =>
  knownAt === undefined ? undefined : Math.max(0, Math.floor((now - knownAt) / 1_000));

let dateSecond = Number.NaN;
let dateText = "";

/** `Date` (RFC 9110, 6.6.1), made once a second. */
export function dateOf(now: number): string {
  const second = Math.floor(now / 1_000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(1_000 * second).toUTCString();
  }
  return dateText;
}

function lifetimesOf(
  { policy, lastCallUntil, unpurged }: Circumstances,
  signedIn: boolean,
  now: number,
): Pick<CachePolicy, "browser" | "cdn"> {
  if (signedIn && policy.authenticated !== undefined) return policy.authenticated;
  const purged = unpurged === true && policy.unpurged !== undefined ? policy.unpurged : policy;
  return lastCallUntil !== undefined && now < lastCallUntil ? { ...purged, ...policy.lastCall } : purged;
}

/** `If-None-Match` compares weakly (RFC 9110, 13.1.2); a list too long to be honest is passed over. */
export function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === "*") return true;
  const tags = header.split(",", validatorsMax + 1);
  return tags.length <= validatorsMax && tags.some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
