import { describe, expect, test } from "vitest";
import { createPartitionOwner, type PartitionOwner } from "../../actors/partition-owner.ts";
import type { Leases } from "../../streams/lease.ts";
import { limits } from "../../streams/limits.ts";
import { createMemoryLeases } from "../../streams/memory-leases.ts";
import { allPartitions, partitionCount } from "../../streams/partition.ts";
import { silent } from "../projections/projecting.ts";

/** A cluster whose clock the test moves. */
function cluster() {
  let now = 1_000;
  const leases = createMemoryLeases(limits.leaseTtlMs, () => now);
  return {
    leases,
    pass: (ms: number) => {
      now += ms;
    },
    join: (member: string, through: Leases = leases, name = "catalog"): PartitionOwner =>
      createPartitionOwner({ leases: through, name, member, clock: () => now, journal: silent }),
  };
}

async function rounds(count: number, ...owners: readonly PartitionOwner[]): Promise<void> {
  for (let round = 0; round < count; round++) for (const owner of owners) await owner.round();
}

/** Everything is owned, and nothing twice. */
function expectShared(...owners: readonly PartitionOwner[]): void {
  const all = owners.flatMap((owner) => [...owner.owned()]);
  for (const owner of owners)
    expect(allPartitions.filter(owner.owns)).toEqual([...owner.owned()].sort((a, b) => a - b));
  expect(all.toSorted((a, b) => a - b)).toEqual(allPartitions);
}

describe("sharing out", () => {
  test("one member alone has all", async () => {
    const { join } = cluster();
    const ann = join("ann");
    expect(ann.owned().size).toBe(0);
    await ann.round();
    expectShared(ann);
  });

  test("two members have half each, whoever came first", async () => {
    const { join } = cluster();
    const [ann, bob] = [join("ann"), join("bob")];
    await ann.round();
    await rounds(2, bob, ann);
    await bob.round();
    expect([ann.owned().size, bob.owned().size]).toEqual([8, 8]);
    expectShared(ann, bob);
  });

  test.each([3, 5, 16, 20])("%d members have no more than their fair share", async (count) => {
    const { join } = cluster();
    const members = Array.from({ length: count }, (_, at) => join(`member-${at}`));
    await rounds(4, ...members);
    const share = Math.ceil(partitionCount / count);
    for (const member of members) expect(member.owned().size).toBeLessThanOrEqual(share);
    expectShared(...members);
  });

  test("members that come at once end with the same", async () => {
    const { join } = cluster();
    const members = [join("ann"), join("bob"), join("cleo"), join("dan")];
    for (let round = 0; round < 4; round++) await Promise.all(members.map((member) => member.round()));
    expect(members.map((member) => member.owned().size)).toEqual([4, 4, 4, 4]);
    expectShared(...members);
  });

  test("what is shared under another name is another matter", async () => {
    const { join, leases } = cluster();
    const [catalog, activity] = [join("ann"), join("ann", leases, "activity")];
    await rounds(1, catalog, activity);
    expectShared(catalog);
    expectShared(activity);
  });
});

describe("losing", () => {
  test("a dead member's partitions are taken over once its leases have ended", async () => {
    const { join, pass } = cluster();
    const [ann, bob] = [join("ann"), join("bob")];
    await rounds(3, ann, bob);
    for (let passed = 0; passed <= limits.leaseTtlMs; passed += limits.leaseRenewMs) {
      pass(limits.leaseRenewMs);
      await bob.round();
    }
    await bob.round();
    expectShared(bob);
    expect(ann.owned().size).toBe(0);
  });

  test("a member that stood still knows by its own clock that it owns nothing, before anyone else may", async () => {
    const { join, pass, leases } = cluster();
    const ann = join("ann");
    await ann.round();
    pass(limits.leaseTtlMs - limits.leaseRenewMs - 1);
    expectShared(ann);
    pass(1);
    expect(ann.owned().size).toBe(0);
    expect(await leases.claim("catalog.partition.3", "bob")).toBeUndefined();
  });

  test("a member that comes back finds its partitions taken, and gets its share again", async () => {
    const { join, pass } = cluster();
    const [ann, bob] = [join("ann"), join("bob")];
    await ann.round();
    pass(limits.leaseTtlMs);
    await bob.round();
    expectShared(bob);
    await ann.round();
    expect(ann.owned().size).toBe(0);
    await rounds(2, bob, ann);
    expectShared(ann, bob);
    expect(ann.owned().size).toBe(8);
  });

  test("time spent on asking does not lengthen a lease", async () => {
    const { join, pass, leases } = cluster();
    const slow: Leases = {
      ...leases,
      async claim(key, owner) {
        const lease = await leases.claim(key, owner);
        if (key === "catalog.partition.0") pass(1_000);
        return lease;
      },
    };
    const ann = join("ann", slow);
    await ann.round();
    pass(limits.leaseTtlMs - limits.leaseRenewMs - 1_000);
    expect(ann.owned().has(0)).toBe(false);
  });

  test("a round that fails is told to who runs it, and takes nothing that was not renewed", async () => {
    const { join, pass, leases } = cluster();
    let down = false;
    const unsteady: Leases = {
      ...leases,
      renew: async (lease) => (down ? Promise.reject(new Error("no leader")) : leases.renew(lease)),
    };
    const ann = join("ann", unsteady);
    await ann.round();
    down = true;
    await expect(ann.round()).rejects.toThrow("no leader");
    expectShared(ann);
    pass(limits.leaseTtlMs - limits.leaseRenewMs);
    expect(ann.owned().size).toBe(0);
  });
});

test("who ends gives everything back at once", async () => {
  const { join, leases } = cluster();
  const ann = join("ann");
  const stop = new AbortController();
  const life = ann.run(stop.signal);
  while (ann.owned().size < partitionCount) await new Promise(setImmediate);
  stop.abort();
  await life;
  expect(ann.owned().size).toBe(0);
  expect(await leases.owners()).toEqual(new Map());
});

test("a member says of itself in its own lease how it fares, anew with each renewal", async () => {
  let now = 1_000;
  let restarts = 0;
  const leases = createMemoryLeases(limits.leaseTtlMs, () => now);
  const about = () => `${restarts} restarts`;
  const ann = createPartitionOwner({
    leases,
    name: "catalog",
    member: "ann",
    about,
    clock: () => now,
    journal: silent,
  });
  await ann.round();
  restarts++;
  expect((await leases.owners()).get("catalog.member.ann")).toBe("0 restarts");
  now += limits.leaseRenewMs;
  await ann.round();
  const owners = await leases.owners();
  expect(owners.get("catalog.member.ann")).toBe("1 restarts");
  expect(owners.get("catalog.partition.3")).toBe("ann");
});
