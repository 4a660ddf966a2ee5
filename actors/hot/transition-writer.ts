import type { Identifier } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import { encodeTransition, type Transition, transitionSubject } from "./transitions.ts";

/**
 * Writes transitions to the HOT stream: of one product one behind the other, of many at once. Each expects to follow the
 * transition that this owner knows as the product's last, so where another owner writes too, one of them fails: it starts
 * again from what is written.
 *
 * Nothing waits for a write. What is pushed before its transition is acknowledged is a value of the log like any other,
 * so an owner that is none any more does no harm by it; and what a crash leaves unwritten is found again by the next
 * owner, which loads what is hot and hears what is read.
 */
export interface TransitionWriter {
  write(transition: Transition): void;
  /** Rejects when a write failed; ends in no other way. */
  readonly failed: Promise<never>;
  /** When all that was given to it is written, or a write failed. */
  settled(): Promise<void>;
}

/** Transitions that may wait: ten seconds of a full set that all changes at once. */
const waitingMax = 100_000;

export function createTransitionWriter(
  hot: Log,
  /** Where each product's last transition is; of others the log is asked. */
  standing: Iterable<readonly [Identifier, number]>,
): TransitionWriter {
  const expected = new Map<Identifier, number>(standing);
  const queues = new Map<Identifier, Transition[]>();
  const failure = Promise.withResolvers<never>();
  // Who listens is told; that nobody does is no error.
  failure.promise.catch(() => {});
  let waiting = 0;
  const chains = new Set<Promise<void>>();

  async function append(product: Identifier, transition: Transition): Promise<void> {
    const subject = transitionSubject(product);
    const last = expected.get(product) ?? (await hot.last(subject))?.sequence ?? 0;
    const appended = await hot.append(subject, encodeTransition(transition), {
      expectedLastSubjectSequence: last,
    });
    if (appended.outcome === "conflict")
      throw new Error(`another owner has written what became of ${product}`);
    // What is as cold as any other is not remembered here either; its last transition is asked for when it matters.
    if (transition.after.value === "cold") expected.delete(product);
    else expected.set(product, appended.sequence);
  }

  async function drain(product: Identifier, queue: Transition[]): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await append(product, next);
      waiting--;
    }
    queues.delete(product);
  }

  return {
    failed: failure.promise,
    write(transition) {
      if (++waiting > waitingMax) {
        failure.reject(new Error(`${waitingMax} transitions wait to be written`));
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
        .catch(failure.reject)
        .finally(() => chains.delete(chain));
      chains.add(chain);
    },
    async settled() {
      while (chains.size > 0) await Promise.all(chains);
    },
  };
}
