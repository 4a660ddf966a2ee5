import type { Identifier } from "../../../streams/identifier.ts";
import { type EventKind, publicSubject } from "../../../streams/subjects.ts";

/** An event that a file makes, before it has a message id. */
export interface FeedEvent {
  readonly kind: EventKind;
  readonly subject: string;
  /** Distinguishes it among all events of its file, whichever run makes it. */
  readonly name: string;
  readonly payload: object;
}

/** `line` is the line that caused it; `part` tells apart what one line causes of one kind. */
export function feedEvent(
  kind: EventKind,
  about: Identifier,
  line: number,
  part: string,
  payload: object,
): FeedEvent {
  return { kind, subject: publicSubject(kind, about), name: `${line}.${part}`, payload };
}
