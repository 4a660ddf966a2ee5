import { isUtf8 } from "node:buffer";
import type { Identifier } from "../../streams/identifier.ts";
import { tokenOf } from "../../streams/identifier.ts";
import type { Log, StoredMessage } from "../../streams/log.ts";
import { partitionOf } from "../../streams/partition.ts";
import { type LogName, publishedSubject, storedSubjectOf } from "../../streams/subjects.ts";

/**
 * `shelfwire export`: a range of a log, one JSON object a line, as `import ndjson` takes it back.
 *
 * Everything that the log stored is there, also what could not be an event. The JSON of a payload stands there
 * as its publisher wrote it; what is no JSON is given in base64.
 */
export interface ExportRange {
  /** First and last sequence; the end is at most what the log holds when the export begins. */
  readonly from: number;
  readonly to: number;
  /** Only what is under this product's subjects. */
  readonly product?: Identifier;
}

/** Lines with their ends, in the order of the log, in batches with the last one's sequence. Throws what the log throws. */
export async function* exportLog(
  log: Log,
  name: LogName,
  { from, to, product }: ExportRange,
): AsyncGenerator<{ readonly sequence: number; readonly lines: string }> {
  for await (const messages of product === undefined
    ? messagesBetween(log, from, to)
    : messagesOf(log, `log.${name}.${partitionOf(tokenOf(product))}.*.*.${tokenOf(product)}`, from, to)) {
    const lines = messages.map((message) => lineOf(name, message)).join("");
    yield { sequence: messages.at(-1)?.sequence ?? 0, lines };
  }
}

async function* messagesBetween(
  log: Log,
  from: number,
  to: number,
): AsyncGenerator<readonly StoredMessage[]> {
  const end = Math.min(to, (await log.bounds()).last);
  if (from > end) return;
  const tail = log.tail({ from });
  try {
    for (let reached = from - 1; reached < end; ) {
      const { messages } = await tail.take(1_024, 1_000);
      reached = messages.at(-1)?.sequence ?? reached;
      const inRange = reached <= end ? messages : messages.filter(({ sequence }) => sequence <= end);
      if (inRange.length > 0) yield inRange;
    }
  } finally {
    await tail.close();
  }
}

/** One read each: a product has few events beside the log that the server would have to go through. */
async function* messagesOf(
  log: Log,
  subject: string,
  from: number,
  to: number,
): AsyncGenerator<readonly StoredMessage[]> {
  for (let at = from; ; ) {
    const message = await log.next(subject, at);
    if (message === undefined || message.sequence > to) return;
    yield [message];
    at = message.sequence + 1;
  }
}

function lineOf(log: LogName, { sequence, time, subject, headers, payload }: StoredMessage): string {
  const published = publishedSubject(subject);
  const head = {
    log,
    sequence,
    time: new Date(time).toISOString(),
    // What came past the mapping into a partition that is not its own must not come back as a good event.
    subject: storedSubjectOf(published) === subject ? published : subject,
    ...(headers !== undefined && headers.size > 0 && { headers: Object.fromEntries(headers) }),
  };
  return `${JSON.stringify(head).slice(0, -1)},${payloadOf(Buffer.from(payload))}}\n`;
}

/** What a double cannot hold would come back as another number. */
const longNumber = /[\d.]{16}|\d[eE]/;

/** In JSON line ends stand between tokens only, where a space means the same. */
function payloadOf(bytes: Buffer): string {
  if (isUtf8(bytes)) {
    const text = bytes.toString("utf8");
    try {
      const value: unknown = JSON.parse(text);
      if (!longNumber.test(text) || JSON.stringify(value) === text)
        return `"payload":${text.trim().replace(/[\r\n]+/g, " ")}`;
    } catch {
      // Not JSON: as bytes.
    }
  }
  return `"payload_base64":"${bytes.toString("base64")}"`;
}
