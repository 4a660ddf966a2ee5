import { type Change, decodeChange, readName } from "../../projections/changes.ts";
import { sameLog, type Versions } from "../../projections/version.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";

/**
 * Prices that fell while nobody looked after hot products. Heat is told again, and sales, commands and states are kept; a
 * drop is said once, on a broadcast, which a stream overhears.
 */
export interface LateDrop {
  readonly id: Identifier;
  /** When the stream heard of it, in milliseconds since 1970. */
  readonly since: number;
}

export interface LateDropsOptions {
  /** The stream CHANGES. */
  readonly overheard: Log;
  /** Of the log whose changes count. */
  readonly versions: Versions;
  readonly signal: AbortSignal;
  readonly heard: (drops: readonly LateDrop[]) => void;
}

const batchMax = 512;
/** Whoever projects says something once a second: silence is the end of what there was. */
const takeMs = 2_000;
/** How such a name begins in a word, which is JSON: what has none is not decoded. */
const mark = Buffer.from('"drop ');

/**
 * Tells of all drops that it still has, those that are known or over included. Costs a scan of what the stream keeps, 16 MiB
 * at most. Throws where the log does not answer.
 */
export async function readLateDrops(options: LateDropsOptions): Promise<void> {
  const { overheard, versions, signal, heard } = options;
  const { first, last, messages } = await overheard.bounds();
  if (messages === 0) return;
  const tail = overheard.tail({ from: first });
  try {
    for (let at = first - 1; at < last && !signal.aborted; ) {
      const batch = await tail.take(batchMax, takeMs);
      if (batch.messages.length === 0) return;
      const drops: LateDrop[] = [];
      for (const { sequence, time, payload } of batch.messages) {
        at = sequence;
        if (Buffer.from(payload.buffer, payload.byteOffset, payload.length).indexOf(mark) < 0) continue;
        const change = decodeChange(payload);
        if (change === undefined || !change.moves.every(({ to }) => sameLog(to, versions(0)))) continue;
        for (const id of dropsIn(change)) drops.push({ id, since: time });
      }
      if (drops.length > 0) heard(drops);
    }
  } finally {
    await tail.close();
  }
}

/** The products whose prices fell. */
export const dropsIn = ({ names }: Change): readonly Identifier[] =>
  names.flatMap((name) => {
    const named = readName(name);
    return named?.kind === "drop" ? [named.id] : [];
  });
