import type { Log } from "../../streams/log.ts";
import { loadDemoCatalogue } from "./load.ts";

/**
 * Fills an empty log with the demo catalogue, once. The ledger remembers that it was begun and as of when, so
 * a load that was cut short is finished by the next start with the same events, and none twice.
 */
export interface DemoSeedOptions {
  readonly catalog: Log;
  readonly ledger: Log;
  readonly now: number;
  readonly onProgress?: (acknowledged: number, total: number) => void;
}

const seed = 7;
const subject = `ledger.demo.${seed}`;

interface Entry {
  readonly now: number;
  readonly complete: boolean;
}

/** Returns how many events were published; 0 where there was nothing to do. */
export async function seedDemoCatalogue({
  catalog,
  ledger,
  now,
  onProgress,
}: DemoSeedOptions): Promise<number> {
  const message = await ledger.last(subject, "leader");
  const begun = message && (JSON.parse(Buffer.from(message.payload).toString("utf8")) as Entry);
  if (begun?.complete === true) return 0;
  if (begun === undefined && (await catalog.bounds()).messages > 0) return 0;
  const entry: Entry = begun ?? { now, complete: false };
  const write = (value: Entry) => ledger.append(subject, Buffer.from(JSON.stringify(value)));
  await write(entry);
  const published = begun === undefined ? new Map<string, number>() : await publishedIds(catalog);
  const count = await loadDemoCatalogue({
    catalog: withoutRepeating(catalog, published),
    seed,
    now: entry.now,
    ...(onProgress && { onProgress }),
  });
  await write({ ...entry, complete: true });
  return count - published.size;
}

async function publishedIds(catalog: Log): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>();
  const { last } = await catalog.bounds();
  const tail = catalog.tail({ from: 1 });
  try {
    for (let at = 0; at < last; ) {
      for (const { sequence, headers } of (await tail.take(4_096, 5_000)).messages) {
        at = sequence;
        const id = headers?.get("nats-msg-id");
        if (id?.startsWith(`demo-${seed}-`) === true) ids.set(id, sequence);
      }
    }
  } finally {
    await tail.close();
  }
  return ids;
}

/** The server forgets message ids after two minutes; here they are known. */
function withoutRepeating(catalog: Log, published: ReadonlyMap<string, number>): Log {
  return {
    ...catalog,
    async append(target, payload, options = {}) {
      const sequence = options.id === undefined ? undefined : published.get(options.id);
      if (sequence !== undefined) return { outcome: "stored", sequence, duplicate: true };
      return catalog.append(target, payload, options);
    },
  };
}
