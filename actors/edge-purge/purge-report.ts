import type { Leases } from "../../streams/lease.ts";

/** What a purge actor says of itself: in its lease, for operators, and once a second to every API node. */

/** `retrying`: the last call failed. `down`: a change may be at the edge unpurged, for whichever reason. */
export type PurgeState = "up" | "retrying" | "down";

export interface PurgeReport {
  readonly provider: string;
  readonly state: PurgeState;
  /** Tags that wait or are being purged. */
  readonly pending: number;
  /** How long the oldest of them has waited; 0 where there is none. */
  readonly oldest_seconds: number;
  /** Tags, since the process began. */
  readonly purged: number;
  /** Of these, tags of calls that concerned nothing stored; null where the provider does not say. */
  readonly in_vain: number | null;
  /** Tags that were given up, since nobody could hold what they stood for any more. */
  readonly expired: number;
  /** Calls. */
  readonly failed: number;
  /** Events that were too many to look at: what they made wrong ended by its lifetime. */
  readonly unread: number;
  readonly host: string;
  readonly pid: number;
  readonly restarts: number;
}

const keyPrefix = "purge.";

/** The lease of the provider's one actor. */
export const purgeKey = (provider: string): string => keyPrefix + provider;

/** What every purge actor that lives says of itself, by provider. */
export async function readPurgeReports(leases: Leases): Promise<readonly PurgeReport[]> {
  const held = [...(await leases.owners())].filter(([key]) => key.startsWith(keyPrefix));
  return held
    .map(([, said]) => JSON.parse(said) as PurgeReport)
    .sort((a, b) => (a.provider < b.provider ? -1 : 1));
}

/** The sign of life that every API node hears. */
export interface PurgeWord {
  readonly provider: string;
  readonly state: PurgeState;
}

const wordVersion = 1;

export const encodePurgeWord = ({ provider, state }: PurgeWord): Uint8Array =>
  Buffer.from(JSON.stringify({ v: wordVersion, provider, state }));

/** Undefined where the bytes are none. Anybody may publish on the subject. Never throws. */
export function decodePurgeWord(bytes: Uint8Array): PurgeWord | undefined {
  try {
    const word = JSON.parse(Buffer.from(bytes).toString()) as Partial<Record<string, unknown>> | null;
    const { v, provider, state } = word ?? {};
    const isState = state === "up" || state === "retrying" || state === "down";
    return v === wordVersion && typeof provider === "string" && isState ? { provider, state } : undefined;
  } catch {
    return undefined;
  }
}
