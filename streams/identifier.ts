/**
 * Identifiers: what may name a product, a category, a sale, a slot or a user.
 *
 * An identifier is any well-formed text of 1 to 128 bytes in UTF-8, in Unicode's NFC, without control
 * characters, and neither `.` nor `..`. A shop's own codes (`BANK CHARGES`, `85123A`, `röd-stol`) are
 * identifiers as they are. What would be dangerous inside a NATS subject, a Redis key or a header never
 * gets there, because those places only ever see the identifier's token.
 *
 * The token spells the same identifier with `A-Z a-z 0-9 _ -` alone: every other byte becomes `=` and two
 * upper-case hex digits. One identifier has one token; any other spelling is not canonical and is refused,
 * or two subjects would hold one product's history.
 */

declare const identifierBrand: unique symbol;

/** A text that passed `identifierProblem`. */
export type Identifier = string & { readonly [identifierBrand]: true };

declare const tokenBrand: unique symbol;

/** An identifier as it stands in a subject, a key or a tag: `[A-Za-z0-9_=-]{1,384}`. */
export type Token = string & { readonly [tokenBrand]: true };

export const identifierBytesMax = 128;

const plain = /^[A-Za-z0-9_-]{1,128}$/;
const controlCharacter = /\p{Cc}/u;
const tokenShape = /^(?:[A-Za-z0-9_-]|=[0-9A-F]{2})+$/;
const utf8Strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Why `text` cannot be an identifier, in words for the person who sent it; undefined if it can. */
export function identifierProblem(text: string): string | undefined {
  if (plain.test(text)) return undefined;
  if (text.length === 0) return "must not be empty";
  if (!text.isWellFormed()) return "must be well-formed Unicode (it holds a lone surrogate)";
  if (Buffer.byteLength(text) > identifierBytesMax)
    return `must be at most ${identifierBytesMax} bytes in UTF-8`;
  if (controlCharacter.test(text)) return "must not hold control characters";
  if (text.normalize("NFC") !== text) return "must be in Unicode's composed form (NFC)";
  if (text === "." || text === "..") return 'must not be "." or ".."';
  return undefined;
}

/** The identifier, or undefined where `identifierProblem` has something to say. */
export function parseIdentifier(text: string): Identifier | undefined {
  return identifierProblem(text) === undefined ? (text as Identifier) : undefined;
}

/** Of the last one that was asked for, since a request asks for the same several times in a row. */
let lastIdentifier: string | undefined;
let lastToken = "" as Token;

/** The one token of an identifier. */
export function tokenOf(identifier: Identifier): Token {
  if (identifier !== lastIdentifier) {
    lastToken = spell(identifier);
    lastIdentifier = identifier;
  }
  return lastToken;
}

function spell(identifier: Identifier): Token {
  if (plain.test(identifier)) return identifier as string as Token;
  let token = "";
  for (const byte of Buffer.from(identifier)) {
    const character = String.fromCharCode(byte);
    token += /[A-Za-z0-9_-]/.test(character)
      ? character
      : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return token as Token;
}

/** The identifier that a token spells, or undefined if the token is not the canonical one. */
export function identifierOf(token: string): Identifier | undefined {
  if (plain.test(token)) return token as Identifier;
  if (!tokenShape.test(token)) return undefined;
  const bytes: number[] = [];
  for (let at = 0; at < token.length; at++) {
    if (token[at] === "=") {
      bytes.push(Number.parseInt(token.slice(at + 1, at + 3), 16));
      at += 2;
    } else {
      bytes.push(token.charCodeAt(at));
    }
  }
  let text: string;
  try {
    text = utf8Strict.decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
  const identifier = parseIdentifier(text);
  return identifier !== undefined && tokenOf(identifier) === token ? identifier : undefined;
}
