import { isCurrency } from "./currency.ts";
import type { Payload } from "./payloads.ts";
import { plainInstantMs } from "./plain-instant.ts";

/**
 * Prices and stock changes, which make nearly all of a log, read straight from their bytes: no text, no JSON
 * objects on the way, a fifth of what `JSON.parse` and a walk over its result cost.
 *
 * Only what is as plain as publishers usually write it is read here: one object, texts of printable ASCII
 * without escapes, whole numbers, UTC times to the second; fields that the catalogue does not know may hold
 * such a text, a whole number, null, true or false. Anything else, good or bad, gives undefined and is left to JSON and the
 * schemas, which alone refuse. What is read here equals what they make of it, but that an absent field is
 * there as undefined (a property test holds the two together).
 */
export const plainBytes: {
  readonly [kind: string]: ((payload: Uint8Array) => object | undefined) | undefined;
} = { "price.updated": readPrice, "inventory.changed": readInventory };

type Money = Payload<"price.updated">["new_price"];
type Reason = Payload<"inventory.changed">["reason"];

/** Thrown away by all callers: what stands here is not plain. One object, since it is no error. */
const unusual = Symbol("unusual");
type Unusual = typeof unusual;

// One payload is read at a time, by one thread.
let bytes = Buffer.alloc(0);
let at = 0;
let textStart = 0;
let textEnd = 0;

function readPrice(payload: Uint8Array): Payload<"price.updated"> | undefined {
  begin(payload);
  let new_price: Money | null | undefined;
  let list_price: Money | null | undefined;
  let old_price: Money | null | undefined;
  let occurred_at: number | null | undefined;
  if (!take(openBrace)) return undefined;
  do {
    if (!takeName()) return undefined;
    if (named("new_price")) {
      const money = takeMoney();
      if (money === unusual) return undefined;
      new_price = money;
    } else if (named("list_price")) {
      const money = takeMoney();
      if (money === unusual) return undefined;
      list_price = money;
    } else if (named("old_price")) {
      const money = takeMoney();
      if (money === unusual) return undefined;
      old_price = money;
    } else if (named("occurred_at")) {
      const instant = takeInstant();
      if (instant === unusual) return undefined;
      occurred_at = instant;
    } else if (!takeUnknown()) return undefined;
  } while (take(comma));
  if (!takeEnd() || new_price == null) return undefined;
  if (list_price != null && list_price.currency !== new_price.currency) return undefined;
  return { new_price, list_price, old_price, occurred_at };
}

function readInventory(payload: Uint8Array): Payload<"inventory.changed"> | undefined {
  begin(payload);
  let new_quantity = -1;
  let reason: Reason;
  let reference: string | null | undefined;
  let sells_out_at: number | null | undefined;
  let occurred_at: number | null | undefined;
  if (!take(openBrace)) return undefined;
  do {
    if (!takeName()) return undefined;
    if (named("new_quantity")) {
      new_quantity = takeWhole();
      if (new_quantity < 0) return undefined;
    } else if (named("reason")) {
      const taken = takeReason();
      if (taken === unusual) return undefined;
      reason = taken;
    } else if (named("reference")) {
      if (takeNull()) reference = null;
      else if (takeText()) reference = textTaken();
      else return undefined;
    } else if (named("sells_out_at")) {
      const instant = takeInstant();
      if (instant === unusual) return undefined;
      sells_out_at = instant;
    } else if (named("occurred_at")) {
      const instant = takeInstant();
      if (instant === unusual) return undefined;
      occurred_at = instant;
    } else if (!takeUnknown()) return undefined;
  } while (take(comma));
  if (!takeEnd() || new_quantity < 0) return undefined;
  return { new_quantity, reason, reference, sells_out_at, occurred_at };
}

function begin(payload: Uint8Array): void {
  bytes =
    payload instanceof Buffer ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  at = 0;
}

function takeMoney(): Money | null | Unusual {
  if (takeNull()) return null;
  let amount = -1;
  let currency: string | undefined;
  if (!take(openBrace)) return unusual;
  do {
    if (!takeName()) return unusual;
    if (named("amount")) {
      amount = takeWhole();
      if (amount < 0) return unusual;
    } else if (named("currency")) {
      if (!takeText()) return unusual;
      currency = currencyTaken();
      if (currency === undefined) return unusual;
    } else if (!takeUnknown()) return unusual;
  } while (take(comma));
  if (!take(closeBrace) || amount < 0 || currency === undefined) return unusual;
  return { amount, currency };
}

