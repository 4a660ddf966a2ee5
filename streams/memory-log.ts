import { limits } from "./limits.ts";
import { type Log, LogRefused, type StoredMessage, type Tail } from "./log.ts";
import { storedSubjectOf } from "./subjects.ts";

/**
 * The log in memory, for tests and simulation: the same promises, no server.
 *
 * `now` is the log's clock. Message ids are remembered for ever, where the real log forgets them after
 * `limits.duplicateWindowMs`: code that needs longer must not rely on ids, and the suite says so.
 */
export interface MemoryLogOptions {
  readonly stream: string;
  readonly now: () => number;
  readonly epoch?: number;
  /** Keep only so many messages of each subject, the newest, as `StreamDefinition` has it. */
  readonly perSubject?: number;
}

export function createMemoryLog(options: MemoryLogOptions): Log {
  const { stream, now, epoch = 0, perSubject = Infinity } = options;
  const messages: StoredMessage[] = [];
  const newest = new Map<string, StoredMessage>();
  const sequenceById = new Map<string, number>();
  const waiters = new Set<() => void>();

  const standing = new Map<string, StoredMessage[]>();
  const forgotten = new Set<StoredMessage>();

  function keep(message: StoredMessage): void {
    const { subject } = message;
    const all = standing.get(subject) ?? [];
    standing.set(subject, all);
    all.push(message);
    const oldest = all.length > perSubject ? all.shift() : undefined;
    if (oldest !== undefined) forgotten.add(oldest);
  }

  const kept = (message: StoredMessage) => !forgotten.has(message);

  return {
    stream,

    async append(published, payload, { id, expectedLastSubjectSequence, expectedLastId, headers = {} } = {}) {
      const subject = storedSubjectOf(published);
      if (payload.byteLength > limits.messageBytesMax) throw new LogRefused(`${stream}: message too large`);
      const earlier = id === undefined ? undefined : sequenceById.get(id);
      if (earlier !== undefined) return { outcome: "stored", sequence: earlier, duplicate: true };
      const last = newest.get(subject)?.sequence ?? 0;
      if (expectedLastSubjectSequence !== undefined && expectedLastSubjectSequence !== last) {
        return { outcome: "conflict" };
      }
      if (expectedLastId !== undefined && messages.at(-1)?.headers?.get("nats-msg-id") !== expectedLastId) {
        return { outcome: "conflict" };
      }
      const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
      const message: StoredMessage = {
        sequence: messages.length + 1,
        time: now(),
        subject,
        payload,
        headers: new Map([...named, ...(id === undefined ? [] : [["nats-msg-id", id] as const])]),
      };
      messages.push(message);
      newest.set(subject, message);
      keep(message);
      if (id !== undefined) sequenceById.set(id, message.sequence);
      for (const wake of waiters) wake();
      return { outcome: "stored", sequence: message.sequence, duplicate: false };
    },

    async last(subject) {
      return newest.get(subject);
    },

    async next(subject, sequence) {
      const matches = subjectMatcher(subject);
      for (let at = Math.max(sequence, 1); at <= messages.length; at++) {
        const message = messages[at - 1];
        if (message !== undefined && kept(message) && matches(message.subject)) return message;
      }
      return undefined;
    },

    async bounds() {
      return {
        first: messages.length === 0 ? 0 : 1,
        last: messages.length,
        messages: messages.length - forgotten.size,
        epoch,
      };
    },

    tail({ from, subject }): Tail {
      const matches = subject === undefined ? () => true : subjectMatcher(subject);
      let next = Math.max(from, 1);
      let closed = false;
      let wakeTake: () => void = () => {};
      const wake = () => wakeTake();
      waiters.add(wake);
      const collect = (max: number): readonly StoredMessage[] => {
        const taken: StoredMessage[] = [];
        while (next <= messages.length && taken.length < max) {
          const message = messages[next++ - 1];
          if (message !== undefined && kept(message) && matches(message.subject)) taken.push(message);
        }
        return taken;
      };
      return {
        async take(max, waitMs) {
          let taken = collect(max);
          if (taken.length === 0 && !closed) {
            await new Promise<void>((resolve) => {
              const timer = setTimeout(resolve, waitMs);
              // What is appended elsewhere is no reason to come back with nothing.
              wakeTake = () => {
                taken = collect(max);
                if (taken.length === 0 && !closed) return;
                clearTimeout(timer);
                resolve();
              };
            });
            wakeTake = () => {};
          }
          return { messages: taken, pending: messages.length - next + 1 };
        },
        async close() {
          closed = true;
          waiters.delete(wake);
          wakeTake();
        },
      };
    },
  };
}

/** NATS wildcards: `*` is one token, `>` the rest. */
export function subjectMatcher(pattern: string): (subject: string) => boolean {
  const wanted = pattern.split(".");
  return (subject) => {
    const tokens = subject.split(".");
    for (const [at, token] of wanted.entries()) {
      if (token === ">") return tokens.length > at;
      if (token !== "*" && token !== tokens[at]) return false;
    }
    return tokens.length === wanted.length;
  };
}
