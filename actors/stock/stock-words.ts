import { type Identifier, identifierProblem } from "../../streams/identifier.ts";
import { type End, howEnded } from "../../streams/stock-commit.ts";
import type { HoldAnswer, HoldRequest } from "./stock-port.ts";

/**
 * What is said between who wants stock and its keeper, as bytes. Anybody may publish on the topics: what is not exactly a
 * question or an answer is none.
 */
export type StockQuestion = { readonly hold: HoldRequest } | { readonly end: End };

export type StockAnswer =
  | { readonly hold: HoldAnswer }
  /** The end is in the log, or nothing was on hold. */
  | { readonly end: "done" }
  /** Nothing is known of what was asked for. */
  | { readonly unavailable: string };

/** Of one question. */
export const holdLinesMax = 100;
/** Of a reservation's name. */
const nameLengthMax = 128;

const version = 1;
const utf8 = new TextDecoder("utf-8", { fatal: true });

export const encodeQuestion = (question: StockQuestion): Uint8Array =>
  Buffer.from(JSON.stringify({ v: version, ...question }));

export const encodeAnswer = (answer: StockAnswer): Uint8Array =>
  Buffer.from(JSON.stringify({ v: version, ...answer }));

/** Never throws. */
export function decodeQuestion(bytes: Uint8Array): StockQuestion | undefined {
  const word = wordOf(bytes);
  if (isRequest(word?.hold)) return { hold: word.hold };
  if (isEnd(word?.end)) return { end: word.end };
  return undefined;
}

/** Never throws. */
export function decodeAnswer(bytes: Uint8Array): StockAnswer | undefined {
  const word = wordOf(bytes);
  if (isHoldAnswer(word?.hold)) return { hold: word.hold };
  if (word?.end === "done") return { end: "done" };
  if (typeof word?.unavailable === "string") return { unavailable: word.unavailable };
  return undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** With its version, and with one thing said. */
function wordOf(bytes: Uint8Array): Fields | undefined {
  try {
    const word: unknown = JSON.parse(utf8.decode(bytes));
    return isObject(word) && word.v === version && Object.keys(word).length === 2 ? word : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null;

const isIdentifier = (value: unknown): value is Identifier =>
  typeof value === "string" && identifierProblem(value) === undefined;

const isName = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= nameLengthMax;

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isRequest(value: unknown): value is HoldRequest {
  if (!isObject(value) || !isName(value.reservation) || !isIdentifier(value.buyer)) return false;
  return isWhole(value.taking) && isWhole(value.until) && isLines(value.lines, isHoldLine);
}

function isHoldLine({ quantity, seen, limit }: Fields): boolean {
  return isWhole(quantity) && quantity > 0 && isWhole(seen) && (limit === undefined || isLimit(limit));
}

function isLimit(value: unknown): boolean {
  if (!isObject(value) || !isIdentifier(value.sale) || !isWhole(value.units)) return false;
  return Array.isArray(value.known) && value.known.every(isKnown);
}

function isKnown(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [reservation, units] = value as readonly unknown[];
  return isName(reservation) && isWhole(units);
}

function isEnd(value: unknown): value is End {
  if (!isObject(value) || !isName(value.reservation) || !isWhole(value.taking)) return false;
  return howEnded.some((how) => how === value.how);
}

function isHoldAnswer(value: unknown): value is HoldAnswer {
  if (!isObject(value)) return false;
  switch (value.outcome) {
    case "held":
    case "busy":
      return true;
    case "short":
      return isLines(value.lines, ({ available }) => isWhole(available));
    case "over-limit":
      return isLines(value.lines, ({ left }) => isWhole(left));
    case "ended":
      return howEnded.some((how) => how === value.how);
    default:
      return false;
  }
}

/** Each of another product, and at least one. */
function isLines(value: unknown, isLine: (line: Fields) => boolean): boolean {
  if (!Array.isArray(value) || value.length === 0 || value.length > holdLinesMax) return false;
  const products = new Set<Identifier>();
  for (const line of value as readonly unknown[]) {
    if (!isObject(line) || !isIdentifier(line.product) || !isLine(line)) return false;
    products.add(line.product);
  }
  return products.size === value.length;
}
