import type { FastifyInstance } from "fastify";
import { limits } from "./limits.ts";
import { Problem } from "./problems.ts";

/**
 * Bodies are JSON in UTF-8, bounded in bytes, depth and values before they are parsed, and without keys that
 * reach for a prototype. Anything else is 413, 415 or 400.
 */
export function acceptJsonBodies(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser("error", "error");
  server.removeAllContentTypeParsers();
  server.addContentTypeParser<Buffer>("application/json", { parseAs: "buffer" }, (request, bytes, done) => {
    // Many clients name the type of whatever they send, also of nothing; a route that needs a body will miss it.
    if (bytes.length === 0) return done(null, undefined);
    const shape = shapeProblem(bytes);
    if (shape !== undefined) return done(new Problem("invalid-body", shape));
    let text: string;
    try {
      text = utf8.decode(bytes);
    } catch {
      return done(new Problem("invalid-body", "it is not UTF-8"));
    }
    parse(request, text, (error, value) =>
      done(error === null ? null : new Problem("invalid-body", error.message), value),
    );
  });
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

const [quote, backslash, comma] = [...'"\\,'].map((character) => character.charCodeAt(0));
const opening = new Set([..."[{"].map((character) => character.charCodeAt(0)));
const closing = new Set([..."]}"].map((character) => character.charCodeAt(0)));

/** Counts brackets and commas outside of strings; whether it is JSON at all is the parser's to say. */
function shapeProblem(bytes: Buffer): string | undefined {
  let depth = 0;
  let values = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) inString = !inString;
    else if (inString) at += byte === backslash ? 1 : 0;
    else if (opening.has(byte)) {
      values++;
      if (++depth > limits.jsonDepthMax) return `it may nest ${limits.jsonDepthMax} deep`;
    } else if (closing.has(byte)) depth--;
    else if (byte === comma && ++values > limits.jsonValuesMax) {
      return `it may hold ${limits.jsonValuesMax} values`;
    }
  }
  return undefined;
}
