import type { Log } from "../streams/log.ts";
import { allPartitions } from "../streams/partition.ts";
import type { LogName } from "../streams/subjects.ts";
import type { Position, ReadModel } from "../projections/read-model.ts";
import { sameLog, sequenceOf, type Versions } from "../projections/version.ts";

/**
 * How far the read models are behind the log, asked for at most a few times a second however many readers
 * want to know.
 */
export interface CatalogHealth {
  lag(): Promise<Lag>;
  /** The end of the log, as of now or up to a second ago if that is past `sequence`. */
  reaches(sequence: number): Promise<boolean>;
}

export interface Lag {
  readonly head: number;
  /** The lowest position of all partitions; 0 while one has none. */
  readonly position: number;
  readonly events: number;
  /** How long ago the slowest partition was known to be at the head; null while one never was. */
  readonly seconds: number | null;
}

/**
 * When all partitions were last known to be at the head of the log, in milliseconds since 1970; undefined
 * while one has no position of this log.
 */
export function allAtHead(
  positions: readonly (Position | undefined)[],
  versions: Versions,
): number | undefined {
  let lowest = Number.POSITIVE_INFINITY;
  for (const position of positions) {
    if (position === undefined || !sameLog(position.version, versions(0))) return undefined;
    lowest = Math.min(lowest, position.headAt);
  }
  return lowest;
}

/** The position that every partition has reached; 0 while one has none. */
export function lowestSequence(positions: readonly (Position | undefined)[]): number {
  return Math.min(
    ...positions.map((position) => (position === undefined ? 0 : sequenceOf(position.version))),
  );
}

const rememberedMs = 200;

export function createCatalogHealth(options: {
  readonly name: LogName;
  readonly log: Log;
  readonly readModel: ReadModel;
  readonly versions: Versions;
  readonly now: () => number;
}): CatalogHealth {
  const { name, log, readModel, versions, now } = options;
  let head = 0;
  let asked: { readonly at: number; readonly lag: Promise<Lag> } | undefined;

  async function ask(): Promise<Lag> {
    const at = now();
    const [bounds, positions] = await Promise.all([log.bounds(), readModel.positions(name, allPartitions)]);
    head = Math.max(head, bounds.last);
    const known = [...positions.values()].filter(({ version }) => sameLog(version, versions(0)));
    const whole = known.length === allPartitions.length;
    const position = whole ? Math.min(...known.map(({ version }) => sequenceOf(version))) : 0;
    const headAt = whole ? Math.min(...known.map((one) => one.headAt)) : 0;
    const events = Math.max(0, bounds.last - position);
    const seconds = events === 0 && whole ? 0 : headAt === 0 ? null : Math.max(0, at - headAt) / 1_000;
    return { head: bounds.last, position, events, seconds };
  }

  return {
    lag() {
      if (asked === undefined || now() - asked.at > rememberedMs) {
        const lag = ask();
        asked = { at: now(), lag };
        lag.catch(() => {
          asked = undefined;
        });
      }
      return asked.lag;
    },

    async reaches(sequence) {
      if (sequence <= head) return true;
      head = Math.max(head, (await log.bounds()).last);
      return sequence <= head;
    },
  };
}
