import type { z } from "zod";
import type { Identifier, Token } from "./identifier.ts";
import type { StoredMessage } from "./log.ts";
import { instant, laterSchemas, type Payload, payloadSchemas } from "./payloads.ts";
import { plainBytes } from "./plain-bytes.ts";
import { plainProduct } from "./plain-product.ts";
import { firstVersion, schemaVersionOf } from "./schema-version.ts";
import { type EventKind, parseStoredSubject } from "./subjects.ts";

/**
 * Events: what happened, as publishers write it.
 *
 * Bytes meet zod here, once. What comes out of `decodeEvent` is either a typed event, whose facts nobody
 * checks again, or a reason that a person can act on; nothing throws, whatever the bytes are. Unknown fields
 * stay in the log and go no further.
 */

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const payloadBytesMax = 256 * 1024;

/** One event of one kind: what it says, whom it is about, and where in the log it stands. */
export type EventOf<Kind extends EventKind> = {
  readonly kind: Kind;
  /** The product, category, sale, slot or user that the subject names. */
  readonly id: Identifier;
  readonly token: Token;
  readonly partition: number;
  readonly sequence: number;
  /** When the log took it, in milliseconds since 1970. */
  readonly loggedAt: number;
  /** When it happened: the publisher's `occurred_at`, never later than `loggedAt`. */
  readonly at: number;
  readonly data: Payload<Kind>;
};

export type Event = { [Kind in EventKind]: EventOf<Kind> }[EventKind];

/** A message that is no event. `reason` tells its publisher what to mend. */
export type BadEvent = {
  readonly reason: string;
  readonly partition: number;
  readonly message: StoredMessage;
  /** What its subject names, where that much is right. */
  readonly about?: { readonly kind: EventKind; readonly id: Identifier };
};

export function isBad(decoded: Event | BadEvent): decoded is BadEvent {
  return "reason" in decoded;
}

/** What the log stored, as an event. Never throws; costs about a microsecond for a price. */
export function decodeEvent(message: StoredMessage): Event | BadEvent {
  const named = parseStoredSubject(message.subject);
  if ("problem" in named) return { reason: named.problem, partition: named.partition, message };
  const { kind, identifier: id, token, partition } = named;
  const parsed = parsePayload(kind, message.payload, message.headers);
  if ("reason" in parsed) return { reason: parsed.reason, partition, message, about: { kind, id } };
  const data = parsed.data;
  const occurredAt = data.occurred_at ?? cloudEventTime(message.headers) ?? message.time;
  return {
    kind,
    id,
    token,
    partition,
    sequence: message.sequence,
    loggedAt: message.time,
    at: Math.min(occurredAt, message.time),
    data,
  } as Event;
}

/** A payload held against its schema, in the version that its headers name, as every door of the catalogue does before it lets one in. */
export function parsePayload<Kind extends EventKind>(
  kind: Kind,
  payload: Uint8Array,
  headers?: ReadonlyMap<string, string>,
): { readonly data: Payload<Kind> } | { readonly reason: string } {
  if (payload.byteLength > payloadBytesMax) {
    return { reason: `the payload has ${payload.byteLength} bytes; at most ${payloadBytesMax} are allowed` };
  }
  const contentType = headers?.get("ce-datacontenttype") ?? headers?.get("content-type");
  if (contentType !== undefined && !/^application\/(?:[\w.-]+\+)?json\b/i.test(contentType)) {
    return { reason: `the payload is ${contentType}; publish application/json` };
  }
  const version = schemaVersionOf(kind, headers);
  if (typeof version === "object") return version;
  const isFirst = version === firstVersion;
  const read = isFirst ? plainBytes[kind]?.(payload) : undefined;
  if (read !== undefined) return { data: read as Payload<Kind> };
  const json = textOf(payload);
  if (json === undefined) return { reason: "the payload is not UTF-8" };
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return { reason: `the payload is not JSON: ${(error as Error).message}` };
  }
  // Only a \u escape can smuggle half a surrogate pair through valid UTF-8.
  if (json.includes("\\u") && !isWellFormed(value)) {
    return { reason: "the payload holds a lone surrogate (\\ud800 to \\udfff without its other half)" };
  }
  const recognised = isFirst && kind === "product.modified" ? plainProduct(value) : undefined;
  if (recognised !== undefined) return { data: recognised as Payload<Kind> };
  const schema = laterSchemas[kind]?.[version] ?? payloadSchemas[kind];
  const result = schema.safeParse(value);
  if (result.success) return { data: result.data as Payload<Kind> };
  const { issues = [] } = schema.safeParse(value, { error: explain }).error ?? {};
  return { reason: issues.map(describeIssue).join("; ") };
}

/** The text of UTF-8 bytes; undefined where they are none. */
function textOf(payload: Uint8Array): string | undefined {
  const bytes =
    payload instanceof Buffer ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const text = bytes.toString("utf8");
  // A decoder that refuses costs three times as much: it is asked where something may have been replaced.
  if (!text.includes("\ufffd")) return text;
  try {
    return utf8.decode(payload);
  } catch {
    return undefined;
  }
}

/** Walks with a stack of its own: JSON may be nested deeper than calls may. */
function isWellFormed(value: unknown): boolean {
  const left: unknown[] = [value];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    if (typeof at === "string" && !at.isWellFormed()) return false;
    if (typeof at === "object" && at !== null) {
      for (const [key, inner] of Object.entries(at)) left.push(key, inner);
    }
  }
  return true;
}

/** What zod would say in its own terms, said in the publisher's. */
function explain(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== "invalid_type") return undefined;
  return issue.input === undefined ? "is required" : `must be of type ${issue.expected}`;
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join(".");
  return path === "" ? issue.message : `${path}: ${issue.message}`;
}

/** CloudEvents 1.0, binary mode over NATS: the attributes travel as `ce-` headers, the payload is ours. */
function cloudEventTime(headers: ReadonlyMap<string, string> | undefined): number | undefined {
  const time = headers?.get("ce-time");
  if (time === undefined) return undefined;
  const parsed = instant.safeParse(time);
  return parsed.success ? parsed.data : undefined;
}
