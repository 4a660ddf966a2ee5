import { type Identifier, parseIdentifier, tokenOf } from "../../streams/identifier.ts";
import { type HotEvent, type HotState, type HotValue, hotValues, salesMax } from "./hot-state.ts";

/**
 * The stream HOT: the transitions of each product, as `hot.transition.<product>`, and each command of an operator, as
 * `hot.command.<product>`. A product's state is its newest transition's. Which transitions are written, `isTold` says.
 */
export interface Transition {
  /** What caused it, and when. */
  readonly event: HotEvent;
  readonly before: HotValue;
  readonly after: HotState;
}

export const transitionSubject = (product: Identifier): string => `hot.transition.${tokenOf(product)}`;
export const isTransitionSubject = (subject: string): boolean => subject.startsWith("hot.transition.");

const transitionVersion = 2;

/** The same transition is the same bytes everywhere. */
export const encodeTransition = ({ event, before, after }: Transition): Uint8Array =>
  Buffer.from(JSON.stringify({ v: transitionVersion, before, event, after }));

/** Undefined where the bytes are none that this version understands: that product begins anew. Never throws. */
export function decodeTransition(bytes: Uint8Array): Transition | undefined {
  try {
    const word = JSON.parse(Buffer.from(bytes).toString()) as Readonly<Record<string, unknown>> | null;
    const { v, before, event, after } = word ?? {};
    if (v !== transitionVersion || !isHotValue(before) || !isEvent(event) || !isState(after))
      return undefined;
    return { before, event, after };
  } catch {
    return undefined;
  }
}

type Test = (value: unknown) => boolean;
type Fields<T> = { readonly [Field in keyof T]-?: Test };

const isHotValue = (value: unknown): value is HotValue => hotValues.some((one) => one === value);
const isId: Test = (value) => typeof value === "string" && parseIdentifier(value) === value;
const isFlag: Test = (value) => typeof value === "boolean";
const isTime: Test = (value) => Number.isFinite(value);
const isTimeOrNull: Test = (value) => value === null || Number.isFinite(value);
const isCount: Test = (value) => Number.isInteger(value) && (value as number) >= 0;
const isRate: Test = (value) => Number.isFinite(value) && (value as number) >= 0;

const saleFields = { sale: isId, from: isTime, until: isTime };
const stateFields: Fields<HotState> = {
  value: isHotValue,
  product: isId,
  since: isTime,
  heat: isFlag,
  operator: isFlag,
  dropUntil: isTime,
  sales: (all) =>
    Array.isArray(all) && all.length <= salesMax && all.every((one) => hasFields(one, saleFields)),
  hasRoom: isFlag,
  absentUntil: isTime,
  due: isTimeOrNull,
  deadline: isTimeOrNull,
  sequence: (value) => value === null || isCount(value),
  again: isFlag,
  holders: isCount,
  of: isCount,
  failures: isCount,
  alerted: isFlag,
  oversized: isFlag,
  mode: (value) => value === "push" || value === "invalidate",
  reads: isRate,
  writes: isRate,
  command: isCount,
};

function hasFields(value: unknown, fields: Readonly<Record<string, Test>>): boolean {
  const found = (value ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(fields).every(([name, test]) => test(found[name]));
}

/** Whoever may write to the stream wrote it: one that is not as it must be would throw in each life of an owner. */
const isState = (value: unknown): value is HotState => hasFields(value, stateFields);
/** What caused it is for people: nothing is decided by it. */
const isEvent = (value: unknown): value is HotEvent =>
  hasFields(value, { type: (type) => typeof type === "string", at: isTime });

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
