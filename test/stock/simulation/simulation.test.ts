import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";

/** The seeds of every `npm test`; `node test/stock/simulation/main.ts --seeds N` runs others. A failure names its seed. */

const seeds = 2_000;

test(`${seeds} seeds break no promise`, { timeout: 600_000 }, async () => {
  const main = join(import.meta.dirname, "main.ts");
  const child = spawn(process.execPath, [main, "--seeds", String(seeds)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  expect(await text(child.stdout)).toMatch(new RegExp(`^${seeds} passed, 0 failed`, "m"));
});
