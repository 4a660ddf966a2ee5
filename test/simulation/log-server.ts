import type { Clock } from "./clock.ts";
import {
  type AppendOptions,
  type Appended,
  type Log,
  LogUnavailable,
  type ReadFrom,
  type StoredMessage,
  type StreamBounds,
} from "../../streams/log.ts";
import { createMemoryLog, subjectMatcher } from "../../streams/memory-log.ts";
import { storedSubjectOf } from "../../streams/subjects.ts";
import type { Server } from "./network.ts";

/** A simulated NATS server: streams that take appends as the log in memory does, and replicas that lag behind. */
export interface LogServer extends Server {
  readonly catalog: SimulatedStream;
  readonly derived: SimulatedStream;
  readonly quarantine: SimulatedStream;
  /** How far back reads from any replica show the streams, in milliseconds. */
  replicaLagMs(): number;
  lagUntil(moment: number, byMs: number): void;
}

export interface SimulatedStream {
  readonly name: string;
  /** The same as a log, for who looks at it from outside. */
  readonly whole: Log;
  append(subject: string, payload: Uint8Array, options: AppendOptions): Promise<Appended>;
  last(subject: string, from: ReadFrom): StoredMessage | undefined;
  next(subject: string, sequence: number): StoredMessage | undefined;
  bounds(): StreamBounds;
  /** In the order of the stream, from a sequence on. */
  from(sequence: number): Iterable<StoredMessage>;
  readonly head: number;
  /** Hears of each message when it is stored. */
  readonly listeners: Set<(message: StoredMessage) => void>;
  /** What no part of the product may ever do. */
  remove(sequence: number): void;
}

export function createLogServer(clock: Clock, epoch: number): LogServer {
  let lag = { until: 0, byMs: 0 };
  const replicaLagMs = () => (clock.now() < lag.until ? lag.byMs : 0);
  const streamOf = (name: string, lastPerSubject: boolean) =>
    createStream({ name, clock, epoch, lastPerSubject, replicaLagMs });
  return {
    name: "log",
    downUntil: 0,
    life: 0,
    ordered: false,
    patienceMs: (call) => (call.startsWith("append") ? 4_000 : 1_000),
    failure: (call, reason) => new LogUnavailable(`${call}: ${reason}`),
    catalog: streamOf("CATALOG", false),
    derived: streamOf("DERIVED", true),
    quarantine: streamOf("QUARANTINE", true),
    replicaLagMs,
    lagUntil(until, byMs) {
      lag = { until, byMs };
    },
  };
}

export function createStream(options: {
  readonly name: string;
  readonly clock: Clock;
  readonly epoch: number;
  readonly lastPerSubject: boolean;
  readonly replicaLagMs: () => number;
}): SimulatedStream {
  const { name, clock, epoch, lastPerSubject, replicaLagMs } = options;
  // Ids, expectations and the mapping of subjects are those of the log in memory.
  const taking = createMemoryLog({
    stream: name,
    now: () => Math.floor(clock.now()),
    epoch,
    ...(lastPerSubject && { perSubject: 1 }),
  });
  const messages: StoredMessage[] = [];
  const bySubject = new Map<string, StoredMessage[]>();
  const removed = new Set<number>();
  const listeners = new Set<(message: StoredMessage) => void>();

  const shown = (message: StoredMessage) =>
    !removed.has(message.sequence) && (!lastPerSubject || bySubject.get(message.subject)?.at(-1) === message);

  return {
    name,
    whole: taking,
    listeners,

    async append(subject, payload, options) {
      const appended = await taking.append(subject, payload, options);
      if (appended.outcome === "conflict" || appended.sequence <= messages.length) return appended;
      const stored = storedSubjectOf(subject);
      const message = await taking.last(stored);
      if (message === undefined) throw new Error(`${name} lost what it just took`);
      messages.push(message);
      const others = bySubject.get(stored);
      if (others === undefined) bySubject.set(stored, [message]);
      else others.push(message);
      for (const hear of listeners) hear(message);
      return appended;
    },

    last(subject, from) {
      const until = from === "any" ? clock.now() - replicaLagMs() : clock.now();
      return bySubject
        .get(subject)
        ?.findLast(({ time, sequence }) => time <= until && !removed.has(sequence));
    },

    next(subject, sequence) {
      const matches = subjectMatcher(subject);
      return messages.find((one) => one.sequence >= sequence && matches(one.subject) && shown(one));
    },

    bounds: () => ({
      first: messages.length === 0 ? 0 : 1,
      last: messages.length,
      messages: messages.length,
      epoch,
    }),

    *from(sequence) {
      for (let at = sequence - 1; at < messages.length; at++) {
        const message = messages[at];
        if (message !== undefined && shown(message)) yield message;
      }
    },

    get head() {
      return messages.length;
    },

    remove: (sequence) => void removed.add(sequence),
  };
}
