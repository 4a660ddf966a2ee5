import type { Aspects } from "../../projections/aspects.ts";
import { type Change, decodeChange } from "../../projections/changes.ts";
import { sameLog, sequenceOf, type Version, type Versions } from "../../projections/version.ts";
import type { Broadcast } from "../../streams/broadcast.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { allPartitions } from "../../streams/partition.ts";

/**
 * What this process has heard of changes, and when it cannot be sure to have heard all of them.
 *
 * Each partition's moves are one chain. A link that is missing, a lost connection or words that cannot be read put
 * the partition in doubt from then on: what was made before is checked before it is trusted again.
 */
export interface HeardChanges {
  /** A moment in what was heard: everything said before it is in the store. */
  moment(): number;
  /** Whether nothing that was heard since then concerns these, and nothing can have been missed. */
  unchangedSince(moment: number, about: About): boolean;
  /**
   * Whether a value that includes everything up to these positions includes all that was heard of what it is about. A
   * position that is left out is not asked for.
   */
  covered(positions: ReadonlyMap<number, number>, about: About): boolean;
  /** Whether something about one of these partitions may have been missed since then. */
  inDoubtSince(moment: number, partitions: readonly number[]): boolean;
  /** When the last of these partitions was known to be at the head of the log; 0 where one never was. */
  headAt(partitions: readonly number[]): number;
  /** The position of the partition as it was last heard; 0 where none was. */
  reached(partition: number): number;
  close(): void;
}

/** What an answer shows and depends on. */
export interface About {
  readonly products: ReadonlyMap<Identifier, unknown>;
  /** What it shows of the product. */
  aspectsOf(id: Identifier): Aspects;
  readonly names: readonly string[];
  readonly partitions: readonly number[];
}

/** What changed: products with their aspects, and names. */
export interface Touched {
  readonly products: ReadonlyMap<Identifier, Aspects>;
  readonly names: ReadonlySet<string>;
}

interface Word extends Pick<Change, "moves"> {
  readonly touched: Touched;
}

/** Changes that a load under way is held against, and the names in them; one that takes longer is not kept. */
const rememberedMax = 512;
const rememberedNamesMax = 20_000;
const announcersMax = 256;

/** `versions`: of the log that this process reads; word of another one is a word that cannot be understood. */
export function hearChanges(
  broadcast: Broadcast,
  versions: Versions,
  onChange: (touched: Touched) => void,
): HeardChanges {
  const ends: (Version | undefined)[] = allPartitions.map(() => undefined);
  /** The sequence of each end. */
  const reached: number[] = allPartitions.map(() => 0);
  const headAts: number[] = allPartitions.map(() => 0);
  /** The moment of each partition's last gap. */
  const gaps: number[] = allPartitions.map(() => 0);
  let moment = 0;
  /** How many words each announcer has said. */
  const counts = new Map<string, number>();
  let recent: Word[] = [];
  /** Up to where a value must reach to include what is not remembered of its partition: missed, or too long ago. */
  const unknownTo: number[] = allPartitions.map(() => Number.POSITIVE_INFINITY);
  let named = 0;

  /** `to`: where the word begins from which on everything is heard again. */
  function doubt(partition: number, to: number): void {
    gaps[partition] = moment;
    headAts[partition] = 0;
    unknownTo[partition] = to;
  }

  function forget({ touched, moves }: Word): void {
    named -= sizeOf(touched);
    for (const { partition, to } of moves)
      unknownTo[partition] = Math.max(unknownTo[partition] as number, sequenceOf(to));
  }

  const sizeOf = ({ products, names }: Touched) => products.size + names.size;

  /** Whether this is the announcer's next word, or the first that is heard of it. */
  function isNext({ by, count }: Change): boolean {
    const last = counts.get(by);
    counts.delete(by);
    counts.set(by, count);
    const [oldest] = counts.keys();
    if (counts.size > announcersMax && oldest !== undefined) counts.delete(oldest);
    return last === undefined || count === last + 1;
  }

  function hear({ moves, products, names }: Change): void {
    const touched = { products: products ?? new Map(), names: new Set(names) };
    // Before the partitions count as further on: what an entry was worth until now is still to be seen.
    onChange(touched);
    moment++;
    for (const { partition, from, to, headAt } of moves) {
      // Products that are too many to be named may be any of the partition's.
      if (from !== ends[partition] || products === undefined) doubt(partition, sequenceOf(to));
      ends[partition] = to;
      reached[partition] = sequenceOf(to);
      headAts[partition] = headAt;
    }
    recent.push({ touched, moves });
    named += sizeOf(touched);
    while (recent.length > rememberedMax || named > rememberedNamesMax) {
      const oldest = recent.shift();
      if (oldest !== undefined) forget(oldest);
    }
  }

  function missed(): void {
    moment++;
    recent = [];
    named = 0;
    for (const partition of allPartitions) {
      ends[partition] = undefined;
      reached[partition] = 0;
      doubt(partition, Number.POSITIVE_INFINITY);
    }
  }

  const listening = broadcast.listen({
    missed,
    hear(bytes) {
      const change = decodeChange(bytes);
      if (change?.moves.every(({ to }) => sameLog(to, versions(0))) !== true) {
        missed();
        return;
      }
      if (!isNext(change)) missed();
      hear(change);
    },
  });

  const inDoubtSince = (since: number, partitions: readonly number[]) =>
    partitions.some((partition) => (gaps[partition] as number) > since);

  return {
    moment: () => moment,
    inDoubtSince,
    unchangedSince(since, about) {
      const count = moment - since;
      if (count === 0) return true;
      if (count > recent.length || inDoubtSince(since, about.partitions)) return false;
      return !recent.slice(-count).some(({ touched }) => concerns(touched, about));
    },
    covered(positions, about) {
      const reaches = (partition: number, to: number) => (positions.get(partition) ?? Infinity) >= to;
      if (!about.partitions.every((partition) => reaches(partition, unknownTo[partition] as number)))
        return false;
      const includes = ({ moves }: Word) =>
        moves.every(({ partition, to }) => reaches(partition, sequenceOf(to)));
      return recent.every((word) => !concerns(word.touched, about) || includes(word));
    },
    headAt(partitions) {
      let earliest = Number.POSITIVE_INFINITY;
      for (const partition of partitions) earliest = Math.min(earliest, headAts[partition] as number);
      return earliest;
    },
    reached: (partition) => reached[partition] as number,
    close: () => listening.close(),
  };
}

function concerns({ products, names }: Touched, about: About): boolean {
  if (names.size > 0 && about.names.some((name) => names.has(name))) return true;
  if (products.size === 0) return false;
  for (const id of about.products.keys())
    if (((products.get(id) ?? 0) & about.aspectsOf(id)) !== 0) return true;
  return false;
}
