import { Kvm } from "@nats-io/kv";
import type { NatsConnection } from "nats";

/**
 * The epochs of event streams as first seen, kept beside them: when a stream is gone and this record is not,
 * the log has vanished, and a start must not make an empty one in its place.
 */
export interface EpochRecord {
  read(): Promise<ReadonlyMap<string, number>>;
  write(epochs: ReadonlyMap<string, number>): Promise<void>;
}

export async function openEpochRecord(connection: NatsConnection, replicas: number): Promise<EpochRecord> {
  const bucket = await new Kvm(connection).create("EPOCHS", { history: 1, replicas, max_bytes: 1024 * 1024 });
  return {
    async read() {
      const epochs = new Map<string, number>();
      const names: string[] = [];
      for await (const name of await bucket.keys()) names.push(name);
      for (const name of names) {
        const entry = await bucket.get(name);
        if (entry?.operation === "PUT") epochs.set(name, Number(entry.string()));
      }
      return epochs;
    },
    async write(epochs) {
      for (const [name, epoch] of epochs) await bucket.put(name, String(epoch));
    },
  };
}
