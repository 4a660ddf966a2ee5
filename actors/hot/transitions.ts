import { type Identifier, parseIdentifier, tokenOf } from "../../streams/identifier.ts";
import { type HotEvent, type HotState, type HotValue, hotValues } from "./hot-state.ts";

/**
 * The stream HOT: each transition of each product, as `hot.transition.<product>`, and each command of an operator, as
 * `hot.command.<product>`. A product's state is its newest transition's.
 */
export interface Transition {
  /** What caused it, and when. */
  readonly event: HotEvent;
  readonly before: HotValue;
  readonly after: HotState;
}

export const transitionSubject = (product: Identifier): string => `hot.transition.${tokenOf(product)}`;
export const isTransitionSubject = (subject: string): boolean => subject.startsWith("hot.transition.");

const transitionVersion = 1;

/** The same transition is the same bytes everywhere. */
export const encodeTransition = ({ event, before, after }: Transition): Uint8Array =>
  Buffer.from(JSON.stringify({ v: transitionVersion, before, event, after }));

/** Undefined where the bytes are none that this version understands: that product begins anew. Never throws. */
export function decodeTransition(bytes: Uint8Array): Transition | undefined {
  try {
    const word = JSON.parse(Buffer.from(bytes).toString()) as Readonly<Record<string, unknown>> | null;
    const { v, before, event, after } = word ?? {};
    if (v !== transitionVersion || !isHotValue(before) || !isState(after)) return undefined;
    return { before, event: event as HotEvent, after };
  } catch {
    return undefined;
  }
}

const isHotValue = (value: unknown): value is HotValue => hotValues.some((one) => one === value);

/** Only owners write here: what is looked at is what another version of the software might have written otherwise. */
function isState(state: unknown): state is HotState {
  const { value, product, deadline, sales, command } = (state ?? {}) as Readonly<Record<string, unknown>>;
  return (
    isHotValue(value) &&
    typeof product === "string" &&
    parseIdentifier(product) !== undefined &&
    (deadline === null || Number.isFinite(deadline)) &&
    Array.isArray(sales) &&
    Number.isInteger(command)
  );
}

/** What an operator wants of a product: hot, with or without heat, until it is taken back. */
export interface HotCommand {
  readonly command: "add" | "remove";
  /** Milliseconds since 1970, by the operator's clock. */
  readonly at: number;
}

export const commandSubject = (product: Identifier): string => `hot.command.${tokenOf(product)}`;
export const commandSubjects = "hot.command.*";

export const encodeCommand = ({ command, at }: HotCommand): Uint8Array =>
  Buffer.from(JSON.stringify({ command, at }));

/** Undefined where the bytes are none: anybody may publish on the subject. Never throws. */
export function decodeCommand(bytes: Uint8Array): HotCommand | undefined {
  try {
    const word = JSON.parse(Buffer.from(bytes).toString()) as Readonly<Record<string, unknown>> | null;
    const { command, at } = word ?? {};
    if ((command !== "add" && command !== "remove") || typeof at !== "number") return undefined;
    return { command, at };
  } catch {
    return undefined;
  }
}
