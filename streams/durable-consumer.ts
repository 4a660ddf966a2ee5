/**
 * A durable consumer as a port: one reader of what a stream overhears, whose place outlives it.
 *
 * Two adapters stand behind it, JetStream and memory, and one suite holds both to what is promised here. Each word is
 * delivered at least once, in the stream's order, unless the stream forgot it first. Whoever opens the consumer takes
 * its place: it goes on behind the last acknowledged word, and the one who had it before is lost (`ConsumerLost`).
 */
export interface DurableConsumer {
  /** The last word that was acknowledged before it was opened; 0 where none was. */
  readonly floor: number;
  /**
   * Up to `max` words as soon as there is at least one, none after `waitMs` without any. Sequences rise. At most
   * `limits.unacknowledgedMax` words are out at once; more come as they are acknowledged. Throws `ConsumerLost`
   * where a word may be missing or the place was taken: open it again.
   */
  take(max: number, waitMs: number): Promise<readonly DeliveredWord[]>;
  /**
   * Every word up to this sequence has been acted on and is not delivered again. Does not wait; one that is lost
   * makes the next owner act on those words once more.
   */
  acknowledge(sequence: number): void;
  close(): Promise<void>;
}

export interface DeliveredWord {
  readonly sequence: number;
  /** When the stream took it, in milliseconds since 1970, by the stream's clock. */
  readonly time: number;
  readonly bytes: Uint8Array;
  /** It was acknowledged before, and is given for what it says about those behind it. */
  readonly isKnown: boolean;
}

/** Opens the consumer of that name (letters, digits, `-`) and gives `lookBack` acknowledged words before the others. */
export type OpenConsumer = (name: string) => Promise<DurableConsumer>;

/** Something may have been missed, or somebody else opened the consumer. */
export class ConsumerLost extends Error {
  override readonly name = "ConsumerLost";
}

/** Acknowledged words that are given again: the last of each owner of partitions is among them. */
export const lookBack = 256;
