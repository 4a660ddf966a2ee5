import type { Identifier } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import { createSlots } from "../../streams/slots.ts";
import { encodeTransition, type Transition, transitionSubject } from "./transitions.ts";

/**
 * Writes transitions to the HOT stream: of one product one behind the other, of many at once. Each expects to follow the
 * transition that this owner knows as the product's last, so where another owner writes too, one of them fails: it starts
 * again from what is written. What was not begun by then is not written any more, so that nothing of one life comes into
 * the next.
 *
 * Nothing waits for a write. What is pushed before its transition is acknowledged is a value of the log like any other,
 * so an owner that is none any more does no harm by it; and what a crash leaves unwritten is found again by the next
 * owner, which loads what is hot and hears what is read.
 */
export interface TransitionWriter {
  write(transition: Transition): void;
  /** Rejects when a write failed; ends in no other way. */
  readonly failed: Promise<never>;
  /** When all that was given to it is written; or nothing is under way any more, once a write failed or it was to end. */
  settled(): Promise<void>;
}

/** Transitions that may wait: ten seconds of a full set that all changes at once. */
const waitingMax = 100_000;
/** Questions for the last transition of a product that was cold, each of the stream's leader. */
const asksMax = 16;

export function createTransitionWriter(
  hot: Log,
  /** Where each product's last transition is; of others the log is asked. */
  standing: Iterable<readonly [Identifier, number]>,
  {
    newId,
    signal,
  }: {
    /** Names each transition among all that any owner writes. */
    readonly newId: () => string;
    /** Nothing is begun any more once it aborts. */
    readonly signal: AbortSignal;
  },
): TransitionWriter {
  const expected = new Map<Identifier, number>(standing);
  const queues = new Map<Identifier, Transition[]>();
  const failure = Promise.withResolvers<never>();
  // Who listens is told; that nobody does is no error.
  failure.promise.catch(() => {});
  let waiting = 0;
  let hasFailed = false;
  const asks = createSlots(asksMax);
  const chains = new Set<Promise<void>>();

  function fail(error: unknown): void {
    hasFailed = true;
    failure.reject(error);
  }

  /** From the leader: a replica may not know yet what was written last. */
  const lastOf = (subject: string) => asks.run(() => hot.last(subject, "leader"));

  /** The sequence that it has. Throws where another owner writes too. */
  async function stored(product: Identifier, payload: Uint8Array): Promise<number> {
    const subject = transitionSubject(product);
    const id = newId();
    const last = expected.get(product) ?? (await lastOf(subject))?.sequence ?? 0;
    const first = await hot.append(subject, payload, { id, expectedLastSubjectSequence: last });
    if (first.outcome === "stored") return first.sequence;
    const standing = await lastOf(subject);
    // It was stored, and nobody could say so.
    if (standing?.headers?.get("nats-msg-id") === id) return standing.sequence;
    if (standing === undefined) {
      // What it was to follow was the oldest, and the stream forgot it to make room.
      const second = await hot.append(subject, payload, { id, expectedLastSubjectSequence: 0 });
      if (second.outcome === "stored") return second.sequence;
    }
    throw new Error(`another owner has written what became of ${product}`);
  }

  async function append(product: Identifier, transition: Transition): Promise<void> {
    const sequence = await stored(product, encodeTransition(transition));
    // What is as cold as any other is not remembered here either; its last transition is asked for when it matters.
    if (transition.after.value === "cold") expected.delete(product);
    else expected.set(product, sequence);
  }

  async function drain(product: Identifier, queue: Transition[]): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (hasFailed || signal.aborted) return;
      await append(product, next);
      waiting--;
    }
    queues.delete(product);
  }

  return {
    failed: failure.promise,
    write(transition) {
      if (hasFailed || signal.aborted) return;
      if (++waiting > waitingMax) {
        fail(new Error(`${waitingMax} transitions wait to be written`));
        return;
      }
      const { product } = transition.after;
      const queue = queues.get(product);
      if (queue !== undefined) {
        queue.push(transition);
        return;
      }
      const begun = [transition];
      queues.set(product, begun);
      const chain = drain(product, begun)
        .catch(fail)
        .finally(() => chains.delete(chain));
      chains.add(chain);
    },
    async settled() {
      while (chains.size > 0) await Promise.all(chains);
    },
  };
}
