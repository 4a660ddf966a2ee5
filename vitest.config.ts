import { defineConfig } from "vitest/config";

/**
 * Tests start real servers: a minute each, and no more files at once than a small machine bears. Trials, in which a whole
 * system must keep its times under fault and load, come behind the rest and one at a time.
 */
const trials = [
  "test/audit/audit.test.ts",
  "test/chaos/**/*.test.ts",
  "test/checkout-trial/**/*.test.ts",
  "test/hot/boundary.test.ts",
  "test/hot/sale-changes.test.ts",
  "test/midnight/**/*.test.ts",
  "test/outages/**/*.test.ts",
  "test/rebuild/under-reads.test.ts",
  "test/rehearse/rehearsal.test.ts",
  "test/system/drain.test.ts",
];

export default defineConfig({
  test: {
    environment: "node",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    projects: [
      {
        extends: true,
        test: {
          name: "tests",
          include: ["test/**/*.test.ts"],
          exclude: trials,
          maxWorkers: 2,
          maxConcurrency: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "trials",
          include: trials,
          maxWorkers: 1,
          maxConcurrency: 1,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
