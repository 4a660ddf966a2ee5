import { createHash } from "node:crypto";
import { z } from "zod";
import type { Log } from "../../streams/log.ts";
import { ImportRefused } from "./import-refused.ts";

/**
 * The ledger: which feeds were imported, and how far, kept in the log beside the events themselves.
 *
 * A feed is known by its content. Its page says up to which line everything was published and where the
 * logs stood then, so that a run after a crash knows what to leave out and where to look for the rest. The
 * base is what the catalogue held when the feed was begun (prices, stock, titles): events are computed
 * from it, so a later run that took it from the log again would compute others.
 *
 * Each save expects the page as it last saw it. Two imports of one feed at once cannot both go on.
 */

const position = z.object({
  /** When the stream was created: positions in another one mean nothing. */
  epoch: z.number(),
  /** Events of lines not yet done are behind this sequence. */
  sequence: z.number(),
});

const pageSchema = z.object({
  file: z.string(),
  lines_done: z.number(),
  complete: z.boolean(),
  catalog: position,
  activity: position,
  /** What the operator chose when the feed was begun, in the format's own terms. */
  settings: z.record(z.string(), z.union([z.string(), z.number()])),
  /** The base's chunks, each by the hash of its content: imports racing to begin cannot mix theirs. */
  base: z.array(z.string()),
});

const chunkSchema = z.array(z.unknown());

export type LedgerPage = z.infer<typeof pageSchema>;

export interface Ledger {
  /** The page as it stands; undefined where the feed was never begun. */
  readonly page: LedgerPage | undefined;
  /** The rows given to `begin`. */
  base(): Promise<unknown[]>;
  /** Writes the base, then the first page: a page is never there without its base. */
  begin(page: Omit<LedgerPage, "base">, base: readonly unknown[]): Promise<void>;
  /** Changes the page. Throws `ImportRefused` where another import changed it meanwhile. */
  save(change: Partial<LedgerPage>): Promise<void>;
}

const chunkBytesMax = 256 * 1024;

/** The ledger of one feed of one format, on the LEDGER stream. */
export async function openLedger(log: Log, format: string, hash: string): Promise<Ledger> {
  const subject = `ledger.${format}.${hash}`;
  const chunkSubject = (name: string) => `${subject}.base.${name}`;
  const stored = await log.last(subject, "leader");
  let sequence = stored?.sequence ?? 0;
  let page = stored === undefined ? undefined : parse(stored.payload, pageSchema, subject);

  async function write(next: LedgerPage): Promise<void> {
    const appended = await log.append(subject, encode(next), { expectedLastSubjectSequence: sequence });
    if (appended.outcome === "conflict") {
      throw new ImportRefused(`another import of ${next.file} is under way: let it end, then run this again`);
    }
    sequence = appended.sequence;
    page = next;
  }

  return {
    get page() {
      return page;
    },
    async base() {
      const rows: unknown[] = [];
      for (const name of page?.base ?? []) {
        const chunk = await log.last(chunkSubject(name), "leader");
        if (chunk === undefined)
          throw new ImportRefused(`${log.stream} has lost ${chunkSubject(name)}: restore it`);
        rows.push(...parse(chunk.payload, chunkSchema, chunkSubject(name)));
      }
      return rows;
    },
    async begin(first, base) {
      const names: string[] = [];
      for (const chunk of chunksOf(base)) {
        const name = createHash("sha256").update(chunk).digest("hex").slice(0, 16);
        await log.append(chunkSubject(name), chunk);
        names.push(name);
      }
      await write({ ...first, base: names });
    },
    async save(change) {
      if (page === undefined) throw new Error(`${subject} was saved before it was begun`);
      await write({ ...page, ...change });
    },
  };
}

/** JSON arrays of rows, each at most `chunkBytesMax` unless one row alone is larger. */
function chunksOf(rows: readonly unknown[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let texts: string[] = [];
  let bytes = 2;
  const close = () => {
    if (texts.length > 0) chunks.push(Buffer.from(`[${texts.join(",")}]`));
    texts = [];
    bytes = 2;
  };
  for (const row of rows) {
    const text = JSON.stringify(row);
    const size = Buffer.byteLength(text) + 1;
    if (bytes + size > chunkBytesMax) close();
    texts.push(text);
    bytes += size;
  }
  close();
  return chunks;
}

function encode(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function parse<T>(payload: Uint8Array, schema: z.ZodType<T>, subject: string): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(payload).toString("utf8")));
  } catch (error) {
    throw new ImportRefused(
      `the ledger's ${subject} is not readable by this version: import with the one that wrote it`,
      {
        cause: error,
      },
    );
  }
}
