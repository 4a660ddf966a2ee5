/** The lines of a file, each with its number and its bytes; blank ones are left out. */
export interface TextLine {
  /** From 1. */
  readonly line: number;
  /** Without its line end; cut at the limit where it is longer. */
  readonly bytes: Buffer;
  readonly tooLong: boolean;
}

/** In batches, one for each chunk of bytes. A line without an end does not fill the memory. */
export async function* readLines(
  chunks: AsyncIterable<Buffer>,
  bytesMax: number,
): AsyncGenerator<readonly TextLine[]> {
  let carry: Buffer = Buffer.alloc(0);
  let line = 0;
  const lineOf = (bytes: Buffer): TextLine[] => {
    line++;
    const start = line === 1 && bytes.subarray(0, 3).equals(byteOrderMark) ? 3 : 0;
    const end = bytes.at(-1) === 13 ? bytes.length - 1 : bytes.length;
    if (start >= end) return [];
    return [
      {
        line,
        bytes: bytes.subarray(start, Math.min(end, start + bytesMax)),
        tooLong: end - start > bytesMax,
      },
    ];
  };
  for await (const chunk of chunks) {
    const lines: TextLine[] = [];
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      const rest = chunk.subarray(from, at);
      lines.push(...lineOf(carry.length === 0 ? rest : Buffer.concat([carry, rest])));
      carry = Buffer.alloc(0);
      from = at + 1;
    }
    if (carry.length <= bytesMax + 3) carry = Buffer.concat([carry, chunk.subarray(from)]);
    yield lines;
  }
  if (carry.length > 0) yield lineOf(carry);
}

const byteOrderMark = Buffer.from("\ufeff");
