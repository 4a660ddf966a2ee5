import { decodeHotWord } from "../../actors/hot/hot-word.ts";
import { decodeTransition } from "../../actors/hot/transitions.ts";
import { type Identifier, identifierOf } from "../../streams/identifier.ts";
import type { Broadcast } from "../../streams/broadcast.ts";
import type { Log } from "../../streams/log.ts";

/** What the hot-set's owner writes and pushes of the products of a rehearsal while it lasts: docs/hot.md. */
export interface Transitions {
  /** In the order of the log. Loads are not among them: of what only refreshes nothing is written. */
  readonly seen: readonly Transition[];
  /** Of each value that was pushed the product: a load each, but for a few that say the last value again. */
  readonly pushed: readonly Identifier[];
  /** Takes what the log holds by now, and ends. May be called again. */
  close(): Promise<void>;
}

export interface Transition {
  readonly product: Identifier;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: string;
  /** The state that it led to. */
  readonly to: string;
}

const takeMax = 256;
const takeMs = 250;
/** More than any rehearsal has; then no more are kept. */
const seenMax = 100_000;

export async function followTransitions(
  { hot, values }: { readonly hot: Log; readonly values: Broadcast },
  products: readonly Identifier[],
): Promise<Transitions> {
  const wanted = new Set(products);
  const seen: Transition[] = [];
  const pushed: Identifier[] = [];
  const listening = values.listen({
    hear(bytes) {
      const word = decodeHotWord(bytes);
      if (word?.kind === "value" && wanted.has(word.id) && pushed.length < seenMax) pushed.push(word.id);
    },
    missed: () => {},
  });
  const { last } = await hot.bounds();
  const tail = hot.tail({ from: last + 1, subject: "hot.transition.>" });
  let closing = false;

  async function follow(): Promise<void> {
    for (;;) {
      // What came before the wish to end is taken still.
      const isLast = closing;
      const { messages } = await tail.take(takeMax, takeMs);
      for (const { subject, payload } of messages) {
        const product = identifierOf(subject.slice(subject.lastIndexOf(".") + 1));
        if (product === undefined || !wanted.has(product) || seen.length >= seenMax) continue;
        const transition = decodeTransition(payload);
        if (transition === undefined) continue;
        const { event, after } = transition;
        seen.push({ product, at: event.at, event: event.type, to: after.value });
      }
      if (isLast && messages.length < takeMax) return;
    }
  }

  const following = follow();
  // Asked for at the close.
  following.catch(() => {});
  const end = async (): Promise<void> => {
    closing = true;
    try {
      await following;
    } finally {
      listening.close();
      await tail.close();
    }
  };
  let ending: Promise<void> | undefined;
  return {
    seen,
    pushed,
    close() {
      ending ??= end();
      return ending;
    },
  };
}
