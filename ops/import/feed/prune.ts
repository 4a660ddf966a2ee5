import { type Identifier, tokenOf } from "../../../streams/identifier.ts";
import type { Log, StoredMessage } from "../../../streams/log.ts";
import { publicSubject, storedSubject } from "../../../streams/subjects.ts";
import { createInFlight } from "../in-flight.ts";
import { eventOf, feedHeader } from "./facts.ts";
import type { PruneSummary } from "./feed-tally.ts";
import { findMembers } from "./members.ts";
import { bytesOf } from "./settle.ts";

/**
 * Discontinuing what left a feed: its last document again, with another status. Nothing is deleted, and a
 * product that comes back in the feed is active again.
 */
export interface PruneOptions {
  readonly catalog: Log;
  readonly feed: string;
  /** Whether the files name the product, be it in a broken row. */
  readonly isPresent: (id: string) => boolean;
  /** Why who left cannot be known; then nothing is discontinued. */
  readonly doubt: string | undefined;
  readonly dryRun: boolean;
  /** Asks the operator, once, if any product left. */
  readonly confirm: (left: number, of: number) => Promise<boolean>;
}

const inFlightMax = 256;

export async function prune(options: PruneOptions): Promise<PruneSummary> {
  const { catalog, feed, isPresent, doubt, dryRun, confirm } = options;
  const { left: absent, count: of } = await findMembers(catalog, feed, isPresent);
  const left: Identifier[] = [];
  await forEach(absent, async (id) => {
    if ((await activeDocument(catalog, id)) !== undefined) left.push(id);
  });
  const summary = { left: left.length, of, discontinued: 0 };
  if (left.length === 0 || dryRun) return summary;
  if (doubt !== undefined) return { ...summary, refused: doubt };
  if (!(await confirm(left.length, of))) return { ...summary, refused: "it was not confirmed" };
  let discontinued = 0;
  await forEach(left, async (id) => {
    if (await discontinue(catalog, id, feed)) discontinued++;
  });
  return { ...summary, discontinued };
}

async function forEach(ids: Iterable<Identifier>, work: (id: Identifier) => Promise<void>): Promise<void> {
  const inFlight = createInFlight(inFlightMax);
  for (const id of ids) if (!inFlight.begin(() => work(id))) await inFlight.room();
  await inFlight.drain();
}

/** The product's last document, where it is a good one and active. */
async function activeDocument(catalog: Log, id: Identifier): Promise<StoredMessage | undefined> {
  const last = await catalog.last(storedSubject("product.modified", tokenOf(id)), "leader");
  const status = last && eventOf("product.modified", last)?.data;
  return status === undefined || status.status === "discontinued" ? undefined : last;
}

/** False where somebody else did it meanwhile. */
async function discontinue(catalog: Log, id: Identifier, feed: string): Promise<boolean> {
  for (;;) {
    const last = await activeDocument(catalog, id);
    if (last === undefined) return false;
    const text = Buffer.from(last.payload).toString("utf8");
    const { occurred_at: _at, ...document } = JSON.parse(text) as { readonly occurred_at?: unknown };
    const appended = await catalog.append(
      publicSubject("product.modified", id),
      bytesOf({ ...document, status: "discontinued" }),
      { expectedLastSubjectSequence: last.sequence, headers: { [feedHeader]: feed } },
    );
    if (appended.outcome === "stored") return true;
  }
}
