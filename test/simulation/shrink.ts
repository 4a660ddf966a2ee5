import type { Plan } from "./plan.ts";
import { run, type RunOptions } from "./run.ts";
import { fewPartitions } from "./shop.ts";

/**
 * Makes a failing plan small: leaves out events, reads and faults, in ever smaller portions, and everything
 * that makes a run rich, as long as the same promise is still broken. (Delta debugging: Zeller and Hildebrandt,
 * "Simplifying and Isolating Failure-Inducing Input", 2002.)
 *
 * Costs at most `runsMax` runs.
 */
const runsMax = 1_500;

export async function shrink(plan: Plan, options: RunOptions = {}): Promise<Plan> {
  const { violation } = await run(plan, options);
  if (violation === undefined) return plan;
  let runs = 0;

  async function fails(candidate: Plan): Promise<boolean> {
    if (runs++ >= runsMax) return false;
    return (await run(candidate, options)).violation?.check === violation?.check;
  }

  async function without<Name extends "events" | "reads" | "faults">(whole: Plan, name: Name): Promise<Plan> {
    let smallest = whole;
    for (let size = Math.ceil(whole[name].length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let at = 0; at < smallest[name].length; ) {
        const candidate = { ...smallest, [name]: smallest[name].toSpliced(at, size) };
        if (await fails(candidate)) smallest = candidate;
        else at += size;
      }
    }
    return smallest;
  }

  const simpler: readonly ((whole: Plan) => Plan)[] = [
    (whole) => ({ ...whole, projectors: whole.projectors.slice(0, 1) }),
    (whole) => ({ ...whole, partitions: fewPartitions }),
    (whole) => ({ ...whole, ownership: "everybody" }),
    (whole) => ({ ...whole, batches: [1] }),
    (whole) => ({ ...whole, batches: [50] }),
    (whole) => ({ ...whole, latencyMsMax: 0.5 }),
  ];

  let smallest = plan;
  for (let before: Plan | undefined; before !== smallest; ) {
    before = smallest;
    for (const name of ["faults", "events", "reads"] as const) smallest = await without(smallest, name);
    for (const simplify of simpler) {
      const candidate = simplify(smallest);
      if (JSON.stringify(candidate) !== JSON.stringify(smallest) && (await fails(candidate)))
        smallest = candidate;
    }
  }
  return smallest;
}
