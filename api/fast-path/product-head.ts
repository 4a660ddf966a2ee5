import { STATUS_CODES } from "node:http";
import { dateOf, headersOf, matches } from "../answer.ts";
import { productPolicies } from "../cache-policy.ts";
import type { Served } from "../gateway/served.ts";
import { positionText } from "../position.ts";
import type { Plain } from "./plain.ts";

/** The head of a product's answer, the same as by its route: all headers but those of the connection. */
export interface ProductHead {
  /** 304 where the reader has these bytes. */
  readonly status: 200 | 304;
  /** Name, value, name, value. */
  readonly headers: string[];
}

export function productHead(
  { view, validator }: Plain,
  served: Served,
  stream: string,
  unpurged: boolean,
  now: number,
): ProductHead {
  const { prepared, sequence, degraded } = served;
  const policy = productPolicies[view];
  const position = sequence === undefined ? undefined : positionText(stream, sequence);
  const headers = headersOf(prepared, { ...served, policy, position, unpurged }, false, now);
  // Node's own may be of the second before, for as long as a turn of the loop takes.
  headers.push("date", dateOf(now));
  if (!degraded && matches(validator, prepared.etag)) return { status: 304, headers };
  headers.push("content-length", String(prepared.bytes.length));
  return { status: 200, headers };
}

/** As it stands on the wire (RFC 9112), without the empty line. */
export function headText(status: number, headers: readonly string[]): string {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
  for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
  return text;
}

/** A body up to here leaves in one piece with its head, as a text of single bytes: a sixth cheaper than bytes. */
export const inOnePieceMax = 12 * 1024;
