import type { Identifier, Token } from "../../../streams/identifier.ts";
import { partitionOf } from "../../../streams/partition.ts";

/** What a stored subject names, or why it names nothing: the contract's section 2 once more, for the verifier. */

const kinds = new Set([
  "product.modified",
  "price.updated",
  "inventory.changed",
  "review.posted",
  "category.modified",
  "sale.scheduled",
  "sale.cancelled",
  "featured.set",
]);

export type Named = { readonly kind: string; readonly id: Identifier } | { readonly bad: string };

export function readSubject(subject: string): Named {
  const [root, log, partition, entity, event, token, ...more] = subject.split(".");
  const kind = `${entity}.${event}`;
  if (root !== "log" || log !== "catalog" || token === undefined || more.length > 0 || !kinds.has(kind)) {
    return { bad: `"${subject}" is the subject of no event` };
  }
  const text = decode(token);
  if (text === undefined || !isIdentifier(text)) return { bad: `"${token}" spells no identifier` };
  if (encode(text) !== token) return { bad: `"${token}" is not the canonical spelling of "${text}"` };
  if (partition !== String(partitionOf(token as Token)))
    return { bad: `"${subject}" is not in its partition` };
  return { kind, id: text };
}

/** 1 to 128 bytes of well-formed UTF-8, composed, without control characters, neither `.` nor `..`. */
export function isIdentifier(text: string): text is Identifier {
  const bytes = Buffer.byteLength(text);
  return (
    bytes >= 1 &&
    bytes <= 128 &&
    text.isWellFormed() &&
    text === text.normalize("NFC") &&
    !/\p{Cc}/u.test(text) &&
    text !== "." &&
    text !== ".."
  );
}

function decode(token: string): string | undefined {
  if (!/^(?:[A-Za-z0-9_-]|=[0-9A-F]{2})+$/.test(token)) return undefined;
  try {
    return decodeURIComponent(token.replaceAll("=", "%"));
  } catch {
    return undefined;
  }
}

/** The one spelling of an identifier in a subject. */
export function encode(text: string): string {
  const spelled = [...Buffer.from(text)].map((byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9_-]/.test(character)
      ? character
      : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  });
  return spelled.join("");
}
