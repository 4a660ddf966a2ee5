import { sequencePlace, type Version, type Versions, versionLength } from "../../projections/version.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Prepared } from "../answer.ts";
import { ownTagHeaders } from "../cache-tags.ts";

/**
 * A stored answer: a head of fixed length that a person can read in `redis-cli`, then the body. The head is the form,
 * the version of the newest event in it, the ETag, and the end of its validity in milliseconds since 1970 or zeros, each
 * with a space behind it.
 */
export interface AnswerText {
  readonly prepared: Prepared;
  /** The newest event in it. */
  readonly newest: number;
  readonly validUntil: number | undefined;
}

/** Raise it when the views change: answers of another form are made again. */
const form = "2";
const contentType = "application/json; charset=utf-8";

const versionFrom = form.length + 1;
const sequenceFrom = versionFrom + sequencePlace.from;
const sequenceEnd = versionFrom + sequencePlace.end;
const versionEnd = versionFrom + versionLength;
const etagFrom = versionEnd + 1;
const etagEnd = etagFrom + 29;
const validFrom = etagEnd + 1;
/** As many digits as a safe integer has. */
const validEnd = validFrom + 16;
const headLength = validEnd + 1;

export function encodeAnswer(version: Version, { etag, bytes }: Prepared, validUntil = 0): Buffer {
  const valid = String(validUntil).padStart(validEnd - validFrom, "0");
  return Buffer.concat([Buffer.from(`${form} ${version} ${etag} ${valid} `, "latin1"), bytes]);
}

/** Decodes answers about one log that this software's fold made; undefined for those of another log, fold or form. */
export function createAnswerDecoder(
  versions: Versions,
): (id: Identifier, text: Buffer) => AnswerText | undefined {
  const ours = Buffer.from(`${form} ${versions(0)}`);
  const isOurs = (text: Buffer, from: number, end: number) => {
    for (let at = from; at < end; at++) if (text[at] !== ours[at]) return false;
    return true;
  };
  return (id, text) => {
    if (text.length < headLength) return undefined;
    if (!isOurs(text, 0, sequenceFrom) || !isOurs(text, sequenceEnd, versionEnd)) return undefined;
    const validUntil = digits(text, validFrom, validEnd);
    const newest = digits(text, sequenceFrom, sequenceEnd);
    if (!Number.isSafeInteger(validUntil) || !Number.isSafeInteger(newest)) return undefined;
    if (marks.some(([at, byte]) => text[at] !== byte)) return undefined;
    return {
      prepared: {
        bytes: text.subarray(headLength),
        etag: text.toString("latin1", etagFrom, etagEnd),
        contentType,
        tags: ownTagHeaders(id),
      },
      newest,
      validUntil: validUntil === 0 ? undefined : validUntil,
    };
  };
}

/** What stands between the fields, and at both ends of the ETag; a body is an object. */
const [space, quote, brace] = [0x20, 0x22, 0x7b];
const marks = [
  [versionEnd, space],
  [etagFrom, quote],
  [etagEnd - 1, quote],
  [etagEnd, space],
  [validEnd, space],
  [headLength, brace],
] as const;

/** Not a number where one of them is none. */
function digits(text: Buffer, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = (text[at] as number) - zero;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = 10 * value + digit;
  }
  return value;
}

const zero = 0x30;
