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
  /** Whether something about one of these partitions may have been missed since then. */
  inDoubtSince(moment: number, partitions: readonly number[]): boolean;
  /** When the last of these partitions was known to be at the head of the log; 0 where one never was. */
  headAt(partitions: readonly number[]): number;
  /** The position of the partition as it was last heard; 0 where none was. */
  reached(partition: number): number;
  close(): void;
}

export interface About {
  readonly products: readonly Identifier[];
  readonly groups: readonly Identifier[];
  readonly partitions: readonly number[];
}

/** Told of each change, for what is to be dropped. */
export type OnChange = (products: readonly Identifier[], groups: readonly Identifier[]) => void;

interface Heard {
  readonly products: ReadonlySet<Identifier>;
  readonly groups: ReadonlySet<Identifier>;
}

/** Changes that a load under way is held against, and the names in them; one that takes longer is not kept. */
const rememberedMax = 512;
const rememberedNamesMax = 20_000;

/** `versions`: of the log that this process reads; word of another one is none. */
export function hearChanges(broadcast: Broadcast, versions: Versions, onChange: OnChange): HeardChanges {
  const ends: (Version | undefined)[] = allPartitions.map(() => undefined);
  const headAts: number[] = allPartitions.map(() => 0);
  /** The moment of each partition's last gap. */
  const gaps: number[] = allPartitions.map(() => 0);
  let moment = 0;
  let recent: Heard[] = [];
  let names = 0;

  function doubt(partition: number): void {
    gaps[partition] = moment;
    headAts[partition] = 0;
  }

  function hear({ moves, products, groups }: Change): void {
    moment++;
    for (const { partition, from, to, headAt } of moves) {
      // Products that are too many to be named may be any of the partition's.
      if (from !== ends[partition] || products === undefined) doubt(partition);
      ends[partition] = to;
      headAts[partition] = headAt;
    }
    recent.push({ products: new Set(products), groups: new Set(groups) });
    names += (products?.length ?? 0) + groups.length;
    while (recent.length > rememberedMax || names > rememberedNamesMax) {
      const oldest = recent.shift();
      names -= (oldest?.products.size ?? 0) + (oldest?.groups.size ?? 0);
    }
    onChange(products ?? [], groups);
  }

  function missed(): void {
    moment++;
    recent = [];
    names = 0;
    for (const partition of allPartitions) {
      ends[partition] = undefined;
      doubt(partition);
    }
  }

  const listening = broadcast.listen({
    missed,
    hear(bytes) {
      const change = decodeChange(bytes);
      if (change?.moves.every(({ to }) => sameLog(to, versions(0))) === true) hear(change);
      else missed();
    },
  });

  const inDoubtSince = (since: number, partitions: readonly number[]) =>
    partitions.some((partition) => (gaps[partition] as number) > since);

  return {
    moment: () => moment,
    inDoubtSince,
    unchangedSince(since, { products, groups, partitions }) {
      const count = moment - since;
      if (count === 0) return true;
      if (count > recent.length || inDoubtSince(since, partitions)) return false;
      return !recent
        .slice(-count)
        .some(
          (heard) =>
            products.some((id) => heard.products.has(id)) || groups.some((id) => heard.groups.has(id)),
        );
    },
    headAt: (partitions) => Math.min(...partitions.map((partition) => headAts[partition] as number)),
    reached(partition) {
      const end = ends[partition];
      return end === undefined ? 0 : sequenceOf(end);
    },
    close: () => listening.close(),
  };
}
