import { readFileSync, renameSync, statSync } from "node:fs";

/** A server's log file: appended to over restarts, and put aside at a start once it is large. */

const bytesMax = 8 * 1024 * 1024;

/** Keeps one older file, so that both together stay bounded however often the server is started. */
export function rotate(file: string): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > bytesMax) renameSync(file, `${file}.1`);
}

/** What a server said last is mostly why it ended. */
export function lastLine(file: string): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").at(-1)?.trim() ?? "";
}
