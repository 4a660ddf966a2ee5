import type { BadEvent, Event } from "../streams/events.ts";
import type { Identifier } from "../streams/identifier.ts";
import type { StoredMessage } from "../streams/log.ts";
import type { Fence } from "./read-model.ts";

/**
 * What a projector drives: something that turns batches of the log into read models. The projector owns
 * positions, leases, quarantine and order; a projection owns what the events mean.
 */
export interface Projection {
  /**
   * Called before the first batch and whenever the tail is opened anew at `sequence`. Returns, for each
   * partition, the sequence up to which the projection's own write-behind is complete.
   */
  open(partitions: readonly number[], sequence: number): Promise<ReadonlyMap<number, number>>;
  /**
   * Folds a batch in memory, while the one before it may still be on its way to the store. `entries`: in the
   * order of the log, those of partitions that the projector owns, and every category and sale event.
   */
  fold(entries: readonly BatchEntry[], standing: Standing): Folded;
  /** Makes what was written behind durable, and marks these partitions as complete up to `sequence`. */
  settle(partitions: readonly number[], sequence: number): Promise<void>;
  /** Changes that the clock brings. Returns how many there were. */
  tick(standing: Standing, now: number): Promise<number>;
  /** How much is gathered and not yet durable. */
  readonly unsettled: number;
}

/** The partitions that the projector owns: what is at or before `sequence` is stored already. */
export type Standing = ReadonlyMap<number, { readonly sequence: number; readonly fence: Fence }>;

export interface Folded {
  readonly write: Write;
  /** It reads what other batches write: none is written while it is, and it not while they are. */
  readonly alone: boolean;
}

/**
 * Writes a folded batch, on top of read models that stand where it is told, and may be run again. Returns the
 * events that are good by themselves and bad where they stand.
 */
export type Write = (standing: Standing) => Promise<readonly Refusal[]>;

export interface BatchEntry {
  readonly message: StoredMessage;
  readonly decoded: Event | BadEvent;
}

export interface Refusal {
  readonly message: StoredMessage;
  readonly partition: number;
  readonly reason: string;
  readonly product?: Identifier;
}

/** Events that only need to be well-formed today: whatever is not goes to quarantine, the rest is kept. */
export const judgeOnly: Projection = {
  open: async () => new Map(),
  fold: () => ({ write: async () => [], alone: false }),
  settle: async () => {},
  tick: async () => 0,
  unsettled: 0,
};
