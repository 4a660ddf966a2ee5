import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { crashRun } from "./retail.ts";

/** The short form of `npm run crash`: one month of a real shop, and one kill of each kind but the whole. */

const month = "../shared/data/online-retail/2011-02.csv.gz";
const found = existsSync(month);
if (!found) console.warn(`skipped: ${month} is not there`);

test.runIf(found)(
  "a month is imported while everything around it is killed",
  async () => {
    const choices = [0.1, 0.3, 0.5, 0.7];
    let asked = 0;
    const killed: string[] = [];
    const result = await crashRun({
      files: [month],
      kills: choices.length,
      pauseMs: 2_000,
      // Ports, then a pause and a victim in turn.
      random: () => (asked++ < 2 ? Math.random() : (choices[Math.floor(asked / 2) % choices.length] ?? 0)),
      onKill: (victim) => killed.push(victim),
    });
    expect(killed.length).toBe(choices.length);
    expect(result).toMatchObject({ published: 0, differences: 0 });
    expect(result.events).toBeGreaterThan(25_000);
  },
  240_000,
);
