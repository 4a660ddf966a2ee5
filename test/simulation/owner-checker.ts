import type { Leases } from "../../streams/lease.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import type { Clock } from "./clock.ts";
import type { Life } from "./network.ts";
import type { Violations } from "./violations.ts";

/**
 * Two owners for a while do no harm, but it must be a while: once all is well, nobody goes on moving a
 * partition whose lease another has held for long.
 */
export interface OwnerChecker {
  watchingLeases(life: Life, leases: Leases): Leases;
  watchingWrites(life: Life, readModel: ReadModel): ReadModel;
  /** From here on the lease decides who writes. */
  expectOrder(): void;
}

/** `graceMs`: a batch that began with the lease has ended by then. */
export function createOwnerChecker(clock: Clock, graceMs: number, violations: Violations): OwnerChecker {
  const holders = new Map<string, { readonly life: Life; readonly since: number }>();
  let expectedFrom = Number.POSITIVE_INFINITY;
  return {
    watchingLeases: (life, leases) => ({
      ...leases,
      async claim(key, owner) {
        const lease = await leases.claim(key, owner);
        if (lease !== undefined) holders.set(key, { life, since: clock.now() });
        return lease;
      },
    }),
    watchingWrites: (life, readModel) =>
      new Proxy(readModel, {
        get(target, name) {
          if (name !== "advance" || clock.now() < expectedFrom) return Reflect.get(target, name);
          const advance: ReadModel["advance"] = (log, moves) => {
            for (const { partition } of moves) {
              const holder = holders.get(`catalog.partition.${partition}`);
              if (holder === undefined || holder.life === life || holder.since > clock.now() - graceMs)
                continue;
              violations.add(
                "owner",
                `${life.process} moves partition ${partition}, which ${holder.life.process} holds`,
              );
            }
            return target.advance(log, moves);
          };
          return advance;
        },
      }),
    expectOrder() {
      expectedFrom = clock.now() + graceMs;
    },
  };
}
