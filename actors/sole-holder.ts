import type { Lease, Leases } from "../streams/lease.ts";
import { limits } from "../streams/limits.ts";
import { type Pause, pause as realPause } from "./pause.ts";

/**
 * One at a time in the cluster: waits for the lease, works while it is held, and gives it back.
 *
 * A lease that could not be renewed in time counts as lost by our own clock before the server lets another take it; the
 * work is told to end then, and the wait begins again. What the work throws is thrown, behind the lease's return.
 */
export interface SoleHolderOptions {
  readonly leases: Leases;
  readonly key: string;
  /** What the lease says of its holder, anew at each renewal. */
  readonly about: () => string;
  /** Called with each try, while the lease is another's as well. */
  readonly alive: () => void;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly pause?: Pause;
}

export async function whileHolding(
  options: SoleHolderOptions,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { leases, key, about, alive, clock, pause = realPause } = options;
  const trustMs = leases.ttlMs - limits.leaseRenewMs;
  while (!signal.aborted) {
    alive();
    const claimedAt = clock();
    const lease = await leases.claim(key, about());
    if (lease === undefined) await pause(limits.leaseRenewMs, signal);
    else await hold(lease, claimedAt + trustMs);
  }

  async function hold(claimed: Lease, trusted: number): Promise<void> {
    const ending = new AbortController();
    const either = AbortSignal.any([signal, ending.signal]);
    let lease: Lease | undefined = claimed;
    let until = trusted;
    const working = work(either).finally(() => ending.abort());
    const renewing = (async () => {
      for (;;) {
        await pause(limits.leaseRenewMs, either);
        if (either.aborted) return;
        const askedAt = clock();
        try {
          lease = lease && (await leases.renew({ ...lease, owner: about() }));
          until = askedAt + trustMs;
        } catch {
          // Asked again while the lease lives.
        }
        if (lease === undefined || clock() >= until) ending.abort();
      }
    })();
    const [worked] = await Promise.allSettled([working, renewing]);
    if (lease !== undefined) await leases.release(lease).catch(() => {});
    if (worked.status === "rejected") throw worked.reason;
  }
}
