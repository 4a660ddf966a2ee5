import type { NatsConnection } from "nats";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openJetStreamLeases } from "../../streams/jetstream/leases.ts";
import { connectNats } from "../../streams/jetstream/connection.ts";
import type { Lease, Leases } from "../../streams/lease.ts";
import { limits } from "../../streams/limits.ts";
import { createMemoryLeases } from "../../streams/memory-leases.ts";
import { startServers, type TestServers } from "../servers.ts";

const nextTurn = () => new Promise(setImmediate);

interface Adapter {
  readonly adapter: string;
  open(): Promise<Leases>;
  /** Until the server has let go of a key that nobody renewed. */
  untilExpired(leases: Leases, key: string): Promise<void>;
  close(): Promise<void>;
}

function memory(): Adapter {
  let now = 0;
  return {
    adapter: "memory",
    open: async () => createMemoryLeases(limits.leaseTtlMs, () => now),
    async untilExpired() {
      now += limits.leaseTtlMs;
    },
    close: async () => {},
  };
}

function jetStream(): Adapter {
  let servers: TestServers;
  let connection: NatsConnection;
  return {
    adapter: "JetStream",
    async open() {
      servers = await startServers("nats");
      connection = await connectNats({ servers: [servers.natsUrl], name: "test" });
      await openJetStreamLeases(connection, 1);
      return openJetStreamLeases(connection, 1);
    },
    async untilExpired(leases, key) {
      const startedAt = performance.now();
      await vi.waitFor(async () => expect([...(await leases.owners()).keys()]).not.toContain(key), {
        timeout: 15_000,
        interval: 50,
      });
      expect(performance.now() - startedAt).toBeGreaterThan(limits.leaseTtlMs / 2);
    },
    async close() {
      await connection.close();
      await servers.stop();
    },
  };
}

describe.each([memory(), jetStream()])("leases ($adapter)", (adapter) => {
  let leases: Leases;
  beforeAll(async () => {
    leases = await adapter.open();
  });
  afterAll(() => adapter.close());

  async function claimed(key: string, owner: string): Promise<Lease> {
    const lease = await leases.claim(key, owner);
    if (lease === undefined) throw new Error(`${key} is taken`);
    return lease;
  }

  test("nobody holds anything at first", async () => {
    expect(await leases.owners()).toEqual(new Map());
    expect(leases.ttlMs).toBe(limits.leaseTtlMs);
  });

  test("a key has one holder", async () => {
    const lease = await claimed("catalog.partition.1", "ann");
    expect(lease).toMatchObject({ key: "catalog.partition.1", owner: "ann" });
    expect(await leases.claim("catalog.partition.1", "bob")).toBeUndefined();
    expect(await leases.claim("catalog.partition.1", "ann")).toBeUndefined();
    expect([...(await leases.owners()).keys()]).toContain("catalog.partition.1");
  });

  test("of many who claim at once one gets it", async () => {
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, at) => leases.claim("raced", `member-${at}`)),
    );
    expect(claims.filter((lease) => lease !== undefined)).toHaveLength(1);
  });

  test("renewing gives a newer lease, and the older one is good for nothing", async () => {
    const first = await claimed("renewed", "ann");
    const second = await leases.renew(first);
    expect(second?.revision).toBeGreaterThan(first.revision);
    expect(await leases.renew(first)).toBeUndefined();
    expect(second && (await leases.renew(second))).toBeDefined();
  });

  test("a renewal may say something new of its owner, which all can read", async () => {
    const lease = await claimed("told", "ann, 1 restart");
    expect((await leases.owners()).get("told")).toBe("ann, 1 restart");
    expect(await leases.renew({ ...lease, owner: "ann, 2 restarts" })).toBeDefined();
    expect((await leases.owners()).get("told")).toBe("ann, 2 restarts");
  });

  test("who holds what is told at once, also while everybody renews", async () => {
    const names = Array.from({ length: 8 }, (_, at) => `busy-${at}`);
    let isAsking = true;
    const renewing = names.map(async (name) => {
      let lease: Lease | undefined = await claimed(name, name);
      while (isAsking && lease !== undefined) {
        lease = await leases.renew(lease);
        await nextTurn();
      }
      return lease;
    });
    for (let asked = 0; asked < 100; asked++) {
      const owners = await leases.owners();
      if (asked > 10) expect([...owners.keys()]).toEqual(expect.arrayContaining(names));
      await nextTurn();
    }
    isAsking = false;
    const renewed = await Promise.all(renewing);
    expect(renewed.every((lease) => lease !== undefined)).toBe(true);
  });

  test("what is released is free at once", async () => {
    const lease = await claimed("released", "ann");
    await leases.release(lease);
    expect((await leases.owners()).has("released")).toBe(false);
    expect(await leases.renew(lease)).toBeUndefined();
    expect(await leases.claim("released", "bob")).toMatchObject({ owner: "bob" });
  });

  test("releasing what one has lost does nothing to its new holder", async () => {
    const old = await claimed("passed-on", "ann");
    await leases.release(old);
    const current = await claimed("passed-on", "bob");
    await leases.release(old);
    expect(await leases.renew(current)).toBeDefined();
  });

  test("what nobody renews is free again after its time", async () => {
    const lost = await claimed("lost", "ann");
    await adapter.untilExpired(leases, "lost");
    expect(await leases.renew(lost)).toBeUndefined();
    expect(await leases.claim("lost", "bob")).toMatchObject({ owner: "bob" });
    expect(await leases.renew(lost)).toBeUndefined();
  });
});
