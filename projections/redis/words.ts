/**
 * Writes one command in RESP, word by word, into bytes. A replay stores some hundred thousand texts a second; as
 * arguments of a client's command each of them is measured, joined to one long text and encoded, and lives meanwhile.
 */
export interface Words {
  /** A word of any characters. */
  text(text: string): void;
  /** One word: two texts with a space between. The first one is ASCII. */
  pair(ascii: string, text: string): void;
  /** The command that the words so far make, as bytes of its own; the next word begins another one. */
  take(): Buffer;
}

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const dollar = 0x24;
const asterisk = 0x2a;
const space = 0x20;
const zero = 0x30;
/** Room for what stands before the first word, which is known last. */
const headBytes = 16;
/** Room that is kept from one command to the next. */
const keptBytesMax = 256 * 1024;
/** What is longer is encoded by the runtime, whose call costs as much as these many characters. */
const shortMax = 64;

export function createWords(): Words {
  let bytes = Buffer.allocUnsafeSlow(keptBytesMax);
  let at = headBytes;
  let count = 0;

  /** Room for a word of so many UTF-16 units. */
  function reserve(units: number): void {
    const needed = at + 3 * units + 2 * headBytes;
    if (needed <= bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * needed);
    bytes.copy(larger, 0, 0, at);
    bytes = larger;
  }

  function line(mark: number, number: number): void {
    bytes[at++] = mark;
    const digits = digitsOf(number);
    for (let place = at + digits - 1, left = number; place >= at; place--) {
      bytes[place] = zero + (left % 10);
      left = Math.floor(left / 10);
    }
    at += digits;
    end();
  }

  function end(): void {
    bytes[at++] = carriageReturn;
    bytes[at++] = lineFeed;
  }

  /** Whether all of it was ASCII and so is written. */
  function ascii(text: string): boolean {
    const target = bytes;
    const start = at;
    const length = text.length;
    let units = 0;
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index);
      units |= unit;
      target[start + index] = unit;
    }
    at = start + length;
    return units <= 0x7f;
  }

  /** A word that begins with `before`, whose length in bytes is seen when it is written. */
  function long(before: string, text: string): void {
    const lead = before === "" ? 0 : before.length + 1;
    const digits = digitsOf(lead + text.length);
    const start = at;
    const body = start + digits + 3;
    let length = lead + bytes.write(text, body + lead, "utf8");
    const more = digitsOf(length) - digits;
    if (more > 0) bytes.copyWithin(body + lead + more, body + lead, body + length);
    line(dollar, length);
    if (lead > 0) {
      ascii(before);
      bytes[at++] = space;
      length -= lead;
    }
    at += length;
    end();
  }

  return {
    text(text) {
      count++;
      reserve(text.length);
      const start = at;
      if (text.length <= shortMax) {
        line(dollar, text.length);
        if (ascii(text)) {
          end();
          return;
        }
        at = start;
      }
      long("", text);
    },

    pair(before, text) {
      count++;
      reserve(before.length + text.length);
      long(before, text);
    },

    take() {
      const head = headBytes - 3 - digitsOf(count);
      const whole = at;
      at = head;
      line(asterisk, count);
      const command = Buffer.allocUnsafeSlow(whole - head);
      bytes.copy(command, 0, head, whole);
      at = headBytes;
      count = 0;
      if (bytes.length > keptBytesMax) bytes = Buffer.allocUnsafeSlow(keptBytesMax);
      return command;
    },
  };
}

function digitsOf(number: number): number {
  let digits = 1;
  for (let left = number; left >= 10; left = Math.floor(left / 10)) digits++;
  return digits;
}
