import { createHash } from "node:crypto";
import { type Identifier, identifierBytesMax } from "../../../streams/identifier.ts";

/**
 * Categories that product feeds name by their path alone, such as `Women > Dresses`. All of one feed hang
 * under a category of the feed's own, which thereby lists every product that came by it.
 */
export interface PathCategory {
  readonly id: Identifier;
  readonly name: string;
  readonly parent_id: Identifier | null;
}

/**
 * The category at the end of the path, below `parent`; the feed's own where the path is empty. Ids are made of
 * the names, whatever their capitals and punctuation: `google/women/dresses`.
 */
export function pathCategory(feed: string, path: readonly string[], parent: Identifier | null): PathCategory {
  const name = path.at(-1);
  if (name === undefined || parent === null)
    return { id: feed as Identifier, name: titleOf(feed), parent_id: null };
  return { id: within(`${parent}/${slugOf(name)}`), name, parent_id: parent };
}

/** `Home & Garden > Decor`, as feeds write paths. */
export function splitPath(text: string): readonly string[] {
  return text
    .split(">")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** Letters and digits of any script; a name without any is known by its hash. */
function slugOf(name: string): string {
  const slug = name
    .toLowerCase()
    .normalize("NFC")
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, "-")
    .replace(/^-|-$/g, "");
  return slug === "" ? digest(name) : slug;
}

/** An identifier has its limit, paths have none. */
function within(id: string): Identifier {
  if (Buffer.byteLength(id) <= identifierBytesMax) return id as Identifier;
  const bytes = Buffer.from(id).subarray(0, identifierBytesMax - 17);
  // What the cut left of a character of several bytes is dropped.
  const head = bytes.toString("utf8").replace(/\ufffd+$/, "");
  return `${head}-${digest(id)}`.normalize("NFC") as Identifier;
}

const digest = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16);

function titleOf(feed: string): string {
  return feed.charAt(0).toUpperCase() + feed.slice(1).replace(/[-_]+/g, " ");
}
