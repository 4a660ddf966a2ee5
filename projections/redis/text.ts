import { type Version, versionLength } from "../version.ts";
import type { Versioned } from "../read-model.ts";

/** A versioned value as it stands in Redis: the version, a space, JSON. */
export function textOf(version: Version, value: unknown): string {
  return `${version} ${JSON.stringify(value)}`;
}

export function versionIn(text: string): Version {
  return text.slice(0, versionLength) as Version;
}

/** What a key or field of ours holds. The caller names the type, because only our own puts write there. */
export function readText<T>(text: string | null | undefined): Versioned<T> | undefined {
  if (text === null || text === undefined) return undefined;
  return { version: versionIn(text), value: JSON.parse(text.slice(versionLength + 1)) as T | null };
}
