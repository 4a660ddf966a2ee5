import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { expect, test } from "vitest";
import { createProgress } from "../../ops/import/progress.ts";

test("where nobody watches, a line is said every five seconds at most", async () => {
  const folder = await mkdtemp(join(tmpdir(), "shelfwire-import-"));
  const path = join(folder, "stderr");
  const output = createWriteStream(path);
  let now = 0;
  const progress = createProgress(output, () => now);
  progress.begin("x.csv", 9_000);
  for (; now <= 12_000; now += 1_000) progress.at(now / 2);
  progress.end();
  output.end();
  await finished(output);
  expect(await readFile(path, "utf8")).toBe("x.csv: 2500 of 9000 lines\nx.csv: 5000 of 9000 lines\n");
  await rm(folder, { recursive: true });
});
