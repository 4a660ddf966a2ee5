import { isUtf8 } from "node:buffer";
import { ImportRefused } from "../import-refused.ts";

/**
 * The objects of a JSON array, or of JSON texts one after the other, each with the line on which it begins.
 *
 * They are cut apart by their braces before they are parsed, so that one broken object costs itself and not the
 * file. Where an object cannot be right (a text that runs over a line end), reading goes on at the next line
 * that begins an object as far from the margin as this one did.
 */
export type JsonObject = {
  /** The physical line, from 1. */
  readonly line: number;
  readonly raw: string;
} & ({ readonly value: unknown } | { readonly reason: string; readonly problem: string });

const objectBytesMax = 1024 * 1024;
const shownMax = 2_048;

const quote = 0x22;
const backslash = 0x5c;
const lineFeed = 0x0a;
const opening = 0x7b;
const closing = 0x7d;

/** In batches, one for each chunk of bytes. Throws `ImportRefused` where there is no JSON at all. */
export async function* readJsonObjects(
  bytes: AsyncIterable<Buffer>,
  file: string,
): AsyncGenerator<readonly JsonObject[]> {
  /** One character a byte. */
  let text = "";
  let at = 0;
  let line = 1;
  /** Where the line begins, before the text that is still held where it is long. */
  let lineStart = 0;
  let depth = 0;
  let inText = false;
  let begun: { readonly at: number; readonly line: number; readonly column: number } | undefined;
  /** The column at which reading goes on behind a broken object. */
  let resumeAt: number | undefined;
  let objects: JsonObject[] = [];
  let isJson = false;

  function reject(reason: string, problem: string): void {
    if (begun === undefined) return;
    const raw = Buffer.from(text.slice(begun.at, Math.min(at, begun.at + shownMax)), "latin1").toString(
      "utf8",
    );
    objects.push({ line: begun.line, raw, reason, problem });
    resumeAt = begun.column;
    begun = undefined;
    depth = 0;
    inText = false;
  }

  function step(code: number): void {
    if (code === lineFeed) {
      if (inText) reject("malformed-row", "a text is opened and not closed on its line");
      line++;
      lineStart = at + 1;
    } else if (inText) {
      if (code === backslash) at++;
      else if (code === quote) inText = false;
    } else if (begun === undefined) {
      if (code !== opening) return;
      const column = at - lineStart;
      if (resumeAt !== undefined && column !== resumeAt) return;
      begun = { at, line, column };
      resumeAt = undefined;
      depth = 1;
    } else if (code === quote) {
      inText = true;
    } else if (code === opening) {
      depth++;
    } else if (code === closing && --depth === 0) {
      objects.push(parse(begun.line, text.slice(begun.at, at + 1)));
      begun = undefined;
    }
  }

  for await (const chunk of bytes) {
    text += chunk.toString("latin1");
    if (!isJson && text.trimStart() !== "") {
      if (!/^(?:\u00ef\u00bb\u00bf)?\s*[[{]/.test(text)) throw notJson(file);
      isJson = true;
    }
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (
        inText
          ? code === quote || code === backslash || code === lineFeed
          : code === quote || code === lineFeed || code === opening || code === closing
      )
        step(code);
    }
    if (begun !== undefined && at - begun.at > objectBytesMax) {
      reject(
        "row-too-large",
        `the object is larger than ${objectBytesMax} bytes; the rest of its line is not read`,
      );
    }
    const keep = begun?.at ?? at;
    text = text.slice(keep);
    at -= keep;
    lineStart -= keep;
    if (begun !== undefined) begun = { ...begun, at: begun.at - keep };
    yield objects;
    objects = [];
  }
  if (!isJson) throw notJson(file);
  reject("file-cut-short", "the object is opened and never closed");
  yield objects;
}

function parse(line: number, bytes: string): JsonObject {
  const isPlain = !/[\u0080-\u00ff]/.test(bytes);
  const buffer = isPlain ? undefined : Buffer.from(bytes, "latin1");
  const raw = buffer?.toString("utf8") ?? bytes;
  if (buffer !== undefined && !isUtf8(buffer))
    return { line, raw, reason: "bad-encoding", problem: "the object is not UTF-8" };
  try {
    return { line, raw, value: JSON.parse(raw) };
  } catch (error) {
    return { line, raw, reason: "malformed-row", problem: (error as Error).message };
  }
}

function notJson(file: string): ImportRefused {
  return new ImportRefused(`${file} is no categories file: it must hold a JSON array of categories`);
}
