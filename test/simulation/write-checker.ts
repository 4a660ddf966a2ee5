import type { ReadModel } from "../../projections/read-model.ts";
import { sequenceOf } from "../../projections/version.ts";
import type { OnWritten } from "./redis-server.ts";
import type { Truth } from "./truth.ts";
import type { Violations } from "./violations.ts";

/** Holds each value that Redis takes against the log: a value at version v is the fold of the log up to v. */
export function createWriteChecker(truth: Truth, violations: Violations): OnWritten {
  const wrong = (what: string, problem: string | undefined) => {
    if (problem !== undefined) violations.add("value", `${what}: ${problem}`);
  };

  return (method, args) => {
    if (method === "putRegisters" || method === "refillRegisters") {
      const [, puts] = args as Parameters<ReadModel["putRegisters"]>;
      for (const { register, id, version, value } of puts) {
        // A known nothing stands at 0.
        if (value === null && sequenceOf(version) === 0) continue;
        wrong(`${register} of ${id}`, truth.problemAt(register, id, sequenceOf(version), value));
      }
    }
    if (method === "putReviews") {
      const [, puts] = args as Parameters<ReadModel["putReviews"]>;
      for (const { id, version, value } of puts)
        wrong(`reviews of ${id}`, truth.problemAt("reviews", id, sequenceOf(version), value));
    }
    if (method === "putRatings") {
      const [, puts] = args as Parameters<ReadModel["putRatings"]>;
      for (const { id, version, rating } of puts)
        wrong(`rating of ${id}`, truth.problemAt("rating", id, sequenceOf(version), rating));
    }
    if (method === "putSale") {
      const [, { products }] = args as Parameters<ReadModel["putSale"]>;
      for (const { id, value } of products)
        wrong(`sales of ${id}`, truth.problemAt("sales", id, value.sequence, value));
    }
  };
}
