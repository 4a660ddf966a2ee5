import { type Heat, heats, isPairs, pairs } from "./heat-word.ts";

/**
 * Who asks most and what is asked most, over all workers, told by the hot set's owner on the broadcast `hot.callers`. Each
 * word stands for all of it. It is said four times a second; one that is older than `callersWordMs` counts for
 * nothing, so that nobody is limited by what an owner that is gone said last.
 */
export interface CallersWord {
  /** The keenest first. */
  readonly callers: readonly Heat[];
  readonly endpoints: readonly Heat[];
}

export const callersWordMs = 2_000;

const wordVersion = 1;
/** Of each list so many are told. */
export const toldMax = 256;

export const encodeCallersWord = ({ callers, endpoints }: CallersWord): Uint8Array =>
  Buffer.from(JSON.stringify({ v: wordVersion, callers: pairs(callers), endpoints: pairs(endpoints) }));

/** Undefined where the bytes are none: anybody may publish on the subject. Never throws. */
export function decodeCallersWord(bytes: Uint8Array): CallersWord | undefined {
  try {
    const word = JSON.parse(Buffer.from(bytes).toString()) as Readonly<Record<string, unknown>> | null;
    const { v, callers, endpoints } = word ?? {};
    if (v !== wordVersion || !isPairs(callers, toldMax) || !isPairs(endpoints, toldMax)) return undefined;
    return { callers: heats(callers), endpoints: heats(endpoints) };
  } catch {
    return undefined;
  }
}
