import { decodePurgeWord, type PurgeState } from "../actors/edge-purge/purge-report.ts";

/**
 * Whether the edge can be trusted to drop what changes: then CDNs may hold an answer for longer than its freshness
 * bound (`cdn` in `cache-policy.ts`), else for as long as a browser.
 *
 * Each purge actor gives a sign of life once a second. One that is silent for `silentMs`, or says that its provider is
 * down, ends the trust; so does not having heard of one yet. Times are passed in, in milliseconds of one clock.
 */
export interface EdgeTrust {
  /** Whether answers carry the short lifetimes at this moment: read for every answer. */
  readonly isShort: boolean;
  hear(bytes: Uint8Array, now: number): void;
  /** Notices silence: called now and then. */
  look(now: number): void;
}

export const edgeLifetimes = ["auto", "long", "short"] as const;
export type EdgeLifetimes = (typeof edgeLifetimes)[number];

const silentMs = 5_000;

/** `providers`: those that must be purged, by the names that their actors say. None: nothing is known of an edge. */
export function createEdgeTrust(lifetimes: EdgeLifetimes, providers: readonly string[]): EdgeTrust {
  const heard = new Map<string, { readonly at: number; readonly state: PurgeState }>();
  const isAuto = lifetimes === "auto" && providers.length > 0;
  let isShort = lifetimes === "short" || isAuto;

  function look(now: number): void {
    if (!isAuto) return;
    isShort = !providers.every((provider) => {
      const last = heard.get(provider);
      return last !== undefined && last.state !== "down" && now - last.at < silentMs;
    });
  }

  return {
    get isShort() {
      return isShort;
    },
    hear(bytes, now) {
      const word = decodePurgeWord(bytes);
      if (word === undefined || !providers.includes(word.provider)) return;
      heard.set(word.provider, { at: now, state: word.state });
      look(now);
    },
    look,
  };
}
