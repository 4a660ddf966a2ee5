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
  /** Begins a fold in memory, while the one before it may still be on its way to the store. */
  begin(): Fold;
  /** Makes what was written behind durable, and marks these partitions as complete up to `sequence`. */
  settle(partitions: readonly number[], sequence: number): Promise<void>;
  /** Changes that the clock brings. Returns how many there were. */
  tick(standing: Standing, now: number): Promise<number>;
  /** How much is gathered and not yet durable. */
  readonly unsettled: number;
}

/** Batches of the log that follow one another, folded as they come and written as one. */
export interface Fold {
  /**
   * `entries`: in the order of the log, those of partitions that the projector owns, and every category and sale event.
   * `standing`: of this moment.
   */
  add(entries: readonly BatchEntry[], standing: Standing): void;
  /**
   * How much it holds to be written, in values of a product's registers. Infinite where something in it is written one by
   * one: nothing is to be joined to that.
   */
  readonly size: number;
  /** Writes it, when the one before it is done, with the standing of then. */
  readonly write: Write;
}

/** The partitions that the projector owns: what is at or before `sequence` is stored already. */
export type Standing = ReadonlyMap<number, { readonly sequence: number; readonly fence: Fence }>;

/**
 * Writes what was folded, on top of read models that stand where it is told, and may be run again. Returns the
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
  begin: () => ({ add: () => {}, size: 0, write: async () => [] }),
  settle: async () => {},
  tick: async () => 0,
  unsettled: 0,
};
