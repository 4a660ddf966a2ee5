import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import type { NatsConnection } from "nats";
import type { Leases } from "../lease.ts";
import { limits } from "../limits.ts";
import { bucketEntries } from "./bucket-entries.ts";

const name = "LEASES";

/**
 * Leases in a JetStream key-value bucket whose entries vanish after `limits.leaseTtlMs`: the server's clock
 * alone decides, and a claim is a create, which the server refuses while the entry lives.
 */
export async function openJetStreamLeases(connection: NatsConnection, replicas: number): Promise<Leases> {
  // A request that was lost with its link is asked again while the lease still lives; the client would wait 5 s.
  const client = jetstream(connection, { timeout: limits.leaseAskMs });
  const bucket = await new Kvm(client).create(name, {
    ttl: limits.leaseTtlMs,
    history: 1,
    replicas,
    max_bytes: 16 * 1024 * 1024,
  });

  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: limits.leaseAskMs });

  return {
    ttlMs: limits.leaseTtlMs,

    async claim(key, owner) {
      try {
        return { key, owner, revision: await bucket.create(key, owner) };
      } catch (error) {
        if (isTaken(error)) return undefined;
        throw error;
      }
    },

    async renew(lease) {
      try {
        return { ...lease, revision: await bucket.update(lease.key, lease.owner, lease.revision) };
      } catch (error) {
        if (isTaken(error)) return undefined;
        throw error;
      }
    },

    async release(lease) {
      try {
        await bucket.purge(lease.key, { previousSeq: lease.revision });
      } catch (error) {
        if (!isTaken(error)) throw error;
      }
    },

    owners: () => bucketEntries(manager, bucket, name),
  };
}

/** "Wrong last sequence": the entry is not the one that was expected. */
function isTaken(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: string };
  return code === 10071 || code === 10164 || /wrong last sequence/i.test(message ?? "");
}
