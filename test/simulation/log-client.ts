import type { Appended, Log, StoredMessage, StreamBounds, Tail } from "../../streams/log.ts";
import { subjectMatcher } from "../../streams/memory-log.ts";
import type { Clock } from "./clock.ts";
import type { LogServer, SimulatedStream } from "./log-server.ts";
import type { Life, Network } from "./network.ts";

/**
 * A stream as one process has it. An append that was not answered in time throws `LogUnavailable` and may have
 * been stored, or will be (a ghost); the retries of the real client are inside its one call.
 */
export interface LogClientOptions {
  readonly life: Life;
  readonly network: Network;
  readonly server: LogServer;
  readonly stream: SimulatedStream;
  readonly clock: Clock;
  /** How many messages a tail gives at once, in turn. */
  readonly batches: readonly number[];
  /** Until when the process's tails hear nothing. */
  readonly silentUntil: () => number;
}

/** So much behind a batch that a projector joins it with the next one. */
const farMore = 1_000_000;

export function createLogClient(options: LogClientOptions): Log {
  const { life, network, server, stream } = options;
  let appends = 0;

  async function ask<T>(call: string, command: () => T): Promise<Awaited<T>> {
    const [answer] = await network.ask(life, server, call, [command]);
    return answer as Awaited<T>;
  }

  return {
    stream: stream.name,
    append(subject, payload, options = {}) {
      const id = options.id ?? `${life.process}.${life.number}.${stream.name}.${appends++}`;
      return ask<Promise<Appended>>(`append ${subject}`, () =>
        stream.append(subject, payload, { ...options, id }),
      );
    },
    last: (subject, from = "leader") => ask(`last ${subject}`, () => stream.last(subject, from)),
    next: (subject, sequence) => ask(`next ${subject}`, () => stream.next(subject, sequence)),
    bounds: () => ask<StreamBounds>("bounds", () => stream.bounds()),
    tail: ({ from, subject }) => createTail(options, from, subject),
  };
}

/** Delivers in order and without a gap, as the port promises, but when it likes and as much as it likes. */
function createTail(options: LogClientOptions, from: number, subject: string | undefined): Tail {
  const { life, network, stream, clock, batches, silentUntil } = options;
  const matches = subject === undefined ? undefined : subjectMatcher(subject);
  let next = from;
  /** What has come to the process, up to this sequence. */
  let delivered = from - 1;
  let takes = 0;
  let closed = false;
  let wake: () => void = () => {};

  function deliver(): void {
    network.later(life, Math.max(clock.now() + network.latency(), silentUntil()), () => {
      if (closed) return;
      if (clock.now() < silentUntil()) {
        deliver();
        return;
      }
      delivered = stream.head;
      wake();
    });
  }

  function collect(max: number): readonly StoredMessage[] {
    const taken: StoredMessage[] = [];
    for (const message of stream.from(next)) {
      if (message.sequence > delivered || taken.length >= max) break;
      next = message.sequence + 1;
      if (matches?.(message.subject) !== false) taken.push(message);
    }
    return taken;
  }

  stream.listeners.add(deliver);
  life.endings.push(() => stream.listeners.delete(deliver));
  deliver();

  return {
    async take(max, waitMs) {
      const most = Math.min(max, batches[takes++ % batches.length] ?? max);
      let taken = collect(most);
      if (taken.length === 0 && !closed) {
        await new Promise<void>((resolve) => {
          wake = () => {
            taken = collect(most);
            if (taken.length > 0 || closed) resolve();
          };
          network.later(life, clock.now() + waitMs, resolve);
        });
        wake = () => {};
      }
      const behind = Math.max(0, delivered - next + 1);
      // As if the log were longer: what is far behind joins batches before it writes them.
      return { messages: taken, pending: behind > 0 && takes % 3 !== 2 ? farMore : behind };
    },
    async close() {
      closed = true;
      stream.listeners.delete(deliver);
      wake();
    },
  };
}
