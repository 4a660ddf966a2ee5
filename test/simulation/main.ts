import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { type FailedSeed, runSeeds } from "./campaign.ts";
import { plants } from "./plants.ts";
import { storyOf } from "./story.ts";

/**
 * `npm run simulate -- [--seeds 10000] [--from 1] [--jobs N]`: runs seeds and tells the stories of the first few
 * that fail. `--seed N` tells the story of one. `--plant NAME` (or `all`) plants a bug and looks for the first
 * seed that finds it.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "10000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    jobs: { type: "string", default: String(availableParallelism()) },
    plant: { type: "string" },
  },
});

const storiesMax = 3;

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new Error(`--${name}: "${text}" must be a whole number from 1 on`);
}

const say = (text: string) => process.stdout.write(`${text}\n`);

/** One line that is written over, where a person watches. */
function progress(total: number): { show(done: number, failed: number): void; end(): void } {
  const { stderr } = process;
  if (!stderr.isTTY) return { show() {}, end() {} };
  const startedAt = performance.now();
  return {
    show(done, failed) {
      const perSecond = (done / (performance.now() - startedAt)) * 1_000;
      stderr.write(`\r${done} of ${total} seeds, ${failed} failed, ${perSecond.toFixed(0)} a second `);
    },
    end: () => void stderr.write("\r\x1b[K"),
  };
}

async function simulate(plant?: string): Promise<readonly FailedSeed[]> {
  const seeds = wholeNumber("seeds", values.seeds);
  const line = progress(seeds);
  const startedAt = performance.now();
  const { done, failed } = await runSeeds({
    from: wholeNumber("from", values.from),
    seeds,
    jobs: wholeNumber("jobs", values.jobs),
    plant,
    untilOne: plant !== undefined,
    onProgress: (count, bad) => line.show(count, bad.length),
  });
  line.end();
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  if (plant === undefined) {
    for (const { seed } of failed.slice(0, storiesMax))
      say((await storyOf(seed)) ?? `seed ${seed} is clean now`);
    for (const { seed, check } of failed.slice(storiesMax)) say(`seed ${seed} breaks "${check}"`);
    say(`${done - failed.length} passed, ${failed.length} failed, in ${seconds} s`);
  }
  return failed;
}

async function findPlant(name: string): Promise<boolean> {
  const [first] = await simulate(name);
  say(
    first === undefined
      ? `${name}: not found`
      : `${name}: found at seed ${first.seed}, by "${first.check}": ${first.what.split("\n")[0]}`,
  );
  return first !== undefined;
}

async function main(): Promise<boolean> {
  const { seed, plant } = values;
  if (plant !== undefined && plant !== "all" && !(plant in plants))
    throw new Error(
      `--plant: there is none called "${plant}": use all or one of ${Object.keys(plants).join(", ")}`,
    );
  if (seed !== undefined) {
    const planted = plant === undefined ? undefined : plants[plant];
    const story = await storyOf(wholeNumber("seed", seed), { plant: planted });
    say(story ?? `seed ${seed} is clean`);
    return story === undefined;
  }
  if (plant === undefined) return (await simulate()).length === 0;
  let found = true;
  for (const name of plant === "all" ? Object.keys(plants) : [plant])
    found = (await findPlant(name)) && found;
  return found;
}

try {
  if (!(await main())) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`simulate: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
