import { createHash } from "node:crypto";
import type { Identifier } from "../streams/identifier.ts";
import { motifOf } from "./image-motifs.ts";
import { paintOf } from "./image-paint.ts";

/**
 * The demo catalogue's product images, drawn from the identifier alone.
 *
 * Nothing is stored and nothing is fetched: one identifier gives the same bytes on every node, so an image
 * may be cached for as long as its address lives. The address carries a hash of the identifier and of the
 * drawing revision, and a new drawing has a new address.
 */

/** Count up whenever a drawing changes: every image moves to a new address. */
const drawingRevision = 1;

/** What a title may take of an image, which stays below 4 KB with it. */
const titleLengthMax = 120;

/** The last part of an image's address: 12 hex digits. */
export function imageHash(id: Identifier): string {
  return digestOf(id).toString("hex", 0, 6);
}

/** Where the image of a product is: `/images/<percent-encoded id>/<hash>.svg`. */
export function imageUrl(id: Identifier): string {
  return `/images/${encodeURIComponent(id)}/${imageHash(id)}.svg`;
}

/**
 * An SVG document of 600 by 600, below 4 KB. Words of the identifier that name a thing or a colour are
 * drawn as such (`oak-table-lamp-navy` is a navy lamp); its hash decides the rest. The title, if any, is
 * for readers who cannot see the image.
 */
export function drawProductImage(id: Identifier, title?: string): string {
  const digest = digestOf(id);
  const words = id.toLowerCase().split(/[^a-z]+/);
  const { paint, backdrop } = paintOf(words, digest.readUInt16BE(6));
  const caption = title === undefined ? "" : `<title>${escapeText(title)}</title>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 600" width="600" height="600" role="img">${caption}${backdrop}${motifOf(words, digest.readUInt16BE(8)).draw(paint)}</svg>`;
}

function digestOf(id: Identifier): Buffer {
  return createHash("sha256").update(`${drawingRevision}/${id}`).digest();
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text for XML 1.0, which has no way at all to write most control characters (section 2.2). */
function escapeText(text: string): string {
  return text
    .slice(0, titleLengthMax)
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
    .replace(/[&<>"]/g, (character) => entities[character] ?? character);
}
