#!/usr/bin/env node
import { join } from "node:path";
import { runUnderNode } from "./setup/launch.mjs";
import { root } from "./setup/root.mjs";
import { fail, setUp } from "./setup/set-up.mjs";

/**
 * The command `shelfwire`: plain JavaScript without a package, so that a fresh clone and an older Node can
 * run it. It sees to what is missing and then hands everything to ops/main.ts under Node 26.
 */

const args = process.argv.slice(2);
const isSet = (/** @type {string} */ name) => (process.env[name] ?? "").trim() !== "";

/** Every command may have to bring servers along; those that a setting points elsewhere are not needed. */
const servers =
  args[0] === "edge"
    ? ["varnishd"]
    : [...(isSet("NATS_URL") ? [] : ["nats-server"]), ...(isSet("REDIS_URL") ? [] : ["redis-server"])];

try {
  const node = await setUp({ servers });
  process.exitCode = await runUnderNode(node, [join(root, "ops/main.ts"), ...args]);
} catch (error) {
  fail(error);
}
