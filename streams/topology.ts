import { limits } from "./limits.ts";

/**
 * The streams, as data. The log itself is CATALOG, ACTIVITY, STOCK and CHECKOUT; the rest can be made again from it, but for
 * the import ledger, which remembers which feed lines were published.
 *
 * No stream that holds what happened deletes to make room: when its `max_bytes`, or the server's
 * `max_file_store`, is reached the log refuses writes, at once and in words, and keeps answering reads. (A server
 * whose disk runs full hangs instead, reads included.) Only what is of use for a time forgets: see `forgets`, `keptMs`.
 */
export interface StreamDefinition {
  readonly name:
    | "CATALOG"
    | "ACTIVITY"
    | "STOCK"
    | "CHECKOUT"
    | "DERIVED"
    | "QUARANTINE"
    | "LEDGER"
    | "CHANGES"
    | "HOT";
  readonly description: string;
  readonly subjects: readonly string[];
  /** Share of the bytes that the log may take in all. */
  readonly share: number;
  readonly messageBytesMax: number;
  /** Keep only so many messages of each subject, the newest. */
  readonly perSubject?: number;
  /** An event stream holds the truth: it is never made again in silence once it was there. */
  readonly events: boolean;
  /**
   * What is said once and overheard here: the oldest goes after this time, or when its bytes are wanted for what is
   * new, so that it can neither fill the disk nor refuse anything. It takes less where the log is small.
   */
  readonly forgets?: { readonly afterMs: number; readonly bytesMax: number };
  /** Goes after this time, being of no use then. What is younger is never dropped to make room. */
  readonly keptMs?: number;
}

const dayMs = 24 * 3_600_000;

/**
 * Of a product's transitions so many are kept: what it was lately, for people, and its state, which is the newest. So what
 * products that come and go write does not push out those that stand still.
 */
export const hotPerSubject = 32;

/** The transitions of hot products, and what operators want of them. */
export const hotSubjects = ["hot.transition.>", "hot.command.>"];

/** What owners of partitions tell every node: a broadcast, which the stream CHANGES overhears. */
export const changesSubject = "changes.catalog";

export const streams: readonly StreamDefinition[] = [
  {
    name: "CATALOG",
    description: "What happened to products, prices, stock, reviews, categories and sales",
    subjects: ["log.catalog.>", "catalog.>"],
    share: 0.55,
    messageBytesMax: limits.messageBytesMax,
    events: true,
  },
  {
    name: "ACTIVITY",
    description: "What users did: views and orders",
    subjects: ["log.activity.>", "activity.>"],
    share: 0.1,
    messageBytesMax: limits.messageBytesMax,
    events: true,
  },
  {
    name: "STOCK",
    description: "What was decided about stock: units on hold, sold and given back",
    subjects: ["stock.*"],
    share: 0.05,
    messageBytesMax: limits.messageBytesMax,
    events: true,
  },
  {
    name: "CHECKOUT",
    description: "What became of each reservation, and what was answered",
    subjects: ["checkout.*.*"],
    share: 0.05,
    messageBytesMax: limits.messageBytesMax,
    events: true,
    // Its orders stand in ACTIVITY, and no request is repeated after a day.
    keptMs: 30 * dayMs,
  },
  {
    name: "DERIVED",
    description: "What a read cannot find by one exact subject: ratings, sales by product, last good values",
    subjects: ["derived.>"],
    share: 0.15,
    messageBytesMax: limits.payloadBytesMax,
    perSubject: 1,
    events: false,
  },
  {
    name: "QUARANTINE",
    description: "Copies of what could not be an event, with the reason",
    subjects: ["quarantine.>"],
    share: 0.05,
    messageBytesMax: limits.payloadBytesMax,
    perSubject: 1,
    events: false,
  },
  {
    name: "LEDGER",
    description: "Which lines of which feed were published, by content",
    subjects: ["ledger.>"],
    share: 0.05,
    messageBytesMax: limits.messageBytesMax,
    perSubject: 1,
    events: false,
  },
  {
    name: "CHANGES",
    description: "What was told of changes lately, for who must act on each of them, such as purging an edge",
    subjects: [changesSubject],
    share: 0,
    messageBytesMax: limits.payloadBytesMax,
    events: false,
    // Ten times as long as an edge may hold anything that a change makes wrong.
    forgets: { afterMs: 600_000, bytesMax: 16 * 1024 * 1024 },
  },
  {
    name: "HOT",
    description: "Which products are hot: each transition with its reason, and what operators want",
    subjects: hotSubjects,
    share: 0,
    messageBytesMax: limits.payloadBytesMax,
    events: false,
    // The owner writes what still counts anew each hour: what goes first is about products that are not wanted.
    perSubject: hotPerSubject,
    forgets: { afterMs: 7 * dayMs, bytesMax: 32 * 1024 * 1024 },
  },
];
