import { isUtf8 } from "node:buffer";
import { z } from "zod";
import { parsePayload } from "../../../streams/events.ts";
import { instant } from "../../../streams/payloads.ts";
import { type LogName, logOf, parseStoredSubject, storedSubjectOf } from "../../../streams/subjects.ts";
import type { TextLine } from "./text-lines.ts";

/**
 * A line as an event: `{"subject": "catalog.price.updated.85123A", "payload": {…}}`, with the `headers` and the
 * `time` that the log had for it, as `shelfwire export` writes them.
 *
 * An event is dated by its `occurred_at`, by CloudEvents' `ce-time`, else by the log, and never later than the
 * log took it. The log that takes it now is later than the one it came from, so what that one knew is put into
 * the event: histories then say the same.
 */
export interface EventLine {
  readonly log: LogName;
  readonly subject: string;
  readonly payload: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export interface LineProblem {
  readonly reason: string;
  readonly detail: string;
}

/** Every byte of a payload may be escaped as `\u0000`; headers and subject have room beside it. */
export const lineBytesMax = 2 * 1024 * 1024;

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
const headerValue = /^[^\p{Cc}]{0,4096}$/u;

const shape = z
  .object({
    subject: z.string(),
    payload: z.unknown().optional(),
    payload_base64: z.base64().optional(),
    headers: z.record(z.string().regex(headerName), z.string().regex(headerValue)).optional(),
    time: z
      .string()
      .refine((text) => instant.safeParse(text).success, "must be an RFC 3339 time")
      .optional(),
  })
  .refine(({ payload, payload_base64 }) => (payload === undefined) !== (payload_base64 === undefined), {
    path: ["payload"],
    error: "must be there, or a payload_base64 in its place",
  });

export function isProblem(parsed: EventLine | LineProblem): parsed is LineProblem {
  return "reason" in parsed;
}

export function parseEventLine({ bytes, tooLong }: TextLine): EventLine | LineProblem {
  if (tooLong) return { reason: "row-too-large", detail: `the line is larger than ${lineBytesMax} bytes` };
  if (!isUtf8(bytes)) return { reason: "bad-encoding", detail: "the line is not UTF-8" };
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    return { reason: "malformed-row", detail: `the line is not JSON: ${(error as Error).message}` };
  }
  const parsed = shape.safeParse(value);
  if (!parsed.success) {
    const detail = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
    return { reason: "bad-line", detail };
  }
  const { subject, payload, payload_base64, headers = {}, time } = parsed.data;
  const about = parseStoredSubject(storedSubjectOf(subject));
  if ("problem" in about) return { reason: "bad-subject", detail: about.problem };
  const { kind } = about;
  const raw =
    payload_base64 === undefined
      ? Buffer.from(JSON.stringify(payload) ?? "")
      : Buffer.from(payload_base64, "base64");
  const kept = new Map(
    Object.entries(headers)
      .map(([name, text]) => [name.toLowerCase(), text] as const)
      .filter(([name]) => !name.startsWith("nats-")),
  );
  const event = parsePayload(kind, raw, kept);
  if ("reason" in event) return { reason: "bad-event", detail: event.reason };
  const log = logOf(kind);
  if (time === undefined) return { log, subject, payload: raw, headers: Object.fromEntries(kept) };

  const loggedAt = Date.parse(time);
  const { occurred_at } = event.data;
  if (occurred_at === undefined || occurred_at === null) {
    const said = instant.safeParse(kept.get("ce-time"));
    kept.set("ce-time", new Date(Math.min(said.data ?? loggedAt, loggedAt)).toISOString());
  }
  const dated = occurred_at != null && occurred_at > loggedAt;
  return {
    log,
    subject,
    payload: dated ? withTime(raw, loggedAt) : raw,
    headers: Object.fromEntries(kept),
  };
}

function withTime(payload: Buffer, at: number): Buffer {
  const document = JSON.parse(payload.toString("utf8")) as object;
  return Buffer.from(JSON.stringify({ ...document, occurred_at: new Date(at).toISOString() }));
}
