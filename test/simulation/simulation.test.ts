import { expect, test } from "vitest";
import { simulate } from "./simulate.ts";

/** The seeds of every `npm test`, as `npm run simulate` runs them. A failure tells its story. */

const seeds = 10_000;

test(`${seeds} seeds break no promise`, { timeout: 900_000 }, async () => {
  const { output, code } = await simulate("--seeds", String(seeds), "--jobs", "1");
  expect(output).toMatch(new RegExp(`^${seeds} passed, 0 failed`, "m"));
  expect(code).toBe(0);
});
