import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";

import { findServer } from "../../../ops/setup/server-binaries.mjs";
import { type Cache, startOurs, startStock } from "./caches.ts";
import { explanations } from "./explanations.ts";
import { failedOf, pageOf, passed, type Run } from "./report.ts";
import { openSuite } from "./suite.ts";

/** `npm run http-cache-tests`: the public suite through the edge and, beside it, through Varnish as it comes. */

const fair = ["default_ttl=0", "default_grace=0", "default_keep=600"];

const suite = await openSuite();
try {
  const { originPort, tests, version } = suite;
  const caches: readonly (readonly [string, () => Promise<Cache>])[] = [
    ["the edge", () => startOurs(originPort)],
    ["Varnish, its defaults", () => startStock(originPort, [])],
    [`Varnish with ${fair.map((each) => `\`${each}\``).join(" ")}`, () => startStock(originPort, fair)],
  ];
  const runs: Run[] = [];
  for (const [name, start] of caches) {
    const cache = await start();
    try {
      const run = { cache: name, results: await suite.run(cache.port) };
      runs.push(run);
      process.stdout.write(`${name}: ${passed(tests, run, "required")} required tests passed\n`);
    } finally {
      await cache.stop();
    }
  }
  const [ours] = runs;
  if (ours === undefined) throw new Error("nothing was run");
  const said = spawnSync(findServer("varnishd") ?? "varnishd", ["-V"], { encoding: "utf8" }).stderr;
  const varnish = `Varnish ${/varnish-([\d.]+)/.exec(said)?.[1] ?? "of unknown version"}`;
  writeFileSync(
    resolve(import.meta.dirname, "../../../docs/http-cache-tests.md"),
    pageOf(version, varnish, tests, runs, ours),
  );
  const unexplained = failedOf(tests, ours).filter(({ id }) => explanations[id] === undefined);
  for (const { id, name } of unexplained) {
    process.stdout.write(`not explained: ${id}: ${name}: ${JSON.stringify(ours.results[id])}\n`);
  }
  if (unexplained.length > 0) process.exitCode = 1;
} finally {
  await suite.stop();
}