function takeInstant(): number | null | Unusual {
  if (takeNull()) return null;
  if (!takeText()) return unusual;
  const instant = plainInstantMs(bytes, textStart, textEnd);
  return instant === undefined ? unusual : instant;
}

const reasons = ["restock", "purchase", "return", "adjustment", "reservation", "release"] as const;

function takeReason(): Reason | Unusual {
  if (takeNull()) return null;
  if (!takeText()) return unusual;
  for (const reason of reasons) if (named(reason)) return reason;
  return unusual;
}

/** Three letters make the key; each code is made a text and looked up once. */
const currencies = new Map<number, string>();

function currencyTaken(): string | undefined {
  if (textEnd - textStart !== 3) return undefined;
  const key = (byteAt(textStart) << 16) | (byteAt(textStart + 1) << 8) | byteAt(textStart + 2);
  const known = currencies.get(key);
  if (known !== undefined) return known;
  const code = textTaken();
  if (!isCurrency(code)) return undefined;
  currencies.set(key, code);
  return code;
}

// Tokens. White space before a token is passed over.

const openBrace = 0x7b;
const closeBrace = 0x7d;
const comma = 0x2c;
const colon = 0x3a;
const quote = 0x22;
const backslash = 0x5c;
const space = 0x20;
const tilde = 0x7e;
const zero = 0x30;
const minus = 0x2d;

/** 0 behind the end: no token begins with it. */
function byteAt(place: number): number {
  return place < bytes.length ? (bytes[place] as number) : 0;
}

function passSpace(): void {
  for (;;) {
    const byte = byteAt(at);
    if (byte !== space && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
    at++;
  }
}

function take(byte: number): boolean {
  passSpace();
  if (byteAt(at) !== byte) return false;
  at++;
  return true;
}

/** The brace that closes the payload, with nothing but white space behind it. */
function takeEnd(): boolean {
  if (!take(closeBrace)) return false;
  passSpace();
  return at === bytes.length;
}

function takeText(): boolean {
  if (!take(quote)) return false;
  textStart = at;
  for (;;) {
    const byte = byteAt(at);
    if (byte === quote) break;
    if (byte < space || byte > tilde || byte === backslash) return false;
    at++;
  }
  textEnd = at++;
  return true;
}

function takeName(): boolean {
  return takeText() && take(colon);
}

/** Whether the text that was taken last is this one. */
function named(text: string): boolean {
  if (textEnd - textStart !== text.length) return false;
  for (let index = 0; index < text.length; index++) {
    if (bytes[textStart + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

function textTaken(): string {
  return bytes.toString("latin1", textStart, textEnd);
}

/** A whole number of up to 15 digits, as JSON spells it; -1 where there is none. */
function takeWhole(): number {
  passSpace();
  const start = at;
  let whole = 0;
  for (;;) {
    const digit = byteAt(at) - zero;
    if (digit < 0 || digit > 9) break;
    whole = whole * 10 + digit;
    at++;
  }
  const digits = at - start;
  if (digits === 0 || digits > 15 || (digits > 1 && byteAt(start) === zero)) return -1;
  return endsValue() ? whole : -1;
}

function takeNull(): boolean {
  return takeWord("null");
}

function takeWord(word: string): boolean {
  passSpace();
  for (let index = 0; index < word.length; index++) {
    if (byteAt(at + index) !== word.charCodeAt(index)) return false;
  }
  at += word.length;
  return true;
}

/** A number must not go on as a fraction or a power. */
function endsValue(): boolean {
  passSpace();
  const byte = byteAt(at);
  return byte === comma || byte === closeBrace;
}

/** A field that the catalogue does not know. `__proto__` would be more than a field to those who make objects. */
function takeUnknown(): boolean {
  if (named("__proto__")) return false;
  if (takeNull() || takeWord("true") || takeWord("false")) return true;
  passSpace();
  if (byteAt(at) === quote) return takeText();
  if (byteAt(at) === minus) at++;
  return takeWhole() >= 0;
}
