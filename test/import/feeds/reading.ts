import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import {
  type FeedEntry,
  type FeedProduct,
  type FeedReader,
  type FeedRejection,
  isRejection,
} from "../../../ops/import/feed/entry.ts";

/** Files of one test file, in a folder that goes with it. */
export function feedFolder(): {
  file(name: string, content: string | Uint8Array): Promise<string>;
  path(): string;
} {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "shelfwire-feeds-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return {
    async file(name, content) {
      const path = join(folder, name);
      await writeFile(path, content);
      return path;
    },
    path: () => folder,
  };
}

export async function readAll(read: FeedReader, path: string): Promise<readonly FeedEntry[]> {
  const entries: FeedEntry[] = [];
  for await (const batch of read({ path, file: path.slice(path.lastIndexOf("/") + 1), currency: "GBP" }))
    entries.push(...batch);
  return entries;
}

export const productsOf = (entries: readonly FeedEntry[]): readonly FeedProduct[] =>
  entries.filter((entry): entry is FeedProduct => !isRejection(entry));

/** Line, reason and what it is about, in the order of lines. */
export const rejectionsOf = (entries: readonly FeedEntry[]) =>
  entries
    .filter((entry): entry is FeedRejection => isRejection(entry))
    .sort((a, b) => a.line - b.line)
    .map(({ line, reason, about }) => [line, reason, about] as const);
