import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, open } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { ImportRefused } from "./import-refused.ts";

/**
 * A feed file as the bytes that it holds, gzipped or not: its first two bytes say which, not its name.
 *
 * A file is known by the SHA-256 of those bytes, so that renaming it or packing it again makes it no other
 * feed, and one changed byte does.
 */

/** What is read at once is parsed at once, while acknowledgements wait: some milliseconds. */
const chunkBytes = 64 * 1024;

/** The decompressed bytes. Throws `ImportRefused` for a file that is missing, unreadable or cut short. */
export async function* readFeed(path: string): AsyncGenerator<Buffer> {
  try {
    const source = createReadStream(path, { highWaterMark: chunkBytes });
    const bytes = (await isGzip(path))
      ? pipeline(source, createGunzip({ chunkSize: chunkBytes }), () => {})
      : source;
    for await (const chunk of bytes) yield chunk as Buffer;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new ImportRefused(`there is no file ${path}`, { cause: error });
    throw new ImportRefused(`${path} cannot be read to its end (${message}): fetch it again`, {
      cause: error,
    });
  }
}

/** Throws `ImportRefused` before anything is begun where one of the files is not there. */
export async function assertReadable(files: readonly string[]): Promise<void> {
  for (const file of files) {
    await access(file).catch(() => {
      throw new ImportRefused(`${file} cannot be read: give files that are there`);
    });
  }
}

/** How many lines there are; throws as `readFeed` does, so that a file cut short is met before its first row. */
export async function countLines(path: string): Promise<number> {
  let lines = 1;
  for await (const chunk of readFeed(path)) {
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines++;
  }
  return lines;
}

/** The SHA-256 of the decompressed bytes, in hex. */
export async function contentHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of readFeed(path)) hash.update(chunk);
  return hash.digest("hex");
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.readUInt16BE(0) === 0x1f8b;
  } finally {
    await file.close();
  }
}
