import { type Log, LogUnavailable } from "../../streams/log.ts";
import type { Life, Network } from "./network.ts";
import type { PlannedEvent } from "./plan.ts";
import type { Tell } from "./story.ts";

/** What the publishers know of each event, by its id. It outlives them, as an outbox would. */
export interface Outbox {
  readonly attempted: Map<string, PlannedEvent>;
  /** The sequence that the log acknowledged. */
  readonly acknowledged: Map<string, number>;
  /** Those that their publisher tries no more. */
  readonly givenUp: Set<string>;
}

const tries = 3;
const againMs = 250;

/** A publisher: repeats what was not acknowledged with the same id, and gives up in the end. */
export async function publish(
  event: PlannedEvent,
  options: {
    readonly life: Life;
    readonly network: Network;
    readonly catalog: Log;
    readonly outbox: Outbox;
    readonly tell: Tell | undefined;
  },
): Promise<void> {
  const { life, network, catalog, outbox, tell } = options;
  const { id, subject, payload } = event;
  for (let attempt = 0; attempt < tries; attempt++) {
    if (outbox.acknowledged.has(id)) return;
    outbox.attempted.set(id, event);
    try {
      const appended = await catalog.append(subject, Buffer.from(payload), { id });
      if (appended.outcome !== "stored") throw new Error(`${id} was refused without an expectation`);
      outbox.acknowledged.set(id, appended.sequence);
      tell?.(life.process, `published ${subject} ${payload} as ${appended.sequence}`);
      return;
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error;
      tell?.(life.process, `does not know whether ${subject} ${payload} was stored`);
      await network.sleep(life, againMs);
    }
  }
  outbox.givenUp.add(id);
}
