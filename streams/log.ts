/**
 * The log as a port: an append-only sequence of messages under subjects, numbered from 1.
 *
 * Two adapters stand behind it, JetStream and memory, and one suite holds both to what is promised here.
 */

export interface StoredMessage {
  /** Position in the stream, from 1, strictly rising. */
  readonly sequence: number;
  /** When the log took it, in milliseconds since 1970, by the log's clock. */
  readonly time: number;
  /** As stored, behind the mapping. */
  readonly subject: string;
  readonly payload: Uint8Array;
  /** Names in lower case; absent where the publisher sent none. */
  readonly headers?: ReadonlyMap<string, string> | undefined;
}

export interface AppendOptions {
  /** `Nats-Msg-Id`: a second append with it within two minutes is the first one. Made up where absent. */
  readonly id?: string;
  /** The append holds only if the subject's last message has this sequence (0: none). */
  readonly expectedLastSubjectSequence?: number;
  /**
   * The append holds only if the stream's last message has this id: a chain of appends in flight at once is
   * stored in its order or cut off, whoever else appends meanwhile.
   */
  readonly expectedLastId?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Give up after this long. Default `limits.appendDeadlineMs`. */
  readonly deadlineMs?: number;
}

export type Appended =
  | { readonly outcome: "stored"; readonly sequence: number; readonly duplicate: boolean }
  /** The expectation did not hold: nothing was stored. */
  | { readonly outcome: "conflict" };

export interface StreamBounds {
  /** The oldest message kept; 0 for a stream that never had one. */
  readonly first: number;
  readonly last: number;
  readonly messages: number;
  /** When the stream was created, in milliseconds since 1970: its epoch. */
  readonly epoch: number;
}

/** Which server may answer a read: the leader knows all that was acknowledged, any replica may be behind. */
export type ReadFrom = "leader" | "any";

export interface Log {
  /** The stream's name, as it stands before the slash in a `Catalog-Version`. */
  readonly stream: string;

  /**
   * Stores a message under a published subject and returns when the log acknowledged it. An unknown outcome
   * (a timeout, a lost connection) is resolved by retrying with the same id, so that the message is stored
   * once or the call throws. Throws `LogUnavailable` past the deadline, `LogRefused` where the log will not
   * take it (full, too large).
   */
  append(subject: string, payload: Uint8Array, options?: AppendOptions): Promise<Appended>;

  /** The newest message on exactly this stored subject. One round trip. */
  last(subject: string, from?: ReadFrom): Promise<StoredMessage | undefined>;

  /** The first message on a stored subject (wildcards allowed) at or after a sequence, from the leader. */
  next(subject: string, sequence: number): Promise<StoredMessage | undefined>;

  /** Where the stream begins and ends, from the leader. Throws `LogVanished` if there is no such stream. */
  bounds(): Promise<StreamBounds>;

  /** Follows the log from a sequence on, in order, without a gap, through reconnects and restarts. */
  tail(options: TailOptions): Tail;
}

export interface TailOptions {
  /** The first sequence wanted. */
  readonly from: number;
  /** Only messages under this stored subject (wildcards allowed). The server scans what lies between. */
  readonly subject?: string;
}

export interface Tail {
  /**
   * Up to `max` messages as soon as there is at least one, an empty batch after `waitMs` without any.
   * Memory is bounded by what `limits` allows to be buffered. Throws `LogVanished` if the stream is gone.
   */
  take(max: number, waitMs: number): Promise<TailBatch>;
  close(): Promise<void>;
}

export interface TailBatch {
  readonly messages: readonly StoredMessage[];
  /** How many more the log held behind the last of these when it was delivered. */
  readonly pending: number;
}

/** The log did not answer in time. Whether the append took place is not known. */
export class LogUnavailable extends Error {
  override readonly name = "LogUnavailable";
}

/** The log answered that it will not store this: it is full, or the message is too large. */
export class LogRefused extends Error {
  override readonly name = "LogRefused";
}

/** The stream is not there (any more), or is not the one it was. */
export class LogVanished extends Error {
  override readonly name = "LogVanished";
}
