import type { Journal } from "../streams/journal.ts";
import type { Log } from "../streams/log.ts";
import { entryOf, quarantine } from "../streams/quarantine.ts";
import type { LogName } from "../streams/subjects.ts";
import type { Refusal } from "./projection.ts";

/** Parks what is bad, so that it stops nothing behind it: a copy in quarantine, a line in the journal, a count. */
export interface Parking {
  park(refusal: Refusal): Promise<void>;
  /** How many were new to the quarantine. */
  count(): number;
}

export function createParking(options: {
  readonly name: LogName;
  readonly quarantine: Log;
  readonly journal: Journal;
}): Parking {
  const { name, journal } = options;
  let count = 0;
  return {
    async park({ message, reason, product }) {
      const outcome = await quarantine(options.quarantine, entryOf(name, message, reason, product));
      const { sequence, subject } = message;
      if (outcome === "stored") {
        count++;
        journal.warn({ log: name, sequence, subject, reason }, "event quarantined");
      }
      if (outcome === "full") {
        journal.error({ sequence, reason }, "the quarantine is full; the log still holds the event");
      }
    },
    count: () => count,
  };
}
