import type { Log } from "../../streams/log.ts";
import { publicSubject } from "../../streams/subjects.ts";
import { generateDemoCatalogue } from "./catalogue.ts";

/**
 * Publishes the demo catalogue.
 *
 * Each message has an id of its own, so that a load which was cut short and is repeated at once, with the
 * same seed and `now`, stores nothing twice. Throws what the log throws.
 */
export interface DemoLoad {
  readonly catalog: Log;
  readonly seed: number;
  /** In milliseconds since 1970. */
  readonly now: number;
  readonly products?: number;
  /** Called after every window with how many events the log has acknowledged. */
  readonly onProgress?: (acknowledged: number, total: number) => void;
}

/** Appends under way at a time: enough to hide the round trip, few enough to hold in memory. */
const windowSize = 256;

/** How many events were published and acknowledged. Within a subject they stand in the log in their order. */
export async function loadDemoCatalogue({
  catalog,
  seed,
  now,
  products,
  onProgress,
}: DemoLoad): Promise<number> {
  const events = generateDemoCatalogue({ seed, now, ...(products === undefined ? {} : { products }) });
  let window = new Map<string, Promise<unknown>>();
  let acknowledged = 0;

  async function settle(): Promise<void> {
    await Promise.all(window.values());
    acknowledged += window.size;
    window = new Map();
    onProgress?.(acknowledged, events.length);
  }

  for (const [number, { kind, id, payload }] of events.entries()) {
    const subject = publicSubject(kind, id);
    // A retry could overtake: a window holds at most one event of a subject.
    if (window.size === windowSize || window.has(subject)) await settle();
    const bytes = Buffer.from(JSON.stringify(payload));
    window.set(subject, catalog.append(subject, bytes, { id: `demo-${seed}-${number}` }));
  }
  await settle();
  return acknowledged;
}
