import type { Target } from "./connection.ts";

/** A load on this machine comes from several of its addresses, as people come from several places. */

const sourcesMax = 16;

export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "::1" || isIPv4Loopback(hostname);

const isIPv4Loopback = (hostname: string): boolean => /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);

/** None where the system has only one, or the target is not sure to be reached from them. */
export function sourcesFor(targets: readonly Target[]): readonly string[] {
  // Linux takes all of 127.0.0.0/8 as its own.
  if (process.platform !== "linux" || !targets.every(({ hostname }) => isIPv4Loopback(hostname))) return [];
  return Array.from({ length: sourcesMax }, (_, at) => `127.0.0.${at + 1}`);
}
