import { jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import type { NatsConnection } from "nats";
import { bucketEntries } from "./bucket-entries.ts";

const name = "EPOCHS";

/**
 * The epochs of event streams as first seen, kept beside them: when a stream is gone and this record is not,
 * the log has vanished, and a start must not make an empty one in its place.
 */
export interface EpochRecord {
  read(): Promise<ReadonlyMap<string, number>>;
  write(epochs: ReadonlyMap<string, number>): Promise<void>;
}

export async function openEpochRecord(connection: NatsConnection, replicas: number): Promise<EpochRecord> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const bucket = await new Kvm(connection).create(name, { history: 1, replicas, max_bytes: 1024 * 1024 });
  return {
    async read() {
      const entries = await bucketEntries(manager, bucket, name);
      return new Map([...entries].map(([stream, epoch]) => [stream, Number(epoch)]));
    },
    async write(epochs) {
      for (const [name, epoch] of epochs) await bucket.put(name, String(epoch));
    },
  };
}
