import { type Identifier, tokenOf } from "../streams/identifier.ts";
import { limits } from "./limits.ts";

/**
 * Purge tags: by which names caches between here and the reader drop an answer when something in it changes. The same
 * list in the three forms that they understand: `Surrogate-Key` (Fastly, Varnish's xkey), `Cache-Tag` (Cloudflare,
 * CloudFront) and `Cache-Groups` (RFC 9875).
 *
 * What an answer is about comes first; what finds no room is left to the answer's lifetime, which is within its
 * freshness bound wherever it holds more than that.
 */
export type TagHeaders = readonly string[];

export const productTag = (id: Identifier): string => `product-${tokenOf(id)}`;
export const categoryTag = (id: Identifier): string => `category-${tokenOf(id)}`;

/** The headers, name and value in turn; none without a tag. A tag is of `A-Z a-z 0-9 _ - =` alone, whatever the identifier. */
export function tagHeaders(tags: Iterable<string>): TagHeaders {
  const kept: string[] = [];
  let bytes = 0;
  for (const tag of new Set(tags)) {
    bytes += tag.length + 1;
    if (kept.length === limits.tagsMax || bytes > limits.tagBytesMax) break;
    kept.push(tag);
  }
  return kept.length === 0 ? [] : headersFor(kept.join(" "), kept.join(), `"${kept.join('", "')}"`);
}

/** The same for a product without others in it. Made for each answer that Redis held ready. */
export function ownTagHeaders(id: Identifier): TagHeaders {
  const tag = productTag(id);
  return headersFor(tag, tag, `"${tag}"`);
}

const headersFor = (spaced: string, listed: string, quoted: string): TagHeaders => [
  "surrogate-key",
  spaced,
  "cache-tag",
  listed,
  "cache-groups",
  quoted,
];
