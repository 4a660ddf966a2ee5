import type { Journal } from "../streams/journal.ts";
import type { Lease, Leases } from "../streams/lease.ts";
import { limits } from "../streams/limits.ts";
import { allPartitions, partitionCount } from "../streams/partition.ts";
import { type Pause, pause as realPause } from "./pause.ts";

/**
 * Shares the partitions of a log among those who are alive, projectors or keepers of stock, by leases.
 *
 * Each member shows itself by a lease of its own, so everybody can count them; each takes free partitions up
 * to its fair share and gives back what it has beyond it. A lease that could not be renewed in time counts as
 * lost by our own clock before the server lets another take it.
 */
export interface PartitionOwner {
  /** The partitions that are ours at this moment. */
  owned(): ReadonlySet<number>;
  owns(partition: number): boolean;
  /** One round of renewing, giving back and taking. The supervisor calls it; tests do as well. */
  round(): Promise<void>;
  /** Rounds every `limits.leaseRenewMs` until `signal` aborts, then gives everything back. */
  run(signal: AbortSignal): Promise<void>;
}

export interface PartitionOwnerOptions {
  readonly leases: Leases;
  /** What is shared, such as `catalog`: the first part of each lease's key. */
  readonly name: string;
  readonly member: string;
  /** What the member's own lease says of it, anew at each renewal; the partitions' leases say `member`. */
  readonly about?: () => string;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly pause?: Pause;
  readonly journal: Journal;
}

/** The lease by which a member of `name` shows itself. */
export const memberKey = (name: string, member: string): string => `${name}.member.${member}`;

/** The lease of a partition; it says which member holds it. */
export const partitionKey = (name: string, partition: number): string => `${name}.partition.${partition}`;

interface Held {
  lease: Lease;
  /** By our own clock, a little before the server's. */
  until: number;
}

export function createPartitionOwner(options: PartitionOwnerOptions): PartitionOwner {
  const { leases, name, member, about = () => member, clock, journal, pause = realPause } = options;
  const held = new Map<number, Held>();
  let membership: Held | undefined;
  const trustMs = leases.ttlMs - limits.leaseRenewMs;

  const keyOf = (partition: number) => partitionKey(name, partition);
  const memberPrefix = memberKey(name, "");

  async function claim(key: string, owner: string = member): Promise<Held | undefined> {
    const from = clock();
    const lease = await leases.claim(key, owner);
    return lease && { lease, until: from + trustMs };
  }

  async function renew(one: Held): Promise<Held | undefined> {
    const from = clock();
    const lease = await leases.renew(one.lease);
    return lease && { lease, until: from + trustMs };
  }

  function lose(partition: number): void {
    held.delete(partition);
    journal.warn({ log: name, partition }, "lost the lease of a partition");
  }

  async function round(): Promise<void> {
    const known = membership && { ...membership, lease: { ...membership.lease, owner: about() } };
    membership = (known && (await renew(known))) ?? (await claim(memberKey(name, member), about()));
    await Promise.all(
      [...held].map(async ([partition, one]) => {
        const renewed = await renew(one);
        if (renewed === undefined) lose(partition);
        else held.set(partition, renewed);
      }),
    );
    const taken = await leases.owners();
    const members = [...taken.keys()].filter((key) => key.startsWith(memberPrefix)).length;
    const share = Math.ceil(partitionCount / Math.max(members, 1));
    const surplus = [...held].slice(share);
    for (const [partition, { lease }] of surplus) {
      held.delete(partition);
      await leases.release(lease);
    }
    const free = allPartitions.filter((partition) => !taken.has(keyOf(partition)) && !held.has(partition));
    const wanted = free.slice(0, share - held.size);
    await Promise.all(
      wanted.map(async (partition) => {
        const lease = await claim(keyOf(partition));
        if (lease !== undefined) held.set(partition, lease);
      }),
    );
    if (surplus.length > 0 || wanted.length > 0) {
      journal.info({ log: name, partitions: held.size, members }, "partitions shared out");
    }
  }

  async function giveBack(): Promise<void> {
    const all = [...held.values(), ...(membership === undefined ? [] : [membership])];
    held.clear();
    membership = undefined;
    await Promise.allSettled(all.map(({ lease }) => leases.release(lease)));
  }

  const owns = (partition: number) => (held.get(partition)?.until ?? Number.NEGATIVE_INFINITY) > clock();

  return {
    owned: () => new Set(held.keys().filter(owns)),
    owns,
    round,
    async run(signal) {
      try {
        while (!signal.aborted) {
          await round();
          await pause(limits.leaseRenewMs, signal);
        }
      } finally {
        await giveBack();
      }
    },
  };
}
