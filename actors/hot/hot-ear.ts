import { decodeChange } from "../../projections/changes.ts";
import { sameLog, type Versions } from "../../projections/version.ts";
import type { Broadcast, Listening } from "../../streams/broadcast.ts";
import { decodeHeatWord } from "./heat-word.ts";
import type { HotInput } from "./hot-decisions.ts";
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

const announcersMax = 256;

export function openHotEar({ heat, held, changes, versions, heard }: HotEarOptions): Listening {
  /** How many words each announcer has said. */
  const counts = new Map<string, number>();
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
    const drops = dropsIn(change);
    const isKnown = isNext(change.by, change.count) && change.products !== undefined;
    const products = isKnown ? [...(change.products ?? []).keys()] : undefined;
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
    close() {
      for (const each of listening) each.close();
    },
  };
}
