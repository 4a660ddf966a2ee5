import type { Lease, Leases } from "../../streams/lease.ts";
import { limits } from "../../streams/limits.ts";
import { createMemoryLeases } from "../../streams/memory-leases.ts";
import type { Clock } from "./clock.ts";
import type { Life, Network, Server } from "./network.ts";

/** The leases on their server, which may forget them all at once: then two processes hold what one held. */
export interface LeasesServer extends Server {
  readonly current: Leases;
  /** Its clock jumps: every lease is over at once. */
  forget(): void;
}

export function createLeasesServer(clock: Clock): LeasesServer {
  let ahead = 0;
  const leases = createMemoryLeases(limits.leaseTtlMs, () => clock.now() + ahead);
  return {
    name: "leases",
    downUntil: 0,
    life: 0,
    ordered: false,
    patienceMs: () => 1_000,
    failure: (call, reason) => new Error(`leases: ${call}: ${reason}`),
    current: leases,
    forget() {
      ahead += limits.leaseTtlMs;
    },
  };
}

export function createLeasesClient(life: Life, network: Network, server: LeasesServer): Leases {
  async function ask<T>(call: string, command: () => Promise<T>): Promise<T> {
    const [answer] = await network.ask(life, server, call, [command]);
    return answer as T;
  }
  return {
    ttlMs: limits.leaseTtlMs,
    claim: (key, owner) => ask<Lease | undefined>(`claim ${key}`, () => server.current.claim(key, owner)),
    renew: (lease) => ask<Lease | undefined>(`renew ${lease.key}`, () => server.current.renew(lease)),
    release: (lease) => ask(`release ${lease.key}`, () => server.current.release(lease)),
    owners: () => ask("owners", () => server.current.owners()),
  };
}
