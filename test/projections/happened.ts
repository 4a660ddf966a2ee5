import { decodeEvent, type EventOf, isBad } from "../../streams/events.ts";
import { type EventKind, publicSubject, storedSubjectOf } from "../../streams/subjects.ts";
import { id } from "../streams/id.ts";

/** An event as the decoder gives it, so that a specification cannot state what no publisher could have sent. */
export function happened<Kind extends EventKind>(
  sequence: number,
  kind: Kind,
  about: string,
  payload: object,
  at = sequence * 1_000,
): EventOf<Kind> {
  const event = decodeEvent({
    sequence,
    time: at,
    subject: storedSubjectOf(publicSubject(kind, id(about))),
    payload: Buffer.from(JSON.stringify(payload)),
  });
  if (isBad(event)) throw new Error(event.reason);
  return event as EventOf<Kind>;
}

/**
 * A specification as a sentence: given these events, when these follow, the state shows this. It is told
 * twice: delivering all of them a second time must not change the state.
 */
export function specifying<State, Event>(evolve: (state: State | undefined, event: Event) => State) {
  const fold = (events: readonly Event[], state?: State) =>
    events.reduce<State | undefined>((before, event) => evolve(before, event), state);
  return {
    given: (...past: readonly Event[]) => ({
      when: (...news: readonly Event[]) => ({
        shows(check: (state: State) => void) {
          const state = fold([...past, ...news]);
          if (state === undefined) throw new Error("nothing happened");
          check(state);
          check(fold([...past, ...news], state) ?? state);
        },
      }),
    }),
  };
}
