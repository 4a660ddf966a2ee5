import { hash } from "node:crypto";

/**
 * The ids that the feed's rows had so far, each with the place of its row, in 20 bytes an id: a million
 * products are 40 MiB at worst, where a Map would take 150.
 *
 * An id is known by 64 bits of its SHA-1: among a million of them two are alike by a chance of one in 40
 * million.
 */
export interface Seen {
  /** Enters the id; the place where it was first seen, if it was. */
  add(id: string, file: number, line: number): Place | undefined;
  has(id: string): boolean;
  readonly size: number;
}

export interface Place {
  readonly file: number;
  readonly line: number;
}

export function createSeen(): Seen {
  let capacity = 1_024;
  /** Two words a slot; the first is never 0 in one that is taken. */
  let keys = new Uint32Array(2 * capacity);
  let files = new Uint32Array(capacity);
  let lines = new Float64Array(capacity);
  let size = 0;

  /** The slot where the key stands, or the free one where it would. */
  function find(high: number, low: number): number {
    let at = low & (capacity - 1);
    while (keys[2 * at] !== 0 && (keys[2 * at] !== high || keys[2 * at + 1] !== low))
      at = (at + 1) & (capacity - 1);
    return at;
  }

  function put(at: number, high: number, low: number, file: number, line: number): void {
    keys[2 * at] = high;
    keys[2 * at + 1] = low;
    files[at] = file;
    lines[at] = line;
  }

  function grow(): void {
    const old = { keys, files, lines };
    capacity *= 2;
    keys = new Uint32Array(2 * capacity);
    files = new Uint32Array(capacity);
    lines = new Float64Array(capacity);
    for (const [from, file] of old.files.entries()) {
      const [high = 0, low = 0] = old.keys.subarray(2 * from, 2 * from + 2);
      if (high !== 0) put(find(high, low), high, low, file, old.lines[from] ?? 0);
    }
  }

  return {
    add(id, file, line) {
      const { high, low } = keyOf(id);
      let at = find(high, low);
      if (keys[2 * at] !== 0) return { file: files[at] ?? 0, line: lines[at] ?? 0 };
      if (++size > capacity * 0.7) {
        grow();
        at = find(high, low);
      }
      put(at, high, low, file, line);
      return undefined;
    },
    has(id) {
      const { high, low } = keyOf(id);
      return keys[2 * find(high, low)] !== 0;
    },
    get size() {
      return size;
    },
  };
}

function keyOf(id: string): { readonly high: number; readonly low: number } {
  const digest = hash("sha1", id, "buffer");
  return { high: digest.readUInt32LE(0) || 1, low: digest.readUInt32LE(4) };
}
