import { readFileSync } from "node:fs";

/**
 * Loaded by Shelfwire's processes and their threads before their own code: their wall clock is ahead of the machine's by as
 * many milliseconds as the file says that `CLOCK_AHEAD` names. So a trial need not wait for what happens in ten minutes.
 */
const file = process.env["CLOCK_AHEAD"] ?? "";
const everyMs = 100;
const wallClock = Date.now;
let aheadMs = 0;

function look(): void {
  aheadMs = Number(readFileSync(file, "utf8"));
}

look();
setInterval(look, everyMs).unref();
Date.now = () => wallClock() + aheadMs;
