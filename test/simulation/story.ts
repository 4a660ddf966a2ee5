import type { Plan } from "./plan.ts";
import { planOf } from "./planned.ts";
import { run, type RunOptions } from "./run.ts";
import { shrink } from "./shrink.ts";

/** What happened in a run, as steps that a person can read. */
export interface Step {
  /** Milliseconds since the run began. */
  readonly at: number;
  readonly who: string;
  readonly what: string;
}

/** Told to where a run's steps are wanted; most runs are not told, which saves a tenth. */
export type Tell = (who: string, what: string) => void;

/** The shortest story that could be found of what goes wrong with a seed; undefined for a seed that is clean. */
export async function storyOf(seed: number, options: RunOptions = {}): Promise<string | undefined> {
  const whole = planOf(seed);
  return tellStory(seed, whole, await shrink(whole, options), options);
}

/** The story of a plan that was made from a seed's. */
export async function tellStory(
  seed: number,
  whole: Plan,
  plan: Plan,
  options: RunOptions = {},
): Promise<string | undefined> {
  const { violation, steps } = await run(plan, { ...options, story: true });
  if (violation === undefined) return undefined;
  const left = (name: "events" | "faults" | "reads") =>
    `${plan[name].length} of ${whole[name].length} ${name}`;
  return [
    `seed ${seed} breaks "${violation.check}": ${violation.what}`,
    "",
    `  ${left("events")}, ${left("faults")}, ${left("reads")}; ${settingOf(plan)}`,
    "",
    readable(steps),
    "",
  ].join("\n");
}

function settingOf({ projectors, ownership, batches, latencyMsMax }: Plan): string {
  const owners = ownership === "leased" ? "partitions by lease" : "everybody owns everything";
  return `${projectors.join(" and ")}, ${owners}, batches of ${batches.join(", ")}, latency up to ${latencyMsMax} ms`;
}

/** Steps as lines, in columns. */
function readable(steps: readonly Step[]): string {
  const width = Math.max(0, ...steps.map(({ who }) => who.length));
  return steps
    .map(({ at, who, what }) => `  ${at.toFixed(1).padStart(9)} ms  ${who.padEnd(width)}  ${what}`)
    .join("\n");
}
