import { laterSchemas } from "./payloads.ts";
import type { EventKind } from "./subjects.ts";

/**
 * Which version of its schema a payload is written in. Publishers name it where CloudEvents have a place for it,
 * in the header `ce-dataschema`: `urn:shelfwire:inventory.changed:2`. Without one it is version 1, so that a bare
 * publish means for ever what it means today. Another URI there is the publisher's own and says nothing to us.
 */
const prefix = "urn:shelfwire:";
export const firstVersion = 1;

export function schemaUri(kind: EventKind, version: number): string {
  return `${prefix}${kind}:${version}`;
}

/** The version, or why there is none, for the publisher. */
export function schemaVersionOf(
  kind: EventKind,
  headers: ReadonlyMap<string, string> | undefined,
): number | { readonly reason: string } {
  const uri = headers?.get("ce-dataschema");
  if (uri === undefined || !uri.startsWith(prefix)) return firstVersion;
  const known = [firstVersion, ...Object.keys(laterSchemas[kind] ?? {}).map(Number)];
  const version = known.find((each) => uri === schemaUri(kind, each));
  if (version !== undefined) return version;
  const uris = known.map((each) => schemaUri(kind, each)).join(", ");
  return { reason: `ce-dataschema: "${uri}" is no version of ${kind}; known are ${uris}` };
}
