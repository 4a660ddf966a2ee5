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
  let keys = new BigUint64Array(capacity);
  let files = new Uint32Array(capacity);
  let lines = new Float64Array(capacity);
  let size = 0;

  /** Where the key stands, or where it would; 0 is the empty slot. */
  function find(key: bigint): number {
    let at = Number(key & BigInt(capacity - 1));
    while (keys[at] !== 0n && keys[at] !== key) at = (at + 1) & (capacity - 1);
    return at;
  }

  function grow(): void {
    const old = { keys, files, lines };
    capacity *= 2;
    keys = new BigUint64Array(capacity);
    files = new Uint32Array(capacity);
    lines = new Float64Array(capacity);
    for (const [from, key] of old.keys.entries()) {
      if (key === 0n) continue;
      const at = find(key);
      keys[at] = key;
      files[at] = old.files[from] ?? 0;
      lines[at] = old.lines[from] ?? 0;
    }
  }

  return {
    add(id, file, line) {
      const key = keyOf(id);
      let at = find(key);
      if (keys[at] === key) return { file: files[at] ?? 0, line: lines[at] ?? 0 };
      if (++size > capacity * 0.7) {
        grow();
        at = find(key);
      }
      keys[at] = key;
      files[at] = file;
      lines[at] = line;
      return undefined;
    },
    has(id) {
      const key = keyOf(id);
      return keys[find(key)] === key;
    },
    get size() {
      return size;
    },
  };
}

function keyOf(id: string): bigint {
  const key = hash("sha1", id, "buffer").readBigUInt64LE();
  return key === 0n ? 1n : key;
}
