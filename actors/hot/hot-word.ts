import { type Identifier, parseIdentifier } from "../../streams/identifier.ts";

/**
 * What the hot-set's owner tells every API worker of a hot product, on the broadcast `hot.value`, and what they answer, on
 * `hot.held`. Both are for the moment: a value that is lost is asked for by the next reader as any other, and comes
 * again with the next refresh.
 */
export type HotWord =
  | {
      readonly kind: "value";
      readonly id: Identifier;
      /** Names this value among all that are pushed: what "held" answers. */
      readonly push: number;
      /** Until then it is hot, if nothing more is heard of it; milliseconds since 1970. */
      readonly untilMs: number;
      /** Whether its changes come as values, so that nobody loads what was touched before the value had time to come. */
      readonly changesArePushed: boolean;
      /** `api/gateway/product-parts.ts` reads it. */
      readonly value: string;
    }
  | { readonly kind: "cool"; readonly id: Identifier };

export interface HeldWord {
  /** The worker, as in its words of heat. */
  readonly by: string;
  /** Pushes that it holds now. */
  readonly held: readonly number[];
}

const wordVersion = 1;
const textMax = 512;

/** A value is JSON already and stands at the end as it is, so that nobody escapes it. */
export function encodeHotWord(word: HotWord): Uint8Array {
  if (word.kind === "cool") return Buffer.from(JSON.stringify({ v: wordVersion, ...word }));
  const { value, ...head } = word;
  return Buffer.from(`${JSON.stringify({ v: wordVersion, ...head })}\n${value}`);
}

/** Undefined where the bytes are none. Never throws. What `value` says is not looked at. */
export function decodeHotWord(bytes: Uint8Array): HotWord | undefined {
  try {
    const text = Buffer.from(bytes).toString();
    const end = text.indexOf("\n");
    const head = JSON.parse(end < 0 ? text : text.slice(0, end)) as Readonly<Record<string, unknown>> | null;
    const { v, kind, id, push, untilMs, changesArePushed } = head ?? {};
    const product = typeof id === "string" ? parseIdentifier(id) : undefined;
    if (v !== wordVersion || product === undefined) return undefined;
    if (kind === "cool") return { kind, id: product };
    if (kind !== "value" || end < 0) return undefined;
    if (!Number.isInteger(push) || !Number.isFinite(untilMs) || typeof changesArePushed !== "boolean")
      return undefined;
    const value = text.slice(end + 1);
    return { kind, id: product, push: push as number, untilMs: untilMs as number, changesArePushed, value };
  } catch {
    return undefined;
  }
}

export const encodeHeldWord = ({ by, held }: HeldWord): Uint8Array =>
  Buffer.from(JSON.stringify({ v: wordVersion, by, held }));

/** Undefined where the bytes are none. Never throws. */
export function decodeHeldWord(bytes: Uint8Array): HeldWord | undefined {
  try {
    const word = JSON.parse(Buffer.from(bytes).toString()) as Readonly<Record<string, unknown>> | null;
    const { v, by, held } = word ?? {};
    const isHeld = Array.isArray(held) && held.every((push) => Number.isInteger(push));
    if (v !== wordVersion || typeof by !== "string" || by.length > textMax || !isHeld) return undefined;
    return { by, held: held as readonly number[] };
  } catch {
    return undefined;
  }
}
