import { defineConfig } from "vitest/config";

/** Tests start real servers: a minute each, and no more files at once than a small machine bears. */
export default defineConfig({
  test: {
    environment: "node",
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    maxWorkers: 2,
    maxConcurrency: 2,
  },
});
