import { join } from "node:path";
import { runUnderNode } from "./launch.mjs";
import { root } from "./root.mjs";
import { fail, setUp } from "./set-up.mjs";

/** The npm scripts beside `start`: `node ops/setup/task.mjs NAME [ARGUMENTS]`. */

const vitest = "node_modules/vitest/vitest.mjs";
const servers = ["nats-server", "redis-server"];
const withEdge = [...servers, "varnishd"];
const withYardsticks = [...withEdge, "postgres"];

/** Each step is a script for Node 26; arguments go to the last one. */
const tasks = {
  test: { servers: withEdge, steps: [[vitest, "run"]] },
  check: {
    servers: [],
    steps: [
      ["node_modules/typescript/bin/tsc", "-p", "."],
      ["node_modules/oxlint/bin/oxlint", "--deny-warnings"],
      ["node_modules/@biomejs/biome/bin/biome", "format", "."],
      [vitest, "run", "test/walls.test.ts"],
    ],
  },
  bench: { servers: withYardsticks, steps: [["bench/main.ts"]] },
  chaos: { servers, steps: [["test/chaos/main.ts"]] },
  outages: { servers, steps: [["test/outages/main.ts"]] },
  midnight: { servers, steps: [["test/midnight/main.ts"]] },
  checkout: { servers, steps: [["test/checkout-trial/main.ts"]] },
  audit: { servers: withEdge, steps: [["test/audit/main.ts"]] },
  rehearse: { servers, steps: [["test/rehearse/main.ts"]] },
  "http-cache-tests": { servers: ["varnishd"], steps: [["test/edge/http-cache/main.ts"]] },
  simulate: { servers: [], steps: [["test/simulation/main.ts"]] },
};

const [name, ...args] = process.argv.slice(2);
const task = tasks[name];

try {
  const node = await setUp({ servers: task.servers });
  // A failed step does not hide what the next ones would find.
  for (const [index, [script, ...own]] of task.steps.entries()) {
    const given = index === task.steps.length - 1 ? args : [];
    const code = await runUnderNode(node, [join(root, script), ...own, ...given], { cwd: root });
    if (code !== 0) process.exitCode = code;
    // Ended by a signal: nobody waits for the rest.
    if (code > 128) break;
  }
} catch (error) {
  fail(error);
}
