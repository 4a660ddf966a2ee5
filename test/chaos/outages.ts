/**
 * When each part was away, as those know who took it away: what a failed read is held against. An outage
 * lasts a little longer than its cause, until the clients that lost their link have had time to find it again.
 */
export interface Outages {
  /** Returns what ends it. */
  begin(part: Part): () => void;
  /** Whether the part was there the whole time. */
  stood(part: Part, from: number, to: number): boolean;
}

/** `api` is the process that answers HTTP. */
export type Part = "nats" | "redis" | "api";

/** A client tries its link again within 200 ms, and a request that was lost with the old one ends in a second. */
const graceMs = 1_300;

/** `now`: monotonic milliseconds. */
export function createOutages(now: () => number): Outages {
  const outages: { readonly part: Part; readonly from: number; to: number }[] = [];
  return {
    begin(part) {
      const outage = { part, from: now(), to: Number.POSITIVE_INFINITY };
      outages.push(outage);
      return () => {
        outage.to = now() + graceMs;
      };
    },
    stood: (part, from, to) =>
      !outages.some((outage) => outage.part === part && outage.from <= to && outage.to >= from),
  };
}
