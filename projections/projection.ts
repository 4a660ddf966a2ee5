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
  apply(batch: ProjectionBatch): Promise<Applied>;
  /** Makes what `apply` wrote behind durable, and marks these partitions as complete up to `sequence`. */
  settle(partitions: readonly number[], sequence: number): Promise<void>;
  /** Changes that the clock brings. Returns how many there were. */
  tick(standing: Standing, now: number): Promise<number>;
  /** How much is gathered and not yet durable. */
  readonly unsettled: number;
}

export interface ProjectionBatch {
  /** In the order of the log; those of partitions that the projector owns, and every category event. */
  readonly entries: readonly BatchEntry[];
  /** Where each owned partition's read models stand. */
  readonly standing: Standing;
}

/** The partitions that the projector owns: what is at or before `sequence` is stored already. */
export type Standing = ReadonlyMap<number, { readonly sequence: number; readonly fence: Fence }>;

export interface BatchEntry {
  readonly message: StoredMessage;
  readonly decoded: Event | BadEvent;
}

export interface Applied {
  /** Events that are good by themselves and bad where they stand. */
  readonly refused: readonly Refusal[];
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
  apply: async () => ({ refused: [] }),
  settle: async () => {},
  tick: async () => 0,
  unsettled: 0,
};
