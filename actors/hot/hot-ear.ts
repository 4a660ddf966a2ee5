import { decodeChange } from "../../projections/changes.ts";
import { sameLog, sequenceOf, type Versions } from "../../projections/version.ts";
import type { Broadcast, Listening } from "../../streams/broadcast.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { allPartitions, partitionOf } from "../../streams/partition.ts";
import { decodeHeatWord } from "./heat-word.ts";
import type { HotInput } from "./hot-input.ts";
import { decodeHeldWord } from "./hot-word.ts";
import { dropsIn } from "./late-drops.ts";

/** Hears the words that concern hot products. Whenever one about changes may have been missed, anything may have changed. */
export interface HotEarOptions {
  readonly heat: Broadcast;
  readonly held: Broadcast;
  readonly changes: Broadcast;
  /** Of the log whose changes count. */
  readonly versions: Versions;
  readonly heard: (input: HotInput) => void;
}

export interface HotEar extends Listening {
  /** The position of the product's partition as it was last heard; 0 where none was. What every worker heard as well. */
  reached(id: Identifier): number;
}

const announcersMax = 256;

export function openHotEar({ heat, held, changes, versions, heard }: HotEarOptions): HotEar {
  /** How many words each announcer has said. */
  const counts = new Map<string, number>();
  const positions: number[] = allPartitions.map(() => 0);
  const missed = () => heard({ kind: "change", products: undefined, drops: [] });

  function isNext(by: string, count: number): boolean {
    const last = counts.get(by);
    counts.delete(by);
    counts.set(by, count);
    const [oldest] = counts.keys();
    if (counts.size > announcersMax && oldest !== undefined) counts.delete(oldest);
    return last === undefined || count === last + 1;
  }

  function hearChange(bytes: Uint8Array): void {
    const change = decodeChange(bytes);
    if (change === undefined) return missed();
    if (!change.moves.every(({ to }) => sameLog(to, versions(0)))) return;
    for (const { partition, to } of change.moves) positions[partition] = sequenceOf(to);
    const drops = dropsIn(change);
    const isKnown = isNext(change.by, change.count) && change.products !== undefined;
    const products = isKnown ? [...(change.products ?? [])] : undefined;
    // Most words only say that a partition is at the head of the log.
    if (products?.length !== 0 || drops.length > 0) heard({ kind: "change", products, drops });
  }

  const listening = [
    heat.listen({
      hear(bytes) {
        const word = decodeHeatWord(bytes);
        if (word !== undefined) heard({ kind: "heat", word });
      },
      missed: () => {},
    }),
    held.listen({
      hear(bytes) {
        const word = decodeHeldWord(bytes);
        if (word !== undefined) heard({ kind: "held", word });
      },
      missed: () => {},
    }),
    changes.listen({ hear: hearChange, missed }),
  ];
  return {
    reached: (id) => positions[partitionOf(tokenOf(id))] ?? 0,
    close() {
      for (const each of listening) each.close();
    },
  };
}
