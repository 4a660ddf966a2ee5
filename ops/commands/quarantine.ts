import { isUtf8 } from "node:buffer";
import { listQuarantine, markRepublished, type QuarantineEntry } from "../../streams/quarantine.ts";
import type { Catalogue } from "../catalogue.ts";
import { Refused } from "../refused.ts";
import { publish } from "./publish.ts";

/** `shelfwire quarantine list|show|republish`: what could not be an event, and its mended return. */

export interface QuarantineLine {
  readonly subject: string;
  readonly sequence: number;
  readonly time: string;
  readonly reason: string;
  /** The payload as text; what is not UTF-8 as `base64:...`. */
  readonly payload: string;
  readonly product?: string;
  readonly republished?: string;
}

export function lineOf({
  subject,
  sequence,
  time,
  reason,
  payload,
  product,
  republished,
}: QuarantineEntry): QuarantineLine {
  const bytes = Buffer.from(payload);
  return {
    subject,
    sequence,
    time: new Date(time).toISOString(),
    reason,
    payload: isUtf8(bytes) ? bytes.toString("utf8") : `base64:${bytes.toString("base64")}`,
    ...(product !== undefined && { product }),
    ...(republished !== undefined && { republished }),
  };
}

/** Entries that still wait for a person; with `all`, also those whose mended event was published. */
export async function* list(catalogue: Catalogue, all: boolean): AsyncIterable<QuarantineLine> {
  for await (const entry of listQuarantine(catalogue.quarantine)) {
    if (all || entry.republished === undefined) yield lineOf(entry);
  }
}

export async function show(catalogue: Catalogue, log: string, sequence: number): Promise<QuarantineLine> {
  return lineOf((await find(catalogue, log, sequence))[0]);
}

/** What is other than in the entry. */
export interface Mended {
  readonly payload?: string;
  readonly subject?: string;
  /** The version of the payload's schema; without one it is the first. */
  readonly schema?: number;
}

/** Publishes the mended payload on the entry's subject, or on another one, and marks the entry. */
export async function republish(
  catalogue: Catalogue,
  log: string,
  sequence: number,
  mended: Mended,
): Promise<{ readonly stream: string; readonly sequence: number }> {
  const [entry, ...others] = await find(catalogue, log, sequence);
  if (entry.republished !== undefined)
    throw new Refused(`it was republished as ${entry.republished} already`);
  const payload = mended.payload ?? Buffer.from(entry.payload).toString("utf8");
  const position = await publish(catalogue, mended.subject ?? entry.subject, payload, {
    id: `republished-${log}-${sequence}`,
    ...(mended.schema !== undefined && { schema: mended.schema }),
  });
  for (const one of [entry, ...others]) {
    await markRepublished(catalogue.quarantine, one, `${position.stream}/${position.sequence}`);
  }
  return position;
}

/** An event that is bad for several products alone has an entry for each. */
async function find(
  catalogue: Catalogue,
  log: string,
  sequence: number,
): Promise<readonly [QuarantineEntry, ...QuarantineEntry[]]> {
  const found: QuarantineEntry[] = [];
  for await (const entry of listQuarantine(catalogue.quarantine)) {
    if (entry.log === log && entry.sequence === sequence) found.push(entry);
  }
  const [first, ...others] = found;
  if (first !== undefined) return [first, ...others];
  throw new Refused(
    `there is nothing in quarantine from ${log} at ${sequence}; see shelfwire quarantine list`,
  );
}
